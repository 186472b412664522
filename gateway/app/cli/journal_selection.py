"""What entries of the journal a command line means."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from gateway.app.cli.words import local_time
from gateway.app.originals import original
from gateway.errors import Invalid, Malformed, NotFound
from gateway.fhir.search.query import parse_search
from gateway.hl7v2.batch import split_messages
from gateway.hl7v2.message import Message
from gateway.ingest.recording import has_code
from gateway.store.journal import JournalFilter
from gateway.store.records import Acknowledged, JournalState

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from datetime import datetime

    from gateway.app.assembly import Foundation
    from gateway.store.records import JournalEntry

_DOORS: Final = ("mllp", "dimse", "mllp-out")


def add_filters(parser: Any) -> None:  # noqa: ANN401 - argparse keeps the type private
    """Add the options by which entries are chosen."""
    parser.add_argument("--state", choices=[one.value for one in JournalState], action="append")
    parser.add_argument(
        "--acknowledged", choices=[one.value for one in Acknowledged], help="was it answered"
    )
    parser.add_argument("--door", choices=_DOORS)
    parser.add_argument("--type", metavar="TYPE", help="ADT, or ADT^A28")
    parser.add_argument("--sender", metavar="SENDER", help="MSH-3, or MSH-3|MSH-4")
    parser.add_argument("--control-id", metavar="ID", help="MSH-10")
    parser.add_argument(
        "--patient", metavar="PATIENT", help="id of a Patient, or an identifier ([system|]value)"
    )
    parser.add_argument(
        "--since", metavar="TIME", type=local_time, help="2026-03-12, or with a time"
    )
    parser.add_argument("--until", metavar="TIME", type=local_time, help="not after it")
    parser.add_argument("--day", metavar="DAY", type=local_time, help="one day, 2026-03-12")
    parser.add_argument("--text", help="in the message, its control id, sender or type")
    parser.add_argument("--code", metavar="CODE", help="had this code without a standard one")
    parser.add_argument("--before", type=int, metavar="NUMBER", help="older than this entry")


def wanted_by(
    base: Foundation, given: argparse.Namespace, *, unseen: bool = False, replays: bool = True
) -> JournalFilter:
    """Return the filter that the options mean, but for `--text` and `--code`.

    Raises `Invalid` for a patient that nobody is.
    """
    wanted = JournalFilter(
        states=tuple(map(JournalState, given.state or ())),
        acknowledged=Acknowledged(given.acknowledged) if given.acknowledged else None,
        door=given.door or "",
        kind=given.type or "",
        sender=given.sender or "",
        control_id=given.control_id or "",
        since=given.since,
        until=_end(given.until),
        before=given.before,
        unseen=unseen,
        replays=replays,
    )
    if given.day is not None:
        day = given.day.replace(hour=0, minute=0, second=0, microsecond=0)
        # The next midnight: days of the change to summer time have no 24 hours.
        end = (day.replace(tzinfo=None) + timedelta(days=1)).astimezone()
        wanted = replace(wanted, since=day, until=end)
    if given.patient:
        wanted = replace(wanted, patients=patients_of(base, given.patient))
    return wanted


def _end(until: datetime | None) -> datetime | None:
    """Return the first instant behind a time: a day that is named is meant whole."""
    if until is None:
        return None
    local = until.replace(tzinfo=None)
    if (local.hour, local.minute, local.second) == (0, 0, 0):
        return (local + timedelta(days=1)).astimezone()
    return until + timedelta(microseconds=1)


def patients_of(base: Foundation, named: str) -> tuple[str, ...]:
    """Return the ids of the Patients that an id or an identifier names, and of those they were.

    Raises `Invalid` when there is none.
    """
    wanted = named.removeprefix("Patient/")
    held = base.store.read("Patient", wanted)
    found = [] if held is None or held.deleted else [held]
    if not found:
        value = wanted.replace("\\", "\\\\").replace(",", "\\,").replace("$", "\\$")
        query = parse_search("Patient", [("identifier", value), ("_count", "50")])
        found = list(base.store.search(query).matches)
    if not found:
        message = f"No patient has the id or the identifier {named}."
        raise Invalid(message)
    ids = {one.id: None for one in found}
    for one in found:
        for link in one.resource.get("link", ()):
            kind, _, other = link.get("other", {}).get("reference", "").partition("/")
            if kind == "Patient" and other:
                ids[other] = None
    return tuple(ids)


def entries_in(
    base: Foundation, given: argparse.Namespace, wanted: JournalFilter
) -> Iterator[JournalEntry]:
    """Yield the entries, newest first, with `--text` and `--code` taken into account."""
    folded = (given.text or "").casefold()
    for entry in base.store.journal_whole(wanted):
        if given.code and not has_code(entry.issues, given.code):
            continue
        if not folded or folded in _words(base, entry):
            yield entry


def _words(base: Foundation, entry: JournalEntry) -> str:
    """Return all that is searched of an entry: its names and the message, in small letters."""
    content = ""
    # What the object store has lost, nothing finds.
    with suppress(NotFound):
        content = decoded(original(base, entry))
    return f"{entry.control_id} {entry.sender} {entry.kind} {content}".casefold()


def decoded(raw: bytes) -> str:
    """Return a message as text, in the character set that its bytes are in."""
    try:
        messages = [Message.parse(one) for one in split_messages(raw)]
    except Malformed:
        return raw.decode("utf-8", "replace")
    return "\n".join(segment.raw for message in messages for segment in message.segments)
