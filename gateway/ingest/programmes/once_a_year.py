"""One package per definition, patient and year, whoever writes it: a hook of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.errors import Conflict
from gateway.programmes.charging.package import VOID
from gateway.programmes.charging.words import say

if TYPE_CHECKING:
    from gateway.store.api import Transaction, Written


def one_package_a_year(tx: Transaction, written: Written) -> None:
    """Refuse a ChargeItem of a definition, patient and year that has one already.

    Raises `Conflict`, and nothing of the write stays.
    """
    if written.stored.type != "ChargeItem" or written.outcome == "deleted":
        return
    mine = _charged(written.resource)
    subject = written.resource.get("subject", {}).get("reference", "")
    if mine is None or not subject:
        return
    for other in tx.find_referring("ChargeItem", "subject", subject):
        if other.id == written.stored.id or other.deleted:
            continue
        theirs = _charged(other.resource)
        if theirs is not None and theirs[0] & mine[0] and _overlap(theirs[1], mine[1]):
            raise Conflict(say("fr", "already", first=mine[1][0], what=other.reference))


_Span = tuple[str, str]


def _charged(charge: dict[str, Any]) -> tuple[set[str], _Span] | None:
    """Return the definitions and the year of a package that counts."""
    urls = {str(one).partition("|")[0] for one in charge.get("definitionCanonical", ())}
    period = charge.get("occurrencePeriod", {})
    if not urls or charge.get("status") in VOID or not {"start", "end"} <= set(period):
        return None
    return urls, (str(period["start"])[:10], str(period["end"])[:10])


def _overlap(one: _Span, other: _Span) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]
