from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.mapping.entry import LocalCode
from gateway.mapping.hl7v2 import Context
from tests.unit.mapping.hl7v2.conftest import PATIENT

if TYPE_CHECKING:
    from tests.unit.mapping.hl7v2.conftest import Map

SENDER = "RIS-TEST|CENTRE"
OWN = "urn:passerelle:sender:RIS-TEST:CENTRE"
LINES = (PATIENT, "ORC|NW|P1", "OBR|1|P1||RXG^Radio genou^L")
STANDARD = {"system": "http://loinc.org", "code": "24806-2", "display": "RX genou"}
LOCAL = {"system": f"{OWN}:L", "code": "RXG", "display": "Radio genou"}


def translate(sender: str, system: str, code: str) -> dict[str, Any] | None:
    return {(SENDER, f"{OWN}:L", "RXG"): STANDARD}.get((sender, system, code))


def test_a_code_of_the_senders_own_is_kept_and_reported(map_lines: Map) -> None:
    result = map_lines("ORM^O01", *LINES)

    assert result.one("ServiceRequest")["code"] == {"coding": [LOCAL]}
    assert result.mapped.unmapped_codes == (
        LocalCode(SENDER, "OBR-4", f"{OWN}:L", "RXG", "Radio genou"),
    )


def test_a_translated_code_stands_before_the_senders_own(map_lines: Map) -> None:
    result = map_lines("ORM^O01", *LINES, context=Context(translate=translate))

    assert result.one("ServiceRequest")["code"] == {"coding": [STANDARD, LOCAL]}
    assert result.mapped.unmapped_codes == ()


def test_a_code_with_a_standard_one_beside_it_is_not_reported(map_lines: Map) -> None:
    obr = "OBR|1|P1||RXG^Radio genou^L^24806-2^RX genou^LN"

    result = map_lines("ORM^O01", PATIENT, "ORC|NW|P1", obr)

    assert result.one("ServiceRequest")["code"]["coding"] == [LOCAL, STANDARD]
    assert result.mapped.unmapped_codes == ()


def test_a_code_is_reported_once_a_field(map_lines: Map) -> None:
    obx = "OBX|{}|NM|X^Mesure^L||1|furlong|||||F"

    result = map_lines(
        "ORU^R01", PATIENT, "OBR|1|P1||24806-2^RX^LN" + "|" * 21 + "F", obx.format(1), obx.format(2)
    )

    assert result.mapped.unmapped_codes == (
        LocalCode(SENDER, "OBX-3", f"{OWN}:L", "X", "Mesure"),
        LocalCode(SENDER, "OBX-6", OWN, "furlong", ""),
    )


def test_an_unknown_order_control_or_state_is_reported(map_lines: Map) -> None:
    result = map_lines("ORM^O01", PATIENT, "ORC|ZZ|P1|||QQ", "OBR|1|P1||24806-2^RX^LN")

    assert result.one("ServiceRequest")["status"] == "active"
    assert [(one.field, one.code) for one in result.mapped.unmapped_codes] == [
        ("ORC-1", "ZZ"),
        ("ORC-5", "QQ"),
    ]


def test_a_state_is_translated_too(map_lines: Map) -> None:
    def states(_sender: str, _system: str, code: str) -> dict[str, Any] | None:
        return {"code": "completed"} if code == "QQ" else None

    result = map_lines(
        "ORM^O01",
        PATIENT,
        "ORC|SC|P1|||QQ",
        "OBR|1|P1||24806-2^RX^LN",
        context=Context(translate=states),
    )

    assert result.one("ServiceRequest")["status"] == "completed"
