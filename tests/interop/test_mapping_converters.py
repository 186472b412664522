"""Element by element against the FHIR that others give for the same message.

`microsoft/FHIR-Converter`, and the Bundle that the v2-to-FHIR guide shows for its MDM_T02.

What is equal stays equal; every difference is a row of `DIFFERENCES` with its reason, and a row
that no longer explains anything is a failure too. ADT is compared elsewhere.
"""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from gateway.fhir.wire import dumps
from gateway.fhir.xml import read_xml
from gateway.hl7v2.message import Message
from gateway.mapping.hl7v2 import Context, map_message

_SHARED: Final = Path(os.environ.get("GATEWAY_SHARED", Path(__file__).parents[3] / "shared"))
_SAMPLES: Final = _SHARED / "corpus" / "hl7v2" / "ms_fhir_converter"
pytestmark = pytest.mark.skipif(
    not _SAMPLES.is_dir(), reason="the corpus is not here (GATEWAY_SHARED)"
)
_SUFFIX: Final = "-expected.json"
# The one message besides ADT for which the v2-to-FHIR guide itself shows a Bundle.
_GUIDE: Final = _SAMPLES.parent / "v2tofhir_ig_test_conversions"
GUIDE_MESSAGE: Final = "guide MDM_T02"
MESSAGES: Final = [
    *sorted(
        path.name.removesuffix(_SUFFIX)
        for path in _SAMPLES.glob(f"*{_SUFFIX}")
        if not path.name.startswith("ADT")
    ),
    GUIDE_MESSAGE,
]


class Row(NamedTuple):
    """Facts that differ in messages whose names begin so, and why ours is as it is."""

    messages: tuple[str, ...]
    facts: tuple[str, ...]
    why: str


DIFFERENCES: Final = (
    Row(
        ("",),
        ("patient numbers",),
        "PID-2, PID-4, PID-19 and PID-20 are withdrawn: read only when PID-3 is empty. The "
        "numbers of an insurance (IN2) are not the patient's.",
    ),
    Row(
        ("MDM",),
        ("order states",),
        "They write unknown for ORC-1 SC, NW; a document that is final ends its order, and a "
        "preliminary one leaves it active.",
    ),
    Row(
        ("MDM", GUIDE_MESSAGE),
        ("document states",),
        "TXA-17 AU is authenticated: final (v2-to-FHIR table CompositionStatus), and theirs is "
        "always preliminary.",
    ),
    Row(
        ("MDM-T02-01", "MDM-T05", "MDM-T06", "MDM-T09", "MDM-T10"),
        ("reports", "report states", "report codes"),
        "TXA-2 DI is diagnostic imaging: the document is a report, of the type of the document "
        "and with its state (appended, corrected). Theirs is a report for every ED, unknown.",
    ),
    Row(
        ("MDM-T02-01", "MDM-T10"),
        ("results", "result codes", "result states"),
        "113014^DICOM Study^DCM is a Study Instance UID: an ImagingStudy, not an Observation.",
    ),
    Row(
        ("MDM-T02-03", "MDM-T06"),
        ("results", "result codes", "result states"),
        "OBX of type TX are the lines of one text: the content of the document, not Observations.",
    ),
    Row(
        (GUIDE_MESSAGE,),
        ("orders",),
        "ORC-4 is the requisition of the order (v2-to-FHIR), not a number of its own.",
    ),
    Row(
        (GUIDE_MESSAGE,),
        ("results", "result codes", "result states", "reports", "report codes", "report states"),
        "A progress note (TXA-2 PN) is a document: its OBX are its content, text and bytes.",
    ),
    Row(
        ("MDM-T02-03",),
        ("orders", "order codes"),
        "ORC-4 is the requisition, OBR-18 the accession number, and the parent of OBR-29 no order "
        "of its own: nothing is known of it but a number.",
    ),
    Row(
        ("ORM-O01-01", "ORM-O01-05"),
        ("result states",),
        "OBX-11 S is partial results (table HL70085): preliminary, not unknown.",
    ),
    Row(
        ("ORM-O01-02",),
        ("reports", "report states", "report codes", "results", "result codes", "result states"),
        "An OBX of type RP in an order is information for it, not a report of unknown state.",
    ),
    Row(
        ("ORM-O01-05",),
        ("orders", "order codes", "order states"),
        "An ORC is an order, be it for a supply (RQD): ORC-5 CA revokes it. Theirs is a "
        "SupplyRequest.",
    ),
    Row(
        ("ORU",),
        ("order states",),
        "A final report ends its order (OBR-25 F): completed.",
    ),
    Row(
        ("REF",),
        ("orders", "order codes", "order states"),
        "One request, that of RF1: an OBR beside it is earlier work or what is asked for, not an "
        "order of its own. RF1-1 P asks "
        "and leaves the request active, its Task is requested; I14 revokes it (theirs are on-hold "
        "and entered-in-error).",
    ),
    Row(
        ("REF",),
        ("reports", "report states", "report codes"),
        "The results that come with a referral are supporting information of the request.",
    ),
    Row(
        ("REF",),
        ("results", "result codes", "result states"),
        "ACC (accident) is kept in the journal, and OBX-11 S is preliminary.",
    ),
    Row(
        ("REF",),
        ("documents", "document types", "document states"),
        "An OBX of type ED is a DocumentReference with its bytes.",
    ),
    Row(
        ("SIU",),
        ("orders", "order codes", "order states", "appointment orders"),
        "v2-to-FHIR: a ServiceRequest only for SCH-26 and SCH-27; an AIS is the serviceType.",
    ),
    Row(
        ("SIU",),
        ("appointment reason", "appointment type"),
        "v2-to-FHIR: SCH-7 (table HL70276) is the reason and SCH-8 (HL70277) the type; DG1 is a "
        "reason too.",
    ),
    Row(
        ("SIU",),
        ("appointment comment",),
        "All notes of the message, not the first of the appointment alone: none is lost.",
    ),
    Row(
        ("SIU",),
        ("appointment participants",),
        "v2-to-FHIR: the contacts of SCH-12, SCH-16 and SCH-20 take part.",
    ),
)


def mapped(name: str) -> list[dict[str, Any]]:
    path = _GUIDE / "MDM_T02.hl7" if name == GUIDE_MESSAGE else _SAMPLES / f"{name}.hl7"
    message = Message.parse(path.read_bytes())
    return [json.loads(dumps(one.resource)) for one in map_message(message, Context()).entries]


def expected(name: str) -> list[dict[str, Any]]:
    if name == GUIDE_MESSAGE:
        xml = read_xml((_GUIDE / "FHIR_bundle.hl7_MDM_T02.xml").read_bytes())
        bundle = json.loads(dumps(xml))
    else:
        bundle = json.loads((_SAMPLES / f"{name}{_SUFFIX}").read_text("utf-8-sig"))
    return [entry["resource"] for entry in bundle["entry"]]


def compared(name: str) -> dict[str, tuple[object, object]]:
    """Return what differs: theirs and ours, by fact."""
    theirs, ours = facts(expected(name)), facts(mapped(name))
    return {fact: (theirs[fact], ours[fact]) for fact in theirs if theirs[fact] != ours[fact]}


def facts(resources: list[dict[str, Any]]) -> dict[str, object]:
    """Say of a set of resources what both converters can be asked."""
    kinds: dict[str, list[dict[str, Any]]] = {}
    for resource in resources:
        kinds.setdefault(resource["resourceType"], []).append(resource)
    (patient,) = kinds["Patient"]
    (name, *_) = patient["name"]
    orders, results = kinds.get("ServiceRequest", []), kinds.get("Observation", [])
    reports, documents = kinds.get("DiagnosticReport", []), kinds.get("DocumentReference", [])
    said: dict[str, object] = {
        "patient numbers": numbers(patient),
        "patient name": (name["family"], name["given"][0]),
        "patient birth date": patient["birthDate"][:10],
        "patient sex": patient["gender"],
        "orders": sorted(",".join(numbers(one)) for one in orders),
        "order codes": sorted(code(one.get("code", {})) for one in orders),
        "order states": sorted(one["status"] for one in orders),
        "reports": len(reports),
        "report codes": sorted(code(one["code"]) for one in reports),
        "report states": sorted(one["status"] for one in reports),
        "results": len(results),
        "result codes": sorted(code(one["code"]) for one in results),
        "result states": sorted(one["status"] for one in results),
        "documents": [document_number(one) for one in documents],
        "document types": [code(one["type"]) for one in documents],
        "document states": [(one["status"], one["docStatus"]) for one in documents],
        "document relations": [each for one in documents for each in relations(one)],
    }
    for appointment in kinds.get("Appointment", []):
        said |= appointment_facts(appointment)
    return said


def document_number(document: dict[str, Any]) -> str:
    """Return an OID as a number, also where it is written as a URI."""
    value = document.get("masterIdentifier", {}).get("value", "")
    return str(value).removeprefix("urn:oid:")


def appointment_facts(appointment: dict[str, Any]) -> dict[str, object]:
    return {
        "appointment numbers": numbers(appointment),
        "appointment state": appointment["status"],
        "appointment start": moment(appointment["start"]),
        "appointment end": moment(appointment["end"]),
        "appointment minutes": appointment["minutesDuration"],
        "appointment priority": appointment["priority"],
        "appointment reason": [code(one) for one in appointment.get("reasonCode", [])],
        "appointment type": code(appointment["appointmentType"]),
        "appointment comment": appointment.get("comment"),
        "appointment participants": len(appointment["participant"]),
        "appointment orders": len(appointment.get("basedOn", [])),
    }


def numbers(resource: dict[str, Any]) -> list[str]:
    own = ("urn:passerelle:task", "urn:passerelle:document", "urn:passerelle:observation")
    found = resource.get("identifier", [])
    return sorted(
        {one["value"] for one in found if "value" in one and one.get("system", "") not in own}
    )


def code(concept: dict[str, Any]) -> str:
    codings = concept.get("coding", [])
    return str(next((one["code"] for one in codings if "code" in one), concept.get("text", "")))


def relations(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (one["code"], one["target"]["identifier"]["value"].removeprefix("urn:oid:"))
        for one in document.get("relatesTo", [])
    ]


def moment(instant: str) -> float:
    return datetime.fromisoformat(instant).timestamp()


def explains(row: Row, name: str, fact: str) -> bool:
    return name.startswith(row.messages) and fact in row.facts


@pytest.mark.parametrize("name", MESSAGES)
def test_every_difference_has_a_reason(name: str) -> None:
    unexplained = {
        fact: values
        for fact, values in compared(name).items()
        if not any(explains(row, name, fact) for row in DIFFERENCES)
    }

    assert unexplained == {}


def test_every_reason_explains_a_difference() -> None:
    found = {(name, fact) for name in MESSAGES for fact in compared(name)}

    idle = {
        fact
        for row in DIFFERENCES
        for fact in row.facts
        if not any(explains(row, name, differs) for name, differs in found if differs == fact)
    }
    assert idle == set()
