from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import RequiredMissing
from gateway.hl7v2.message import Message
from gateway.mapping.to_hl7v2 import Target
from gateway.mapping.to_hl7v2.zam import (
    APPLICATION_ERRORS,
    BusinessAcknowledgement,
    Receipt,
    read_zam,
    write_zam,
)
from tests.unit.mapping.to_hl7v2.conftest import MADE, lines

RIS = Target(application="RIS-Y", facility="Organisation-Y")
TAKEN = BusinessAcknowledgement(Receipt.RECORD, "015")
READ = BusinessAcknowledgement(
    Receipt.READ,
    "015",
    accepted=False,
    mailbox="adam.hoda@medecin.mssante.fr",
    identifier="801234567897",
    fault="904",
)


def test_a_document_taken_by_the_shared_record_is_acknowledged() -> None:
    assert lines(write_zam(TAKEN, RIS, "Z1", MADE)) == [
        (
            r"MSH|^~\&|PASSERELLE||RIS-Y|Organisation-Y|20260305143000+0100||ZAM^Z01^ZAM_Z01|Z1|P|2.6"
            "|||||FRA|UNICODE UTF-8|||2.1^CISIS_CDA_HL7_V2"
        ),
        (
            "OBX|1|CWE|ACK_RECEPTION_DMP^Accusé de réception DMP^AckMetierZAM|015"
            "|Y^^expandedYes-NoIndicator||||||F"
        ),
    ]


def test_a_mail_that_a_physicians_software_refused_says_why_and_whose_it_is() -> None:
    assert lines(write_zam(READ, RIS, "Z1", MADE))[1:] == [
        (
            "ERR|||207^Application error^messageErrorCondition|E"
            "|904^INS différente de celle du patient^applicationErrorCondition"
        ),
        (
            "OBX|1|CWE|ACK_LECTURE_MSS^Accusé de lecture^AckMetierZAM|015"
            "|N^^expandedYes-NoIndicator||||||F"
        ),
        (
            "OBX|2|XTN|LECTEUR_MSS^Lecteur du courriel MSSanté^AckMetierZAM|801234567897"
            "|^NET^X.400^adam.hoda@medecin.mssante.fr||||||F"
        ),
    ]


@given(
    receipt=st.sampled_from(list(Receipt)),
    document=st.text("ABCDEFGHIJ0123456789", min_size=1, max_size=20),
    accepted=st.booleans(),
    fault=st.sampled_from(sorted(APPLICATION_ERRORS)),
)
def test_what_is_written_is_read(
    receipt: Receipt, document: str, fault: str, *, accepted: bool
) -> None:
    mailed = receipt is not Receipt.RECORD
    written = BusinessAcknowledgement(
        receipt,
        document,
        accepted=accepted,
        mailbox="bal@medecin.mssante.fr" if mailed else "",
        identifier="801234567897" if mailed else "",
        fault="" if accepted else fault,
        reason="" if accepted else APPLICATION_ERRORS[fault],
    )
    assert read_zam(Message.parse(write_zam(written, RIS, "Z1", MADE))) == written


@pytest.mark.parametrize(
    "line",
    ["OBX|1|CWE|ACK_RECEPTION_MSS^x^AckMetierZAM|015|?", "OBX|1|CWE|OTHER^x^AckMetierZAM|015|Y"],
)
def test_a_receipt_that_says_nothing_is_refused(line: str) -> None:
    raw = r"MSH|^~\&|A|B|C|D|20260305||ZAM^Z02^ZAM_Z01|1|P|2.6" + f"\r{line}\r"
    with pytest.raises(RequiredMissing):
        read_zam(Message.parse(raw.encode()))


def test_another_event_is_no_receipt() -> None:
    raw = r"MSH|^~\&|A|B|C|D|20260305||ZAM^Z09^ZAM_Z01|1|P|2.6"
    with pytest.raises(RequiredMissing):
        read_zam(Message.parse(raw.encode()))
