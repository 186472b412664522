"""Every French sample message is mapped, or refused as it should be; every resource is valid R4."""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import pytest
from fhir.resources.R4B import get_fhir_model_class

from gateway.errors import GatewayError
from gateway.fhir.validation import validate
from gateway.fhir.wire import dumps
from gateway.hl7v2.message import Message
from gateway.mapping.hl7v2 import Context, map_message

if TYPE_CHECKING:
    from gateway.mapping.entry import Entry, Mapped

_SHARED: Final = Path(os.environ.get("GATEWAY_SHARED", Path(__file__).parents[3] / "shared"))
_CORPUS: Final = _SHARED / "corpus" / "hl7v2"
pytestmark = pytest.mark.skipif(
    not _CORPUS.is_dir(), reason="the corpus is not here (GATEWAY_SHARED)"
)
MESSAGES: Final = sorted(
    path for path in _CORPUS.rglob("*") if path.suffix in (".hl7", ".er7") and path.is_file()
)
CONTEXT: Final = Context({}, "urn:oid:1.2.250.1.999.5")

# What each French message becomes, in the order of its entries, by the end of its name.
PATIENT_UPDATE: Final = [
    "Practitioner",
    "Patient",
    "Organization",
    "Practitioner",
    "Encounter",
    "Consent",
    "Consent",
    "Provenance",
]
CDA_DOCUMENT: Final = [
    "Patient",
    "ImagingStudy",
    "Organization",
    "Practitioner",
    "PractitionerRole",
    "Encounter",
    "DocumentReference",
    "Practitioner",
    "DiagnosticReport",
    "Provenance",
]
TEXT_DOCUMENT: Final = [kind for kind in CDA_DOCUMENT if kind != "ImagingStudy"]
LPS_DOCUMENT: Final = [
    "Patient",
    "ImagingStudy",
    "Practitioner",
    "DocumentReference",
    "DiagnosticReport",
    "Provenance",
]
LPS_TEXT: Final = [kind for kind in LPS_DOCUMENT if kind != "ImagingStudy"]
BIOLOGY: Final = [
    "Patient",
    "Encounter",
    "ServiceRequest",
    "Organization",
    "Practitioner",
    "PractitionerRole",
    "Practitioner",
    "DocumentReference",
    "Practitioner",
    "DiagnosticReport",
    "Provenance",
]
EXPECTED: Final = {
    "ConsentementConsultation_NonOppositionAlimentation.er7": PATIENT_UPDATE,
    "ConsentementConsultation_OppositionAlimentation.er7": PATIENT_UPDATE,
    "ConsentementConsultation_NonRecueillieOppositionAlimentation.er7": PATIENT_UPDATE,
    "message_MDM_CR_Radio_INIT_N1.er7": TEXT_DOCUMENT,
    "message_MDM_CR_Radio_INIT_N1_Base64.er7": CDA_DOCUMENT,
    "message_MDM_CR_Radio_RPLC_N1.er7": CDA_DOCUMENT,
    "message_MDM_CR_Radio_DEL_N1.er7": CDA_DOCUMENT,
    "message_MDM__LPS_MSS_CR_Radio_INIT_N1.er7": LPS_TEXT,
    "message_MDM__LPS_MSS_CR_Radio_INIT_N1_Base64.er7": LPS_DOCUMENT,
    "message_MDM__LPS_MSS_CR_Radio_RPLC_N1.er7": LPS_DOCUMENT,
    "message_MDM__LPS_MSS_CR_Radio_DEL_N1.er7": LPS_DOCUMENT,
    "message_ORU_CR_Bio_INIT_N3_SEGUR.hl7": BIOLOGY,
    "message_ORU_CR_Bio_RPLC_N3_SEGUR.hl7": BIOLOGY,
    "message_ORU_CR_Bio_DEL_N3_SEGUR.hl7": BIOLOGY,
}
# What our own checks find in messages of other countries whose codes we keep as sent.
REPORT_STATES: Final = {
    "INIT": ("final", "current"),
    "RPLC": ("corrected", "current"),
    "DEL": ("cancelled", "entered-in-error"),
}


def _mapped(path: Path) -> Mapped:
    return map_message(Message.parse(path.read_bytes()), CONTEXT)


def _stored(entry: Entry) -> dict[str, Any]:
    """Give the resource as the store will: with an id, and references to ids."""
    resource: dict[str, Any] = copy.deepcopy(entry.resource)
    return {"id": entry.full_url.removeprefix("urn:uuid:")} | resource


@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: path.name[-60:])
def test_every_message_is_mapped_or_refused(path: Path) -> None:
    try:
        mapped = _mapped(path)
    except GatewayError as refusal:
        assert refusal.err_code in ("100", "101", "103", "200", "201")  # noqa: PT017 - either is right
        return
    for entry in mapped.entries:
        UUID(entry.full_url.removeprefix("urn:uuid:"))
        resource = _stored(entry)
        kind = resource["resourceType"]
        get_fhir_model_class(kind).model_validate_json(dumps(resource))
        assert validate(resource, expected_type=kind) == ()


@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: path.name[-60:])
def test_every_reference_is_to_an_entry_before_it(path: Path) -> None:
    try:
        mapped = _mapped(path)
    except GatewayError:
        return
    seen: set[str] = set()
    for entry in mapped.entries:
        inside = {f"#{one['id']}" for one in entry.resource.get("contained", ())}
        assert _references(entry.resource) <= seen | inside
        seen.add(entry.full_url)


@pytest.mark.parametrize("ending", sorted(EXPECTED))
def test_french_messages_become_the_resources_that_they_should(ending: str) -> None:
    paths = [path for path in MESSAGES if path.name.endswith(ending)]
    assert paths
    for path in paths:
        kinds = [entry.resource["resourceType"] for entry in _mapped(path).entries]
        assert kinds == EXPECTED[ending]


@pytest.mark.parametrize("step", sorted(REPORT_STATES))
def test_the_three_steps_of_a_french_document_are_three_states(step: str) -> None:
    paths = [path for path in MESSAGES if f"_{step}_N" in path.name]
    assert len(paths) >= 3
    for path in paths:
        resources = {
            entry.resource["resourceType"]: entry.resource for entry in _mapped(path).entries
        }
        states = (
            resources["DiagnosticReport"]["status"],
            resources["DocumentReference"]["status"],
        )
        assert states == REPORT_STATES[step]


def _references(element: Any) -> set[str]:  # noqa: ANN401 - any part of a resource
    if isinstance(element, dict):
        target = element.get("reference")
        own = {target} if isinstance(target, str) else set()
        return own.union(*(_references(part) for part in element.values()))
    if isinstance(element, list):
        return set().union(*(_references(part) for part in element))
    return set()
