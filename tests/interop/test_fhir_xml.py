"""Other people's resources go through XML and come back as they were."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from gateway.errors import Malformed
from gateway.fhir.wire import dumps, read_json
from gateway.fhir.xml import read_xml, write_xml
from tests.conftest import SHARED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PACKAGES = sorted((SHARED / "packages").glob("*.tgz"))
NO_RESOURCES = ("package.json", ".index.json")


def files(package: Path, suffix: str) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(package) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.name.endswith(suffix) else None
            if file is not None and not member.name.endswith(NO_RESOURCES):
                yield member.name, file.read()


def resources(package: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, body in files(package, ".json"):
        found = read_json(body)
        if isinstance(found, dict) and "resourceType" in found:
            yield name, found


def ordered(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Order members, and leave out what says nothing: `"_given": [null]`."""
    if isinstance(value, list):
        return [ordered(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {name: ordered(value[name]) for name in sorted(value) if _says(value[name])}


def _says(item: Any) -> bool:  # noqa: ANN401 - any JSON
    return not (isinstance(item, list) and all(one is None for one in item))


@pytest.mark.skipif(not PACKAGES, reason="the packages are not there: set GATEWAY_SHARED")
@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.stem)
def test_every_resource_of_a_package_goes_through_xml(package: Path) -> None:
    changed = [
        name
        for name, resource in resources(package)
        if dumps(ordered(read_xml(write_xml(resource)))) != dumps(ordered(resource))
    ]
    assert changed == []


@pytest.mark.skipif(not PACKAGES, reason="the packages are not there: set GATEWAY_SHARED")
@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.stem)
def test_every_xml_of_a_package_goes_through_json(package: Path) -> None:
    for name, body in files(package, ".xml"):
        resource = read_xml(body)
        assert read_xml(write_xml(resource)) == resource, name


def test_a_document_of_the_corpus_is_fhir_or_is_told_where_it_is_not(shared: Path) -> None:
    documents = sorted((shared / "corpus").rglob("*.xml"))
    refused = []
    for document in documents:
        try:
            resource = read_xml(document.read_bytes())
        except Malformed as refusal:
            refused.append(refusal.text)
        else:
            assert read_xml(write_xml(resource)) == resource, document.name
    assert documents
    assert all("line" in text or "UTF-8" in text for text in refused)
