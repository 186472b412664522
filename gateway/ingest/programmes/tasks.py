"""Tasks of programmes and referrals, judged in the transaction that writes them.

A hook of the store: whoever writes a Task, by whichever door, meets the same rules, and of two who
move one at the same instant the second meets what the first has made of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.errors import Conflict, Ineligible, Issue
from gateway.programmes.names import BASE
from gateway.programmes.referral_loop import OPEN, fault, illegal, is_referral, step_of
from gateway.programmes.words import say

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource
    from gateway.store.api import Transaction, Written

_CLOSED: Final = ("completed", "cancelled", "rejected", "failed", "entered-in-error")


class TaskRules:
    """Refuses steps that may not follow, and Tasks that nobody owns."""

    def __init__(self, lang: str) -> None:
        """Refuse in `lang`."""
        self._lang = lang

    def changed(self, _tx: Transaction, written: Written) -> None:
        """Judge a Task; for `Store.watch`. Raises `Ineligible` (422) or `Conflict` (409)."""
        if written.stored.type != "Task":
            return
        before = _before(written)
        if written.outcome == "deleted":
            self._deleted(before)
        elif is_referral(written.resource) or is_referral(before):
            self._referral(before, written.resource)
        elif _is_of_plan(written.resource):
            self._owned(written.resource)

    def _referral(self, before: Resource, after: Resource) -> None:
        if sentence := fault(after, self._lang):
            _refuse(sentence)
        # What was no referral begins as one.
        known = before if is_referral(before) else {}
        if sentence := illegal(known, after, self._lang):
            issue = Issue(sentence, expression="Task.status", code="conflict")
            raise Conflict(sentence, issues=(issue,))

    def _owned(self, task: Resource) -> None:
        if task.get("status") not in _CLOSED and not task.get("owner"):
            _refuse(say(self._lang, "no-task-owner"))

    def _deleted(self, before: Resource) -> None:
        if is_referral(before) and step_of(before) in OPEN:
            raise Conflict(say(self._lang, "referral-kept"))


def _before(written: Written) -> Resource:
    before = written.before
    return {} if before is None or before.deleted else before.resource


def _is_of_plan(task: Resource) -> bool:
    return str(task.get("instantiatesCanonical", "")).startswith(f"{BASE}/")


def _refuse(sentence: str) -> None:
    raise Ineligible(sentence, issues=(Issue(sentence, expression="Task"),))
