"""MSA and ERR of an answer: whether it refuses, and in which words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gateway.hl7v2.message import Message

# Table HL70008.
_REFUSALS: Final = frozenset({"AE", "AR", "CE", "CR"})


def is_refusal(message: Message) -> bool:
    """Say whether MSA-1 refuses."""
    msa = message.first("MSA")
    return msa is not None and msa.text(1) in _REFUSALS


def refusal_reason(message: Message) -> str:
    """Return the words of the refusal: ERR-8, ERR-3.2, MSA-3; empty without."""
    err, msa = message.first("ERR"), message.first("MSA")
    said = (
        err.text(8) if err else "",
        err.text(3, 2) if err else "",
        msa.text(3) if msa else "",
    )
    return next((text for text in said if text), "")
