from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from gateway.app.cli.main import main
from gateway.fhir.search import parameters
from tests.unit.fhir.test_packages import MANIFEST, SET, packed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PARAMETER = {
    "resourceType": "SearchParameter",
    "id": "odd",
    "url": "http://example.org/odd",
    "version": "1",
    "name": "odd",
    "description": "Nothing that can be followed",
    "status": "active",
    "code": "odd",
    "base": ["Patient"],
    "type": "token",
    "expression": "Patient.nothing.here",
}


@pytest.fixture(autouse=True)
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty installation of its own."""
    monkeypatch.setenv("GATEWAY_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    yield
    parameters.install({})


@pytest.fixture
def package(tmp_path: Path) -> Path:
    file = tmp_path / "package.tgz"
    wrong = {**SET, "id": "wrong", "url": "http://example.org/w", "status": "maybe"}
    files = {"package/package.json": MANIFEST, "package/a.json": SET, "package/b.json": wrong}
    file.write_bytes(packed({**files, "package/c.json": PARAMETER}))
    return file


def test_a_package_is_added_once_and_listed(
    package: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["packages", "add", str(package)]) == 0
    told = capsys.readouterr()
    assert told.out == "example.fhir.test#1.0.0: 4 created.\n"
    assert "1 against base R4, kept as published:\n    ValueSet/wrong: ValueSet.status" in told.err
    assert "http://example.org/odd is not searchable: " in told.err
    assert main(["packages", "add", str(package)]) == 0
    assert capsys.readouterr().out == "example.fhir.test#1.0.0: 4 unchanged.\n"
    assert main(["packages", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed.pop("guide").startswith("ImplementationGuide/")
    assert listed == {"package": "example.fhir.test", "version": "1.0.0", "title": "Test"}


def test_what_is_no_package_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "other.tgz"
    file.write_bytes(b"PK\x03\x04 something else")
    assert main(["packages", "add", str(file)]) == 1
    assert "gateway: This is not a FHIR package" in capsys.readouterr().err
    assert main(["packages", "add", str(tmp_path / "none.tgz")]) == 1
    assert main(["packages", "list"]) == 0
    assert "No package is installed." in capsys.readouterr().out


def test_the_check_tells_of_packages(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["packages", "add", str(package)])
    main(["check"])
    (line,) = [one for one in capsys.readouterr().out.splitlines() if one.startswith("packages")]
    assert line.split(maxsplit=2)[2] == (
        "installed: 1, search parameters: 0, not searchable: 1, words: 0 of 4 indexed, filling"
    )
