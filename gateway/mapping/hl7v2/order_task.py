"""What is asked or answered about an order: a Task whose focus is the order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.fhir.datatypes import Element, coding, concept, reference
from gateway.hl7v2.datetimes import fhir_datetime
from gateway.mapping.entry import Key
from gateway.mapping.hl7v2.order_control import REQUESTS

if TYPE_CHECKING:
    from gateway.hl7v2.message import Segment
    from gateway.mapping.hl7v2.gathering import Gathering
    from gateway.mapping.hl7v2.numbers import OrderNumbers

# The gateway's own: the answer to one order, so that a second answer changes the first.
TASK_SYSTEM: Final = "urn:passerelle:task"
_TASK_CODE: Final = "http://hl7.org/fhir/CodeSystem/task-code"
FULFILL: Final = ("fulfill", "Fulfill the focal request")
V2_0119: Final = "http://terminology.hl7.org/CodeSystem/v2-0119"


def order_task(
    name: str, parts: Element, gathering: Gathering, *, code: tuple[str, str] = FULFILL
) -> str:
    """Take the Task known as `name` and return its full url; empty parts are left out."""
    key = Key(TASK_SYSTEM, name)
    resource: Element = {
        "resourceType": "Task",
        "identifier": [{"system": key.system, "value": key.value}],
    }
    rest: Element = {
        **parts,
        "intent": "order",
        "code": concept(coding(_TASK_CODE, *code)),
        "lastModified": fhir_datetime(gathering.message.msh().text(7)),
    }
    resource |= {element: part for element, part in rest.items() if part}
    return gathering.state(resource, [key])


def request_to_grant(
    orc: Segment | None, numbers: OrderNumbers, order: str, gathering: Gathering
) -> None:
    """Take a request to cancel or hold that v2-to-FHIR leaves open until it is confirmed."""
    control = orc.text(1) if orc else ""
    if not gathering.foreign or control not in REQUESTS:
        return
    code = REQUESTS[control]
    parts: Element = {
        "basedOn": [reference(order)],
        "status": "requested",
        "focus": reference(order),
        "for": reference(gathering.subject),
    }
    name = f"{gathering.name_of(numbers.keys[0])}|{code[0]}"
    order_task(name, parts, gathering, code=code)
