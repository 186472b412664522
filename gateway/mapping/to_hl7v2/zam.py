"""ZAM, the French business acknowledgements of a document (CI-SIS CDA volet 2.1, HL7 v2.6)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gateway.errors import RequiredMissing
from gateway.hl7v2.acknowledgement import CI_SIS_TEXTS
from gateway.hl7v2.writer import segment
from gateway.mapping.receipts import FAULTS, MAILBOXES, STATES, TABLE, receipt_of
from gateway.mapping.to_hl7v2.datatypes.xtn import mailbox
from gateway.mapping.to_hl7v2.msh import msh
from gateway.mapping.to_hl7v2.target import Profile

if TYPE_CHECKING:
    from gateway.hl7v2.writer import Field
    from gateway.mapping.receipts import BusinessAcknowledgement
    from gateway.mapping.to_hl7v2.sources import Writing

VERSION: Final = "2.6"
_YES_NO: Final = "expandedYes-NoIndicator"


def zam_segments(writing: Writing) -> list[str]:
    """Return the segments of a receipt, in version 2.6 whatever the target's is.

    Raises `RequiredMissing` when the Communication is no receipt.
    """
    receipt = receipt_of(writing.resource)
    if receipt is None:
        text = "The Communication does not say which message was received."
        raise RequiredMissing(text)
    target = replace(
        writing.target, version=VERSION, profile=Profile.CDA, country="FRA", enhanced=False
    )
    kind = receipt.receipt
    state = ("Y" if receipt.accepted else "N", "", _YES_NO)
    lines = [
        msh(replace(writing, target=target), ("ZAM", kind.value, "ZAM_Z01")),
        *([] if receipt.accepted else [_err(receipt)]),
        _obx(1, "CWE", STATES[kind], receipt.document, state),
    ]
    if box := MAILBOXES.get(kind):
        lines.append(_obx(2, "XTN", box, receipt.identifier, mailbox(receipt.mailbox)))
    return lines


def _err(receipt: BusinessAcknowledgement) -> str:
    """Return the segment: an application error, with the receiver's own code in ERR-5."""
    words = receipt.reason or CI_SIS_TEXTS.get(receipt.fault, "")
    return segment(
        "ERR",
        {
            3: ("207", "Application error", "messageErrorCondition"),
            4: "E",
            5: (receipt.fault, words, FAULTS[receipt.receipt]),
        },
    )


def _obx(number: int, kind: str, name: tuple[str, str], sub_id: str, value: Field) -> str:
    code = (*name, TABLE)
    return segment("OBX", {1: str(number), 2: kind, 3: code, 4: sub_id, 5: value, 11: "F"})
