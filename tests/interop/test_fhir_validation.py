"""Published French examples are valid base R4, but for faults of their own that are named here."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from gateway.fhir.search.index import index_rows
from gateway.fhir.validation import validate
from gateway.fhir.validation.typed import typed_model
from gateway.fhir.wire import loads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.fhir.wire import Resource

_SHARED: Final = Path(os.environ.get("GATEWAY_SHARED", Path(__file__).parents[3] / "shared"))
_PACKAGES: Final = _SHARED / "packages"
pytestmark = pytest.mark.skipif(
    not _PACKAGES.is_dir(), reason="the published packages are not here (GATEWAY_SHARED)"
)

# What is really wrong in the published examples: file name -> invariants or sentences.
FAULTS: Final = {
    "Bundle-cds-bundle-transaction-creation-example.json": {"is empty: leave it out."},
    "CareTeam-cds-careteam-example.json": {"is empty: leave it out."},
    "Organization-cds-organization-example.json": {"is empty: leave it out."},
    "DocumentReference-exemple-pdsm-documentreference.json": {
        "is referred to from nowhere (dom-3).",
        "has a version or a time of its own (dom-4).",
    },
    "List-ExampleSubmissionSet.json": {"has a version or a time of its own (dom-4)."},
}


def _examples() -> Iterator[tuple[str, Resource]]:
    for package in sorted(_PACKAGES.glob("*.tgz")):
        with tarfile.open(package) as archive:
            for found in archive:
                body = archive.extractfile(found) if "/example/" in found.name else None
                if body is not None and found.name.endswith(".json"):
                    yield Path(found.name).name, loads(body.read())


def test_published_examples_are_valid_but_for_named_faults() -> None:
    told: dict[str, set[str]] = {}
    count = 0
    for name, resource in _examples():
        if "resourceType" not in resource:
            continue
        count += 1
        for issue in validate(resource):
            told.setdefault(name, set()).add(issue.text.partition(" ")[2])
    assert count > 100
    assert told == FAULTS


def test_what_is_valid_here_is_valid_for_fhir_resources() -> None:
    refused = {}
    for name, resource in _examples():
        if "resourceType" in resource and not validate(resource):
            try:
                typed_model(resource)
            except ValueError as fault:
                refused[name] = str(fault)[:300]
    assert refused == {}


def test_every_published_example_is_indexed_under_its_profile() -> None:
    for name, resource in _examples():
        if resource.get("resourceType") not in (None, "Binary"):
            profiles = resource.get("meta", {}).get("profile", [])
            assert {uri for _, uri in index_rows(resource).uris} >= set(profiles), name
