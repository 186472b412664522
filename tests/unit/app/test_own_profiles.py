"""The gateway's own profiles describe what it makes and accepts."""

from __future__ import annotations

import copy
import json
import tarfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from gateway.app.built_in import built_in_package
from gateway.fhir.fhirpath import Services
from gateway.fhir.packages import read_package
from gateway.fhir.search import parameters
from gateway.fhir.terminology.base import BaseTerminology
from gateway.fhir.terminology.membership import Membership
from gateway.fhir.terminology.resolver import Chain
from gateway.fhir.terminology.terminology import Terminology
from gateway.fhir.validation.profiles import ProfileValidator
from gateway.ingest.packages import install
from gateway.programmes.content import content_folder, read_content
from gateway.store.api import open_store
from gateway.store.canonicals import StoredTerminology
from gateway.store.migrate import migrate
from gateway.store.profiles import StoredProfiles
from tests.profile_defects import defects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Json = dict[str, Any]

_BASE: Final = "https://passerelle.example/fhir/StructureDefinition/"
_PROGRAMMES: Final = ("cesoa", "equip-addict", "post-covid", "sec-pa", "cpts")
#: What the mappings make of messages and objects of others, as other tests hold it.
_MAPPED: Final = Path(__file__).parents[2] / "interop" / "expected"
#: Which profile a mapped resource has, by type.
_PROFILES: Final = {
    "Appointment": "passerelle-appointment",
    "Consent": "passerelle-consent",
    "DocumentReference": "passerelle-summary-document",
    "ImagingStudy": "passerelle-imaging-study",
    "ServiceRequest": "passerelle-imaging-order",
    "Slot": "passerelle-slot",
    "Task": "passerelle-referral-task",
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoredProfiles]:
    url = f"sqlite:///{tmp_path_factory.mktemp('own') / 'gateway.db'}"
    migrate(url)
    store = open_store(url)
    install(store, read_package(built_in_package().read_bytes()), judged=True)
    yield StoredProfiles(store)
    store.close()
    parameters.install({})


def test_the_installed_profiles_are_listed_by_type(library: StoredProfiles) -> None:
    listed = dict(library.by_type())
    assert listed["Appointment"] == (
        "https://passerelle.example/fhir/StructureDefinition/passerelle-appointment|1.0.0",
        "https://passerelle.example/fhir/StructureDefinition/passerelle-rcp-meeting|1.0.0",
    )
    assert "Extension" not in listed
    assert library.by_type() is library.by_type()


@pytest.fixture(scope="module")
def validator(library: StoredProfiles) -> ProfileValidator:
    terminology = Terminology(Chain(StoredTerminology(library._store), BaseTerminology()))
    member_of = Membership(terminology, library.generation)
    return ProfileValidator(library, Services(member_of=member_of), member_of.renew)


@pytest.fixture(scope="module")
def examples() -> dict[str, Json]:
    found = {}
    with tarfile.open(built_in_package()) as archive:
        for entry in archive:
            file = archive.extractfile(entry)
            if file and entry.name.startswith("package/example/"):
                resource = json.loads(file.read())
                found[resource["id"]] = resource
    return found


def _errors(validator: ProfileValidator, resource: Json, *profiles: str) -> list[str]:
    return [one.text for one in validator(resource, profiles) if one.severity == "error"]


def _profile(resource: Json) -> str | None:
    return next(iter(resource.get("meta", {}).get("profile", ())), None)


def test_every_profile_has_an_example_and_every_programme_some(
    library: StoredProfiles, examples: dict[str, Json]
) -> None:
    shown = {_profile(one) for one in examples.values()}
    with tarfile.open(built_in_package()) as archive:
        names = {Path(one).stem.partition("-")[2] for one in archive.getnames()}
    profiles = {f"{_BASE}{one}" for one in names if library.structure(f"{_BASE}{one}")}
    wanted = {one for one in profiles if "/passerelle-" in one}
    assert wanted
    assert wanted <= shown
    for programme in _PROGRAMMES:
        assert any(one.startswith(programme) for one in examples), programme


def test_the_examples_keep_their_profiles(
    validator: ProfileValidator, examples: dict[str, Json]
) -> None:
    assert {name: _errors(validator, one) for name, one in examples.items()} == {
        name: [] for name in examples
    }


def test_an_example_with_one_generated_defect_is_caught(
    library: StoredProfiles, validator: ProfileValidator, examples: dict[str, Json]
) -> None:
    made = [
        (name, one)
        for name, resource in examples.items()
        if (profile := _profile(resource)) and (structure := library.structure(profile))
        for one in defects(resource, structure)
    ]
    missed = [
        (name, one.kind, one.element) for name, one in made if not _errors(validator, one.resource)
    ]
    kinds = Counter(one.kind for _, one in made)
    assert missed == []
    assert len(kinds) >= 8, kinds
    assert kinds.total() > 350, kinds


def _without(*names: str) -> Callable[[Json], None]:
    def change(resource: Json) -> None:
        for name in names:
            resource.pop(name, None)

    return change


def _with(**values: object) -> Callable[[Json], None]:
    return lambda resource: resource.update(values)


_UID: Final = {"system": "urn:dicom:uid", "value": "1.2.3"}
_TWO_TOPICS: Final = [
    {"coding": [{"system": "urn:passerelle:consent", "code": one}]}
    for one in ("sharing", "identity")
]


@pytest.mark.parametrize(
    ("example", "change", "key"),
    [
        ("cesoa-suivi-adressage", _without("owner"), "passerelle-task-owner"),
        ("sec-pa-adressage", _without("statusReason"), "passerelle-task-refused"),
        (
            "cesoa-suivi-adressage",
            _with(
                businessStatus={
                    "coding": [
                        {
                            "system": "https://passerelle.example/fhir/CodeSystem/referral-status",
                            "code": "answered",
                        }
                    ]
                }
            ),
            "passerelle-task-answered",
        ),
        ("post-covid-inclusion", _with(period={"start": "2022-06-01"}), "passerelle-episode-ended"),
        ("equip-addict-discussion", _without("participant"), "passerelle-discussion-present"),
        ("cesoa-examen", _with(identifier=[_UID]), "passerelle-uid"),
        ("cesoa-synthese", _without("identifier"), "passerelle-document-known"),
        (
            "cesoa-synthese",
            _with(content=[{"attachment": {"contentType": "text/plain"}}]),
            "passerelle-document-content",
        ),
        ("cesoa-transmission", _without("sent"), "passerelle-forwarded-sent"),
        ("cesoa-transmission", _with(status="not-done"), "passerelle-forwarded-why-not"),
        ("cesoa-facture", _with(status="cancelled"), "passerelle-invoice-cancelled"),
        ("equip-addict-opposition", _with(status="proposed"), "passerelle-opposition-active"),
        ("equip-addict-consentement", _with(category=_TWO_TOPICS), "passerelle-consent-topic"),
        ("cpts-creneau", _with(end="2026-01-12T11:00:00+01:00"), "passerelle-slot-order"),
    ],
)
def test_an_invariant_that_is_broken_is_named(
    validator: ProfileValidator,
    examples: dict[str, Json],
    example: str,
    change: Callable[[Json], None],
    key: str,
) -> None:
    resource = copy.deepcopy(examples[example])
    change(resource)
    assert any(f"breaks {key}" in one for one in _errors(validator, resource))


def _resources(held: object) -> Iterator[Json]:
    if isinstance(held, dict):
        if isinstance(held.get("resourceType"), str):
            yield held
        for one in held.values():
            yield from _resources(one)
    elif isinstance(held, list):
        for one in held:
            yield from _resources(one)


def _name(resource: Json) -> str | None:
    kind = resource["resourceType"]
    categories = json.dumps(resource.get("category", []))
    if kind == "DiagnosticReport" and '"RAD"' in categories:
        return "passerelle-imaging-report"
    if kind == "ServiceRequest" and '"3457005"' in categories:
        return "passerelle-referral"
    return _PROFILES.get(kind)


def test_what_the_mappings_make_keeps_the_profiles(validator: ProfileValidator) -> None:
    faults: dict[str, list[str]] = {}
    judged: Counter[str] = Counter()
    for file in sorted(_MAPPED.rglob("*.json")):
        for resource in _resources(json.loads(file.read_bytes())):
            name = _name(resource)
            if name is not None:
                judged[name] += 1
                found = _errors(validator, resource, f"{_BASE}{name}")
                if found:
                    faults[f"{file.name} {name}"] = found
    assert faults == {}
    assert {name for name in judged if judged[name] >= 1} >= {
        "passerelle-consent",
        "passerelle-imaging-order",
        "passerelle-imaging-report",
        "passerelle-imaging-study",
        "passerelle-referral-task",
        "passerelle-summary-document",
    }


def test_an_unknown_extension_is_told(
    validator: ProfileValidator, examples: dict[str, Json]
) -> None:
    resource = copy.deepcopy(examples["cesoa-plan"])
    resource["extension"] = [{"url": "http://example.org/unknown", "valueCode": "x"}]
    told = [one.text for one in validator(resource) if "unknown" in one.text]
    assert told


def test_the_definitions_of_the_programmes_use_what_the_package_defines(
    library: StoredProfiles, validator: ProfileValidator
) -> None:
    known = _own_codes()
    for resource in read_content(content_folder()):
        base = f"http://hl7.org/fhir/StructureDefinition/{resource['resourceType']}"
        told = [
            one.text
            for one in validator(resource, [base])
            if one.severity == "error" or "unknown" in one.text
        ]
        assert told == [], resource["id"]
        for system, code in _own_codings(resource):
            assert code in known[system], resource["id"]
        for url in _own_extensions(resource):
            assert library.structure(url) is not None, url


def _own_codes() -> dict[str, set[str]]:
    return {
        one["url"]: {concept["code"] for concept in one["concept"]}
        for one in read_package(built_in_package().read_bytes()).resources()
        if one["resourceType"] == "CodeSystem"
    }


def _elements(held: object) -> Iterator[Json]:
    if isinstance(held, dict):
        yield held
        for one in held.values():
            yield from _elements(one)
    elif isinstance(held, list):
        for one in held:
            yield from _elements(one)


def _own_codings(resource: Json) -> Iterator[tuple[str, str]]:
    for one in _elements(resource):
        system = str(one.get("system", ""))
        if "code" in one and system.startswith("https://passerelle.example/fhir/CodeSystem/"):
            yield system, one["code"]


def _own_extensions(resource: Json) -> Iterator[str]:
    for one in _elements(resource):
        if "resourceType" not in one and str(one.get("url", "")).startswith(_BASE):
            yield one["url"]
