from __future__ import annotations

import gzip
import io
import json
import tarfile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import GatewayError, Malformed, TooLarge, Unsupported
from gateway.fhir import packages
from gateway.fhir.packages import Package, read_package

MANIFEST = {
    "name": "example.fhir.test",
    "version": "1.0.0",
    "title": "Test",
    "canonical": "http://example.org/fhir",
    "fhirVersions": ["4.0.1"],
    "dependencies": {"hl7.fhir.r4.core": "4.0.1"},
}
SET = {"resourceType": "ValueSet", "id": "s", "url": "http://example.org/s", "status": "active"}
GUIDE = {"resourceType": "ImplementationGuide", "id": "g", "url": "http://example.org/g"}
PATIENT = {"resourceType": "Patient", "id": "p"}


def packed(files: dict[str, Any]) -> bytes:
    """Return a .tgz of JSON files."""
    place = io.BytesIO()
    with tarfile.open(fileobj=place, mode="w:gz") as archive:
        for name, content in files.items():
            body = content if isinstance(content, bytes) else json.dumps(content).encode()
            entry = tarfile.TarInfo(name)
            entry.size = len(body)
            archive.addfile(entry, io.BytesIO(body))
    return place.getvalue()


def test_a_package_gives_its_conformance_resources_guides_last() -> None:
    body = packed(
        {
            "package/package.json": MANIFEST,
            "package/.index.json": {"files": []},
            "package/ImplementationGuide-g.json": GUIDE,
            "package/ValueSet-s.json": SET,
            "package/Patient-p.json": PATIENT,
            "package/example/ValueSet-other.json": {**SET, "id": "other"},
            "package/openapi/x.openapi.json": {},
            "package/ValueSet-s.xml": b"<ValueSet/>",
        }
    )
    package = read_package(body)
    assert package == Package(
        body,
        "example.fhir.test",
        "1.0.0",
        "Test",
        "http://example.org/fhir",
        {"hl7.fhir.r4.core": "4.0.1"},
        left_out=1,
    )
    assert package.label == "example.fhir.test#1.0.0"
    assert list(package.resources()) == [SET, GUIDE]


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"package/x.json": SET}, "there is no package/package.json"),
        ({"package/package.json": {"name": "x"}}, "no name or no version"),
        ({"package/package.json": [1]}, "there is no package/package.json"),
        ({"package/package.json": MANIFEST, "package/../../x.json": SET}, "outside of itself"),
        ({"/etc/x.json": SET}, "outside of itself"),
        ({"package\\x.json": SET}, "outside of itself"),
        ({"package/package.json": MANIFEST, "package/x.json": b"{"}, "package/x.json .* JSON"),
        ({"package/package.json": b"[" * 100_000}, "cannot be read|nested|not JSON"),
    ],
)
def test_what_is_not_a_package_is_refused(files: dict[str, Any], why: str) -> None:
    with pytest.raises(Malformed, match=why):
        read_package(packed(files))


@pytest.mark.parametrize("version", ["3.0.2", "5.0.0"])
def test_packages_for_other_versions_of_fhir_are_refused(version: str) -> None:
    with pytest.raises(Unsupported, match=f"is for FHIR {version}"):
        read_package(packed({"package/package.json": {**MANIFEST, "fhirVersions": [version]}}))


def test_broken_archives_are_refused() -> None:
    whole = packed({"package/package.json": MANIFEST, "package/s.json": SET})
    no_tar = gzip.compress(b"no archive" * 100)
    for body in (b"", b"PK\x03\x04", whole[:100], no_tar, gzip.compress(b""), whole[10:]):
        with pytest.raises(Malformed):
            read_package(body)


def test_a_bomb_is_refused_while_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "_LARGEST_ENTRY", 1_000_000)
    monkeypatch.setattr(packages, "_LARGEST_WHOLE", 3_000_000)
    monkeypatch.setattr(packages, "_MOST_ENTRIES", 50)
    zeros = b"0" * 900_000
    with pytest.raises(TooLarge, match="larger than 1000000 octets"):
        read_package(packed({"package/x.json": zeros * 2}))
    with pytest.raises(TooLarge, match="unpacks to more than"):
        read_package(packed({f"other/{number}": zeros for number in range(5)}))
    with pytest.raises(TooLarge, match="more than 50 entries"):
        read_package(packed({f"other/{number}": b"" for number in range(51)}))


# The machine may be busy.
@settings(deadline=None)
@given(
    st.integers(0, 400),
    st.binary(max_size=40),
)
def test_any_damage_is_refused_or_survived(at: int, damage: bytes) -> None:
    whole = packed({"package/package.json": MANIFEST, "package/s.json": SET})
    try:
        read_package(whole[:at] + damage + whole[at + len(damage) :])
    except GatewayError as refusal:
        assert refusal.text.endswith(".")  # noqa: PT017 - any refusal will do, only faults not
