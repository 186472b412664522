from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.hl7v2.message import Message
from gateway.mapping.hl7v2 import Context, map_message
from gateway.mapping.hl7v2.faults import UnsupportedEvent, UnsupportedMessageType
from tests.unit.mapping.hl7v2.conftest import PATIENT

if TYPE_CHECKING:
    from tests.unit.mapping.hl7v2.conftest import Map


@pytest.mark.parametrize("kind", ["ADT^A28", "ADT^A31", "ADT^A04", "ADT^A08", "ADT^ADT^A28"])
def test_patient_messages_are_served(map_lines: Map, kind: str) -> None:
    assert len(map_lines(kind, PATIENT).all("Patient")) == 1


@pytest.mark.parametrize("kind", ["VXU^V04", "ACK", "", "QBP^Q11"])
def test_a_type_without_a_row_is_refused_with_200(map_lines: Map, kind: str) -> None:
    with pytest.raises(UnsupportedMessageType) as caught:
        map_lines(kind, PATIENT)

    assert (caught.value.err_code, caught.value.issues[0].location) == ("200", "MSH^1^9")


@pytest.mark.parametrize("kind", ["ADT^A99", "MDM^T12", "SIU^S18", "ORU^R30", "ORU"])
def test_an_event_without_a_row_is_refused_with_201(map_lines: Map, kind: str) -> None:
    with pytest.raises(UnsupportedEvent) as caught:
        map_lines(kind, PATIENT)

    assert (caught.value.err_code, caught.value.issues[0].location) == ("201", "MSH^1^9")


def test_the_provenance_names_the_message_and_everything_in_it(map_lines: Map) -> None:
    result = map_lines("ADT^A31^ADT_A05", PATIENT)

    assert result.one("Provenance") == {
        "resourceType": "Provenance",
        "target": [{"reference": result.url("Patient")}],
        "recorded": "2026-03-05T14:30:00+01:00",
        "activity": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0003", "code": "A31"}]
        },
        "agent": [
            {
                "type": {
                    "coding": [
                        {
                            "system": "http://terminology.hl7.org/CodeSystem/"
                            "provenance-participant-type",
                            "code": "author",
                            "display": "Author",
                        }
                    ]
                },
                "who": {"display": "RIS-TEST (CENTRE)"},
            }
        ],
        "entity": [
            {
                "role": "source",
                "what": {
                    "identifier": {
                        "system": "urn:passerelle:message:RIS-TEST:CENTRE",
                        "value": "MSG1",
                    }
                },
            }
        ],
    }


def test_two_messages_under_one_control_id_have_a_provenance_each(map_lines: Map) -> None:
    first = map_lines("ADT^A31^ADT_A05", PATIENT)
    again = map_lines("ADT^A31^ADT_A05", PATIENT)
    other = map_lines("ADT^A31^ADT_A05", f"{PATIENT}||19800101")

    assert again.url("Provenance") == first.url("Provenance")
    assert other.url("Provenance") != first.url("Provenance")


_NAMES = st.sampled_from(
    [
        "PID",
        "ORC",
        "OBR",
        "OBX",
        "TXA",
        "NTE",
        "PRT",
        "ROL",
        "IPC",
        "ZDS",
        "SCH",
        "TQ1",
        "AIS",
        "AIG",
        "AIL",
        "AIP",
        "RF1",
        "PRD",
        "CTD",
        "DG1",
        "MSA",
    ]
)
_TEXT = st.text(st.sampled_from(r"AB1.9|||^^&~\"VALINSED "), max_size=60)


@given(
    kind=st.sampled_from(
        [
            "ADT^A28",
            "ORM^O01",
            "ORU^R01",
            "MDM^T02",
            "OMI^O23",
            "MDM^T05",
            "ORR^O02",
            "SIU^S12",
            "SIU^S15",
            "REF^I12",
            "RRI^I14",
        ]
    ),
    guide=st.sampled_from(["", "1.0^CISIS_TLR_HL7_V2", "2.1^CISIS_CDA_HL7_V2"]),
    segments=st.lists(st.builds("{}|{}".format, _NAMES, _TEXT), max_size=8),
)
def test_whatever_the_segments_hold_the_answer_is_a_mapping_or_a_refusal(
    kind: str, guide: str, segments: list[str]
) -> None:
    header = rf"MSH|^~\&|A|B|C|D|20260305||{kind}|1|P|2.5|||||FRA||||{guide}"
    message = Message.parse("\r".join((header, PATIENT, *segments)).encode())
    try:
        mapped = map_message(message, Context())
    except GatewayError:
        return
    assert mapped.subject == mapped.entries[0].full_url or len(mapped.entries) > 1
