"""Téléradiologie 0.1.0, flow 4: products, device, and where the images are looked at.

OBX-4 (`n.m`) groups what belongs together: the parts `m` of thing `n`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.fhir.datatypes import Element, coding, concept, reference
from gateway.hl7v2.datetimes import fhir_datetime
from gateway.mapping.entry import Key
from gateway.mapping.hl7v2.codes import coded_field
from gateway.mapping.hl7v2.datatypes.ed import ed_document
from gateway.mapping.hl7v2.obx_value import obx_value

if TYPE_CHECKING:
    from gateway.hl7v2.message import Segment
    from gateway.mapping.hl7v2.gathering import Gathering
    from gateway.mapping.hl7v2.groups import OrderGroup

PRODUCT: Final = "PRODUIT_ADMINISTRE"
DEVICE: Final = "APPAREIL_IMAGERIE"
VIEWER: Final = "URL_PARTIELLE_VIEWER"
# The gateway's own: one product of an act, a device, a study in a viewer.
ADMINISTRATION_SYSTEM: Final = "urn:passerelle:administration"
DEVICE_SYSTEM: Final = "urn:passerelle:device"
ENDPOINT_SYSTEM: Final = "urn:passerelle:endpoint"
_CONNECTIONS: Final = "http://terminology.hl7.org/CodeSystem/endpoint-connection-type"
_PAYLOADS: Final = "http://terminology.hl7.org/CodeSystem/endpoint-payload-type"
_CONTAINED: Final = "produit"


def products(group: OrderGroup, order: str, started: str | None, gathering: Gathering) -> None:
    """Take a MedicationAdministration a product: its code (n.1), its lot (n.2), how much (n.3)."""
    when = started or fhir_datetime(gathering.message.msh().text(7))
    for number, parts in _things(group, PRODUCT).items():
        code = coded_field(parts["1"], 5, gathering) if "1" in parts else {}
        if not code:
            gathering.unmapped(f"{PRODUCT} {number} names no product.", "OBX")
            continue
        key = Key(ADMINISTRATION_SYSTEM, f"{order}/{number}")
        said: Element = {
            "identifier": [{"system": key.system, "value": key.value}],
            "status": "completed",
            **_medication(code, parts["2"].text(5) if "2" in parts else ""),
            "subject": reference(gathering.subject),
            "supportingInformation": [reference(order)],
            "effectiveDateTime": when,
            **(_dose(parts["3"], gathering) if "3" in parts else {}),
        }
        resource: Element = {"resourceType": "MedicationAdministration"}
        gathering.state(resource | {name: part for name, part in said.items() if part}, [key])


def _medication(code: Element, lot: str) -> Element:
    """Return what was given; the lot has its place in a Medication of its own."""
    if not lot:
        return {"medicationCodeableConcept": code}
    batch = {"lotNumber": lot}
    medication = {"resourceType": "Medication", "id": _CONTAINED, "code": code, "batch": batch}
    return {"contained": [medication], "medicationReference": reference(f"#{_CONTAINED}")}


def _dose(obx: Segment, gathering: Gathering) -> Element:
    """Return the dose; what is none goes into a note: a dosage needs an amount (mad-1)."""
    value = obx_value(obx, gathering)
    if "valueQuantity" in value:
        return {"dosage": {"dose": value["valueQuantity"]}}
    return {"note": [{"text": obx.text(5)}]} if obx.text(5) else {}


def devices(group: OrderGroup, gathering: Gathering) -> list[Element]:
    """Mention each device, by its number (n.1) and its model (n.2), and point to it."""
    found = []
    for parts in _things(group, DEVICE).values():
        number, model = (parts[one].text(5) if one in parts else "" for one in ("1", "2"))
        if not (number or model):
            continue
        key = Key(DEVICE_SYSTEM, number or gathering.name_of(Key("", model)))
        resource: Element = {
            "resourceType": "Device",
            "identifier": [{"system": key.system, "value": key.value}],
        }
        if number:
            resource["udiCarrier"] = [{"deviceIdentifier": number}]
        if model:
            resource["deviceName"] = [{"name": model, "type": "model-name"}]
        found.append(reference(gathering.mention(resource, [key]), display=model or None))
    return found


def viewers(group: OrderGroup, uid: str, gathering: Gathering) -> list[Element]:
    """Take the Endpoint of the study in the viewer, whose URL lacks the number of the report."""
    found = []
    for observed in group.observed:
        if observed.obx.text(3) != VIEWER:
            continue
        address = _address(observed.obx, gathering)
        if address:
            found.append(reference(_endpoint(address, uid, gathering)))
        else:
            place = f"OBX^{observed.obx.sequence}^5"
            gathering.unmapped(f"{VIEWER} holds no URL: kept in the journal, not mapped.", place)
    return found


def _address(obx: Segment, gathering: Gathering) -> str:
    document = ed_document(obx, gathering.message)
    try:
        text = document.content.decode().strip() if document else ""
    except UnicodeDecodeError:
        return ""
    is_url = text.startswith(("https://", "http://")) and len(text.split()) == 1
    return text if is_url else ""


def _endpoint(address: str, uid: str, gathering: Gathering) -> str:
    key = Key(ENDPOINT_SYSTEM, f"viewer|{uid}")
    endpoint: Element = {
        "resourceType": "Endpoint",
        "identifier": [{"system": key.system, "value": key.value}],
        "status": "active",
        "connectionType": coding(_CONNECTIONS, "ihe-iid", "IHE IID"),
        "payloadType": [concept(coding(_PAYLOADS, "none", "None"))],
        "payloadMimeType": ["text/html"],
        "address": address,
    }
    return gathering.state(endpoint, [key])


def _things(group: OrderGroup, name: str) -> dict[str, dict[str, Segment]]:
    """Return the parts of each thing of that name, by the two numbers of OBX-4."""
    things: dict[str, dict[str, Segment]] = {}
    for observed in group.observed:
        if observed.obx.text(3) == name:
            number, _, part = observed.obx.text(4).partition(".")
            things.setdefault(number or "1", {})[part or "1"] = observed.obx
    return things
