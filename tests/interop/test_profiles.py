"""Published examples against the profiles they declare, and the same with one defect each."""

from __future__ import annotations

import copy
import json
import os
import tarfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from bench.identities import qualified_identity
from gateway.errors import Invalid
from gateway.fhir.fhirpath import Services
from gateway.fhir.packages import read_package
from gateway.fhir.search import parameters
from gateway.fhir.terminology.base import BaseTerminology
from gateway.fhir.terminology.membership import Membership
from gateway.fhir.terminology.resolver import Chain
from gateway.fhir.terminology.terminology import Terminology
from gateway.fhir.validation import validate
from gateway.fhir.validation.profiles import ProfileValidator
from gateway.fhir.wire import read_json
from gateway.ingest.packages import install
from gateway.ingest.resource import ResourceIngest
from gateway.store.api import open_store
from gateway.store.canonicals import StoredTerminology
from gateway.store.migrate import migrate
from gateway.store.profiles import StoredProfiles
from tests.profile_defects import defects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gateway.store.api import Store
    from tests.profile_defects import Defect

Json = dict[str, Any]

_SHARED: Final = Path(os.environ.get("GATEWAY_SHARED", Path(__file__).parents[3] / "shared"))
_PACKAGES: Final = sorted((_SHARED / "packages").glob("*.tgz"))
pytestmark = pytest.mark.skipif(
    not _PACKAGES, reason="the published packages are not here (GATEWAY_SHARED)"
)

_COMMUNE: Final = "the commune's code is of TRE_R13-Commune, the value set asks TRE_R13-CommuneOM"
_CUSTODIAN: Final = "the profile of PDSm that it declares requires a custodian"
_EMPTY: Final = "an extension has an empty string"
_NEWER: Final = "declares profiles without version, and breaks the newest (FR Core 2.2.0)"
_SYSTEM: Final = "a coding without system or without code"
_DECLARED: Final = "what the profile declares must be declared in meta, and is not"
#: Examples that break what they declare: {beginning of the file's name: why}.
_EXPLAINED: Final = {
    "ans-annuaire": {
        "Organization-": _COMMUNE,
        "Practitioner-": _COMMUNE,
        "Person-": _DECLARED,
    },
    "ans-cercle-de-soins": {
        "Bundle-cds-bundle-transaction-creation": _EMPTY,
        "CareTeam-cds-careteam": _EMPTY,
        "Organization-cds-organization": _EMPTY,
        "Patient-cds-patient": _COMMUNE,
    },
    "ans-notification": {
        "CommunicationRequest-com": _NEWER,
        "Subscription-sub1": _NEWER,
    },
    "ans-pdsm": {
        "DocumentReference-exemple": "contains what is referred to from nowhere",
        "List-ExampleSubmissionSet": "contains resources with a version of their own",
        "Organization-org-example": _DECLARED,
    },
    "ans-pdsm4dmp": {"Bundle-example": _CUSTODIAN, "DocumentReference-": _CUSTODIAN},
    "hl7.fhir.fr.core-2.1.0": {"Patient-ExampleFRCorePatient001": _COMMUNE},
    "ans-sas": {"Bundle-ExampleBundlePSIndiv": _SYSTEM, "Slot-ExampleSlotPSIndiv": _SYSTEM},
}
#: Defects that the example has already: its entries break the profile of the slice.
_HIDDEN: Final = {
    "ans-pdsm4dmp": [
        (
            "Bundle-example-td2-1-remplacement.json",
            "a slice is missing",
            "Bundle.entry:SubmissionSet",
        )
    ]
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store with every package in it."""
    url = f"sqlite:///{tmp_path_factory.mktemp('profiles') / 'gateway.db'}"
    migrate(url)
    opened = open_store(url)
    for file in _PACKAGES:
        install(opened, read_package(file.read_bytes()))
    yield opened
    opened.close()
    parameters.install({})


@pytest.fixture(scope="module")
def validator(store: Store) -> ProfileValidator:
    library = StoredProfiles(store)
    terminology = Terminology(Chain(StoredTerminology(store), BaseTerminology()))
    member_of = Membership(terminology, library.generation)
    return ProfileValidator(library, Services(member_of=member_of), member_of.renew)


def _examples(package: Path) -> Iterator[tuple[str, Json]]:
    with tarfile.open(package) as archive:
        for entry in archive:
            folder, _, name = entry.name.rpartition("/")
            if folder == "package/example" and name.endswith(".json"):
                file = archive.extractfile(entry)
                resource = read_json(file.read()) if file else None
                if isinstance(resource, dict) and "resourceType" in resource:
                    yield name, resource


def _errors(validator: ProfileValidator, resource: Json) -> list[str]:
    return [one.text for one in validator(resource) if one.severity == "error"]


@pytest.mark.parametrize("package", _PACKAGES, ids=[one.stem for one in _PACKAGES])
def test_published_examples_keep_their_profiles_or_it_is_known_why_not(
    validator: ProfileValidator, package: Path
) -> None:
    explained = _EXPLAINED.get(package.stem, {})
    for name, resource in _examples(package):
        errors = _errors(validator, resource)
        if not any(name.startswith(start) for start in explained):
            assert errors == [], name


def _drop(*steps: Any) -> Callable[[Json], None]:  # noqa: ANN401 - names and indexes
    def change(patient: Json) -> None:
        *outer, last = steps
        here: Any = patient
        for step in outer:
            here = here[step]
        del here[last]

    return change


def _set(value: Any, *steps: Any) -> Callable[[Json], None]:  # noqa: ANN401 - any JSON
    def change(patient: Json) -> None:
        *outer, last = steps
        here: Any = patient
        for step in outer:
            here = here[step]
        here[last] = value

    return change


def _twice(*steps: Any) -> Callable[[Json], None]:  # noqa: ANN401 - names and indexes
    def change(patient: Json) -> None:
        here: Any = patient
        for step in steps:
            here = here[step]
        here.append(copy.deepcopy(here[0]))

    return change


_DEFECTS: Final = {
    "cardinality, an element is missing": _drop("birthDate"),
    "cardinality, a slice is missing": _set("usual", "name", 0, "use"),
    "cardinality in a slice": _drop("name", 0, "family"),
    "cardinality, one too many": _set(["CAMILLE", "ANNE"], "name", 0, "given"),
    "an extension is missing": _drop("extension", 0),
    "an extension of an extension is missing": _drop(
        "extension", 0, "valueAddress", "extension"
    ),
    "an extension in a slice is missing": _drop("name", 0, "extension"),
    "an extension is there twice": _twice("extension"),
    "an inner extension is there twice": _twice("extension", 1, "extension"),
    "a type that the extension does not have": _set(
        {"url": "validationDate", "valueString": "x"}, "extension", 1, "extension", 2
    ),
    "a pattern in a slice": _set("urn:oid:1.2.3", "identifier", 0, "system"),
    "a code outside of a required binding": _set(
        "XX", "extension", 1, "extension", 1, "valueCoding", "code"
    ),
    "a code that the profile takes away": _set("other", "gender"),
    "a code of an extension in the value of an extension": _set(
        "urn:oid:1.2.3", "extension", 0, "valueAddress", "extension", 0, "valueCoding", "system"
    ),
    "an extension in the wrong place": _set(
        [{"url": "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-identity-reliability",
          "extension": [{"url": "validationDate", "valueDate": "2026"}]}],
        "identifier", 0, "extension",
    ),
    "an unknown modifier": _set([{"url": "urn:x", "valueCode": "y"}], "modifierExtension"),
    "an invariant": _set("secondary", "identifier", 0, "use"),
    "a reference to another type": _set(
        [{"reference": "Device/1"}], "generalPractitioner"
    ),
}  # fmt: skip


def test_a_qualified_identity_is_accepted(validator: ProfileValidator) -> None:
    assert _errors(validator, qualified_identity()) == []


@pytest.mark.parametrize("change", _DEFECTS.values(), ids=_DEFECTS.keys())
def test_one_defect_is_caught(validator: ProfileValidator, change: Callable[[Json], None]) -> None:
    patient = qualified_identity()
    change(patient)
    assert _errors(validator, patient) != []


def _made(package: Path, library: StoredProfiles) -> Iterator[tuple[str, str, Json, Defect]]:
    """Give (file, profile, example, defect), each rule of each profile once."""
    seen = set()
    for name, resource in _examples(package):
        if any(one.severity == "error" for one in validate(resource)):
            continue  # R4 is judged first: a fault there hides what the profile says
        for profile in resource.get("meta", {}).get("profile", []):
            structure = library.structure(profile)
            if structure is None or structure["type"] != resource["resourceType"]:
                continue
            for one in defects(resource, structure):
                rule = (profile, one.kind, one.element)
                if rule not in seen:
                    seen.add(rule)
                    yield name, profile, resource, one


@pytest.mark.parametrize("package", _PACKAGES, ids=[one.stem for one in _PACKAGES])
def test_examples_with_one_generated_defect_are_caught(
    store: Store,
    validator: ProfileValidator,
    package: Path,
    record_property: Callable[[str, object], None],
) -> None:
    before: dict[tuple[str, str], set[str]] = {}
    caught: Counter[str] = Counter()
    missed = []
    for name, profile, resource, one in _made(package, StoredProfiles(store)):
        if (name, profile) not in before:
            before[name, profile] = set(_told(validator, resource, profile, unchecked=False))
        if {*_told(validator, one.resource, profile, unchecked=True)} - before[name, profile]:
            caught[one.kind] += 1
        else:
            missed.append((name, one.kind, one.element))
    record_property("defects caught", dict(caught))
    assert missed == _HIDDEN.get(package.stem, [])


def _told(
    validator: ProfileValidator, resource: Json, profile: str, *, unchecked: bool
) -> Iterator[str]:
    """Give the errors, and which codes could not be judged for want of their value set."""
    for one in validator(resource, [profile]):
        if one.severity == "error" or (unchecked and "was not checked" in one.text):
            yield f"{one.expression} {one.text}"


def test_a_write_is_held_to_the_profiles_that_it_declares(
    store: Store, validator: ProfileValidator
) -> None:
    numbers = iter(map(str, range(1, 10)))
    strict = ResourceIngest(
        store, validation="profiles", new_id=lambda: next(numbers), profiles=validator
    )
    patient = qualified_identity()
    created = strict.create("Patient", patient)
    assert json.dumps(created.stored.resource["name"]) == json.dumps(patient["name"])
    _drop("birthDate")(patient)
    with pytest.raises(Invalid, match=r"Patient\.birthDate is required \(fr-core-patient-ins\)"):
        strict.create("Patient", patient)
    patient["meta"]["profile"] = ["http://example.org/unknown"]
    strict.create("Patient", patient)
    lenient = ResourceIngest(
        store, validation="base", new_id=lambda: next(numbers), profiles=validator
    )
    patient = qualified_identity()
    _drop("birthDate")(patient)
    lenient.create("Patient", patient)
