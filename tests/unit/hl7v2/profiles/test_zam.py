from __future__ import annotations

import pytest

from gateway.hl7v2.message import Message
from gateway.hl7v2.profiles.cda import CDA

HEAD = (
    r"MSH|^~\&|A|B|C|D|20260305||ZAM^Z02^ZAM_Z01|1|P|2.6|||||FRA|UNICODE UTF-8|||"
    "2.1^CISIS_CDA_HL7_V2"
)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("OBX|1|CWE|ACK_RECEPTION_MSS^^AckMetierZAM|015|Y", []),
        (
            "OBX|1|CWE|ACK_RECEPTION_MSS^^AckMetierZAM||Y",
            ["OBX-4 must be the MSH-10 of the message that is acknowledged."],
        ),
        ("OBX|1|CWE|OTHER^^AckMetierZAM|015|Y", ["No OBX says what is acknowledged."]),
    ],
)
def test_a_receipt_names_what_it_acknowledges(line: str, told: list[str]) -> None:
    message = Message.parse(f"{HEAD}\r{line}\r".encode())
    assert [one.text for one in CDA.check(message)] == told
