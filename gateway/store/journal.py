"""Reading the journal: one entry, those that a filter wants, and the senders' own codes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import and_, false, func, not_, or_, select

from gateway.errors import Issue
from gateway.fhir.search.parameters import parameter_id
from gateway.store.reader import Reader
from gateway.store.records import (
    DOOR_OUT,
    UNSETTLED,
    Acknowledged,
    JournalEntry,
    JournalState,
    SeenCode,
    from_micros,
    to_micros,
)
from gateway.store.statements import ANSWER, JOURNAL, LOCAL_CODE, REFERENCE, SEEN, TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select

# The system of journal numbers, as Provenance.entity names them.
JOURNAL_SYSTEM: Final = "urn:passerelle:journal"
_PATIENT: Final = parameter_id("Provenance", "patient")
_ENTITY: Final = parameter_id("Provenance", "entity")
# Entries of one patient that are looked at, the newest.
_MOST: Final = 10_000
# Entries read at once: originals are up to 256 KB each.
_CHUNK: Final = 100
_LARGE: Final = ("raw", "reply")
# What became of the answer, who has seen to it: read beside the entry itself.
_BESIDE: Final = (ANSWER.c.state, ANSWER.c.committed, ANSWER.c.answered, SEEN.c.who)
_REST: Final = tuple(column for name, column in JOURNAL.c.items() if name not in _LARGE)
# Without original and answer: whether there is an answer is all that a list asks.
_LISTED: Final = (*_REST, func.length(JOURNAL.c.reply), *_BESIDE)
_WHOLE: Final = (*_REST, JOURNAL.c.raw, JOURNAL.c.reply, *_BESIDE)


@dataclass(frozen=True, slots=True)
class JournalFilter:
    """What entries are wanted; what is left empty is not asked.

    `kind` is a message type (`ADT`) or type and event (`ADT^A28`), `sender` is MSH-3 or
    `MSH-3|MSH-4`, `patients` are ids of Patient resources. `text` is a part of a control id, sender
    or kind. `since` is the first instant of the period, `until` the first behind it. `numbers` are
    entries themselves, `before` a number: older ones are wanted. `replay_of` is the entry that was
    processed again.
    """

    states: tuple[JournalState, ...] = ()
    acknowledged: Acknowledged | None = None
    door: str = ""
    kind: str = ""
    sender: str = ""
    control_id: str = ""
    text: str = ""
    patients: tuple[str, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None
    numbers: tuple[int, ...] | None = None
    before: int | None = None
    unseen: bool = False
    replays: bool = True
    replay_of: int | None = None


class JournalReader(Reader):
    """The store's side of the journal; `Store` has it."""

    def journal(
        self, wanted: JournalFilter | None = None, *, limit: int = 50
    ) -> list[JournalEntry]:
        """Return entries, newest first, without originals and answers."""
        statement = self._selected(_LISTED, wanted or JournalFilter()).limit(limit)
        return [_listed(row) for row in self._fetch(statement)]

    def journal_whole(self, wanted: JournalFilter) -> Iterator[JournalEntry]:
        """Yield entries with originals and answers, newest first, a few at a time."""
        while True:
            statement = self._selected(_WHOLE, wanted).limit(_CHUNK)
            found = [_whole(row) for row in self._fetch(statement)]
            yield from found
            if len(found) < _CHUNK:
                return
            wanted = replace(wanted, before=found[-1].id)

    def journal_numbers(self, wanted: JournalFilter) -> list[int]:
        """Return the numbers of entries in the order of reception."""
        statement = select(JOURNAL.c.id, JOURNAL.c.received).where(*self._conditions(wanted))
        found = [(row[1], row[0]) for row in self._fetch(_beside(statement))]
        return [number for _, number in sorted(found)]

    def journal_entry(self, number: int) -> JournalEntry | None:
        """Return one entry with its original, or None."""
        found = self._fetch(_beside(select(*_WHOLE)).where(JOURNAL.c.id == number))
        return _whole(found[0]) if found else None

    def local_codes(self, sender: str = "") -> list[SeenCode]:
        """Return the codes that had no standard one when they came, most frequent first."""
        statement = select(LOCAL_CODE).order_by(LOCAL_CODE.c.count.desc(), LOCAL_CODE.c.code)
        if sender:
            statement = statement.where(_of_sender(LOCAL_CODE.c.sender, sender))
        return [_code(row) for row in self._fetch(statement)]

    def _selected(self, columns: Sequence[Any], wanted: JournalFilter) -> Select[Any]:
        statement = _beside(select(*columns)).where(*self._conditions(wanted))
        return statement.order_by(JOURNAL.c.id.desc())

    def _conditions(self, wanted: JournalFilter) -> list[ColumnElement[bool]]:
        found = [*_exact(wanted), *_bounds(wanted)]
        if wanted.text:
            columns = (JOURNAL.c.control_id, JOURNAL.c.sender, JOURNAL.c.kind)
            found.append(or_(*(one.contains(wanted.text, autoescape=True) for one in columns)))
        if wanted.patients is not None:
            numbers = self._about(wanted.patients)
            found.append(or_(JOURNAL.c.id.in_(numbers), JOURNAL.c.replay_of.in_(numbers)))
        return found

    def _about(self, patients: Sequence[str]) -> list[int]:
        """Return the entries that the Provenances of patients name."""
        statement = (
            select(TOKEN.c.code)
            .join_from(REFERENCE, TOKEN, REFERENCE.c.rid == TOKEN.c.rid)
            .where(
                REFERENCE.c.param == _PATIENT,
                REFERENCE.c.target_type == "Patient",
                REFERENCE.c.target_id.in_(patients),
                TOKEN.c.param == _ENTITY,
                TOKEN.c.system == JOURNAL_SYSTEM,
            )
        )
        numbers = {int(row[0]) for row in self._fetch(statement) if row[0].isdecimal()}
        return sorted(numbers, reverse=True)[:_MOST]


def _beside(statement: Select[Any]) -> Select[Any]:
    place = JOURNAL.outerjoin(ANSWER, ANSWER.c.entry == JOURNAL.c.id)
    return statement.select_from(place.outerjoin(SEEN, SEEN.c.entry == JOURNAL.c.id))


def _exact(wanted: JournalFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.states:
        yield JOURNAL.c.state.in_([one.value for one in wanted.states])
    if wanted.door:
        yield JOURNAL.c.door == wanted.door
    if wanted.kind:
        yield of_kind(wanted.kind)
    if wanted.sender:
        yield _of_sender(JOURNAL.c.sender, wanted.sender)
    if wanted.control_id:
        yield JOURNAL.c.control_id == wanted.control_id
    yield from _states(wanted)


def _states(wanted: JournalFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.acknowledged is not None:
        yield _acknowledged(wanted.acknowledged)
    if wanted.unseen:
        yield and_(unsettled(), SEEN.c.entry.is_(None))
    if not wanted.replays:
        yield JOURNAL.c.replay_of.is_(None)
    if wanted.replay_of is not None:
        yield JOURNAL.c.replay_of == wanted.replay_of


def _bounds(wanted: JournalFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.since is not None:
        yield JOURNAL.c.received >= to_micros(wanted.since)
    if wanted.until is not None:
        yield JOURNAL.c.received < to_micros(wanted.until)
    if wanted.before is not None:
        yield JOURNAL.c.id < wanted.before
    if wanted.numbers is not None:
        yield JOURNAL.c.id.in_(wanted.numbers) if wanted.numbers else false()


def unsettled() -> ColumnElement[bool]:
    """Return the condition of what a person has to look at."""
    repeated = and_(JOURNAL.c.door == DOOR_OUT, JOURNAL.c.state == JournalState.FAILED.value)
    return and_(JOURNAL.c.state.in_(UNSETTLED), not_(repeated))


def of_kind(kind: str) -> ColumnElement[bool]:
    """Return the condition of a message type, or of a type and event."""
    if "^" in kind:
        return JOURNAL.c.kind == kind
    return or_(JOURNAL.c.kind == kind, JOURNAL.c.kind.startswith(f"{kind}^", autoescape=True))


def _of_sender(column: ColumnElement[str], sender: str) -> ColumnElement[bool]:
    """Return the condition of an application at a facility, or anywhere."""
    if "|" in sender:
        return column == sender
    return or_(column == sender, column.startswith(f"{sender}|", autoescape=True))


def of_sender(sender: str) -> ColumnElement[bool]:
    """Return the condition of an entry's sender: MSH-3, or `MSH-3|MSH-4`."""
    return _of_sender(JOURNAL.c.sender, sender)


def _acknowledged(state: Acknowledged) -> ColumnElement[bool]:
    if state in (Acknowledged.SENT, Acknowledged.LOST):
        return ANSWER.c.state == state.value
    awaited = and_(
        func.length(JOURNAL.c.reply) > 0,
        or_(JOURNAL.c.replay_of.is_(None), JOURNAL.c.state == JournalState.DUPLICATE.value),
    )
    return and_(ANSWER.c.entry.is_(None), awaited if state is Acknowledged.PENDING else ~awaited)


def _listed(row: Sequence[Any]) -> JournalEntry:
    return _entry(row[: len(_REST)], row[len(_REST) :])


def _whole(row: Sequence[Any]) -> JournalEntry:
    raw, reply = row[len(_REST) : len(_REST) + 2]
    entry = _entry(row[: len(_REST)], (len(reply), *row[len(_REST) + 2 :]))
    return replace(entry, raw=None if raw is None else bytes(raw), reply=bytes(reply))


def _entry(columns: Sequence[Any], beside: Sequence[Any]) -> JournalEntry:
    given = dict(zip((column.name for column in _REST), columns, strict=True))
    reply, state, committed, answered, seen_by = beside
    given["received"] = from_micros(given["received"])
    given["state"] = JournalState(given["state"])
    given["issues"] = tuple(Issue(**item) for item in orjson.loads(given["issues"]))
    given["resources"] = tuple(orjson.loads(given["resources"]))
    given["digest"] = bytes(given["digest"])
    awaited = reply and (given["replay_of"] is None or given["state"] is JournalState.DUPLICATE)
    known = Acknowledged(state) if state else None
    return JournalEntry(
        **given,
        acknowledged=known or (Acknowledged.PENDING if awaited else Acknowledged.NONE),
        committed=from_micros(committed) if committed else None,
        answered=from_micros(answered) if answered else None,
        seen_by=seen_by or "",
    )


def _code(row: Sequence[Any]) -> SeenCode:
    given = dict(zip(LOCAL_CODE.c.keys(), row, strict=True))
    for name in ("first_seen", "last_seen"):
        given[name] = from_micros(given[name])
    return SeenCode(**given)
