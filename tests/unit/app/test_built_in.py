"""The gateway's own profiles come with the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.app.built_in import built_in_package, install_built_in
from gateway.fhir.packages import Package, read_package
from gateway.fhir.validation import validate
from gateway.ingest.packages import installed
from gateway.settings import read_settings
from gateway.store.api import open_store
from gateway.store.migrate import migrate

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def package() -> Package:
    return read_package(built_in_package().read_bytes())


def test_the_package_is_installed_once(tmp_path: Path, package: Package) -> None:
    settings = read_settings({"GATEWAY_DATA_DIR": str(tmp_path)})
    migrate(settings.database_url)
    assert install_built_in(settings)
    store = open_store(settings.database_url)
    assert [(one.name, one.version) for one in installed(store)] == [
        (package.name, package.version)
    ]
    store.close()
    assert not install_built_in(settings)


def test_base_r4_accepts_everything_in_it(package: Package) -> None:
    faults = {
        f"{one['resourceType']}/{one['id']}": found
        for one in package.resources()
        if (found := [issue.text for issue in validate(one) if issue.severity == "error"])
    }
    assert faults == {}


def test_its_profiles_are_whole(package: Package) -> None:
    """No snapshot has to be made of them when the database is new."""
    profiles = [one for one in package.resources() if one["resourceType"] == "StructureDefinition"]
    assert len(profiles) > 20
    assert [one["id"] for one in profiles if not one.get("snapshot", {}).get("element")] == []


def test_its_names_are_its_own(package: Package) -> None:
    for one in package.resources():
        if one["resourceType"] == "NamingSystem":
            assert one["uniqueId"][0]["value"] == f"{package.canonical}/NamingSystem/{one['id']}"
            continue
        assert str(one["url"]).startswith((package.canonical, "urn:passerelle:")), one["url"]
        assert one["version"] == package.version
