"""`gateway journal`: what came in, what became of it, and process it again."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from gateway.app import assembly
from gateway.app.cli.table import show
from gateway.errors import NotFound, Unsupported
from gateway.store.records import JournalState

if TYPE_CHECKING:
    import argparse

    from gateway.settings import Settings
    from gateway.store.records import JournalEntry


def add_commands(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type private
    """Add `journal list`, `journal show` and `journal replay`."""
    family = commands.add_parser("journal", help="what came in and what became of it")
    actions = family.add_subparsers(required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="newest first")
    listing.add_argument("--state", type=JournalState, choices=list(JournalState))
    listing.add_argument("--door", choices=("mllp", "dimse"))
    listing.add_argument("--text", help="part of a control id, sender or message type")
    listing.add_argument("--before", type=int, metavar="NUMBER", help="older than this entry")
    listing.add_argument("--limit", type=int, default=50)
    listing.add_argument("--json", action="store_true")
    listing.set_defaults(run=list_entries)
    one = actions.add_parser("show", help="one entry, with the original")
    one.add_argument("number", type=int)
    one.add_argument("--raw", action="store_true", help="only the original, byte for byte")
    one.set_defaults(run=show_entry)
    replay = actions.add_parser("replay", help="process again what is there")
    replay.add_argument("number", type=int, nargs="+")
    replay.set_defaults(run=replay_entries)


def list_entries(settings: Settings, given: argparse.Namespace) -> int:
    """Print entries, newest first."""
    base = assembly.found(settings)
    found = base.store.journal(
        before=given.before, state=given.state, door=given.door, text=given.text, limit=given.limit
    )
    rows = [_row(entry) for entry in found]
    show(rows, as_json=given.json, empty="Nothing has come in yet.")
    base.close()
    return 0


def _row(entry: JournalEntry) -> dict[str, object]:
    return {
        "number": entry.id,
        "received": entry.received.astimezone().isoformat(sep=" ", timespec="milliseconds"),
        "door": entry.door,
        "kind": entry.kind,
        "sender": entry.sender,
        "control id": entry.control_id,
        "state": entry.state.value,
        "answer": entry.answer,
        "ms": f"{entry.took / 1000:.1f}",
        "bytes": entry.size,
    }


def show_entry(settings: Settings, given: argparse.Namespace) -> int:
    """Print one entry: what became of it, then the original."""
    base = assembly.found(settings)
    entry = _entry(base, given.number)
    raw = original(base, entry)
    base.close()
    if given.raw:
        sys.stdout.buffer.write(raw)
        return 0
    for name, value in _row(entry).items():
        print(f"{name:<11} {value}")
    for issue in entry.issues:
        print(f"{issue.severity:<11} {issue.location or issue.expression or ''} {issue.text}")
    for reference in entry.resources:
        print(f"{'resource':<11} {settings.fhir_url}/{reference}")
    if entry.reply:
        print("\nanswered:")
        print(entry.reply.decode("utf-8", "replace").replace("\r", "\n"))
    if entry.door == "mllp":
        print("received:")
        print(raw.decode("utf-8", "replace").replace("\r", "\n"))
    return 0


def replay_entries(settings: Settings, given: argparse.Namespace) -> int:
    """Process entries again; what has been done already is not done twice."""
    base = assembly.found(settings)
    ingest = assembly.build_messages(base)
    worst = 0
    for number in given.number:
        entry = _entry(base, number)
        if entry.door != "mllp":
            message = f"Entry {number} came in by {entry.door}: only messages can be replayed."
            raise Unsupported(message)
        reply = ingest.receive(original(base, entry), "replay", replay_of=number)
        accepted = b"\rMSA|AA" in reply
        worst = worst or int(not accepted)
        print(f"{number}: {'processed' if accepted else 'refused'}")
    base.close()
    return worst


def original(base: assembly.Foundation, entry: JournalEntry) -> bytes:
    """Return what came in, byte for byte."""
    if entry.raw is not None:
        return entry.raw
    if entry.object is not None:
        return base.objects.read(entry.object)
    if entry.replay_of is not None:
        return original(base, _entry(base, entry.replay_of))
    return b""


def _entry(base: assembly.Foundation, number: int) -> JournalEntry:
    entry = base.store.journal_entry(number)
    if entry is None:
        message = f"There is no journal entry {number}."
        raise NotFound(message)
    return entry
