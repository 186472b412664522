"""`gateway journal replay`: messages processed again, in the order in which they came.

Always safe: what is older than what is held changes nothing, and ids are stable.
"""

from __future__ import annotations

import getpass
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from gateway.app import assembly
from gateway.app.cli.journal_selection import add_filters, entries_in, wanted_by
from gateway.app.originals import entry_of, original
from gateway.errors import Invalid, NotFound, Unsupported

if TYPE_CHECKING:
    import argparse

    from gateway.settings import Settings
    from gateway.store.records import JournalEntry

_ACCEPTED: Final = b"\rMSA|AA"
_CHOSEN: Final = (
    "state",
    "acknowledged",
    "type",
    "sender",
    "control_id",
    "patient",
    "since",
    "until",
    "day",
    "text",
    "code",
)


def add_replay(actions: Any) -> None:  # noqa: ANN401 - argparse keeps the type private
    """Add `journal replay`."""
    replay = actions.add_parser("replay", help="process again what is there")
    replay.add_argument("number", type=int, nargs="*")
    add_filters(replay)
    replay.add_argument("--dry-run", action="store_true", help="only say what would be done")
    replay.add_argument("--reason", default="", help="why, for the journal")
    replay.set_defaults(run=replay_entries)


def replay_entries(settings: Settings, given: argparse.Namespace) -> int:
    """Process entries again; 0 when every one was accepted."""
    base = assembly.found(settings)
    ingest = assembly.build_messages(base)
    who = f"operator:{getpass.getuser()}"
    worst = 0
    for number in _numbers(base, given):
        entry = _entry(base, number)
        if given.dry_run:
            print(_said(entry))
            continue
        raw = _original(base, entry)
        reply = ingest.receive(
            raw, who, replay_of=entry.replay_of or number, always=True, reason=given.reason
        )
        accepted = _ACCEPTED in reply
        worst = worst or int(not accepted)
        print(f"{number}: {'processed' if accepted else 'refused'}", flush=True)
    base.close()
    return worst


def _numbers(base: assembly.Foundation, given: argparse.Namespace) -> list[int]:
    """Return the entries in the order of their reception; those that are named, in theirs."""
    chosen = any(getattr(given, name) for name in _CHOSEN)
    if given.number and not chosen:
        return list(given.number)
    if not chosen:
        message = "Name entries, or choose them: --day, --patient, --type, --sender and others."
        raise Invalid(message)
    wanted = wanted_by(base, given, replays=False)
    if given.number:
        wanted = replace(wanted, numbers=tuple(given.number))
    if given.text or given.code:
        entries = entries_in(base, given, wanted)
        numbers = [number for _, number in sorted((one.received, one.id) for one in entries)]
    else:
        numbers = base.store.journal_numbers(wanted)
    if not numbers:
        print("There is nothing like that in the journal.", file=sys.stderr)
    return numbers


def _said(entry: JournalEntry) -> str:
    when = entry.received.astimezone().isoformat(sep=" ", timespec="milliseconds")
    size = f"{entry.size} bytes" if entry.raw or entry.object else "its original is forgotten"
    return f"{entry.id}: {when} {entry.kind} {entry.sender} {entry.control_id}, {size}"


def _entry(base: assembly.Foundation, number: int) -> JournalEntry:
    entry = entry_of(base, number)
    if entry.door != "mllp":
        message = f"Entry {number} came in by {entry.door}: only messages can be replayed."
        raise Unsupported(message)
    return entry


def _original(base: assembly.Foundation, entry: JournalEntry) -> bytes:
    """Return what came in; raises `NotFound` when a rule has had it forgotten."""
    raw = original(base, entry)
    if not raw:
        message = f"The original of entry {entry.id} has been forgotten by rule."
        raise NotFound(message)
    return raw
