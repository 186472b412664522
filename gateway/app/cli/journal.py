"""`gateway journal`: what came in, what became of it, process it again, forget it by rule."""

from __future__ import annotations

import getpass
import sys
from itertools import islice
from typing import TYPE_CHECKING, Any

from gateway.app import assembly
from gateway.app.cli.journal_selection import add_filters, decoded, entries_in, wanted_by
from gateway.app.cli.replay import add_replay
from gateway.app.cli.table import show
from gateway.app.originals import entry_of, original
from gateway.errors import Conflict
from gateway.store.journal import JournalFilter
from gateway.store.pruning import compact, seen
from gateway.store.records import UNSETTLED

if TYPE_CHECKING:
    import argparse

    from gateway.settings import Settings
    from gateway.store.records import JournalEntry


def add_commands(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type private
    """Add `journal list`, `show`, `replay`, `seen` and `prune`."""
    family = commands.add_parser("journal", help="what came in and what became of it")
    actions = family.add_subparsers(required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="newest first")
    add_filters(listing)
    listing.add_argument("--unseen", action="store_true", help="failed, and nobody has seen to it")
    listing.add_argument("--limit", type=int, default=50)
    listing.add_argument("--json", action="store_true")
    listing.set_defaults(run=list_entries)
    one = actions.add_parser("show", help="one entry, with the original")
    one.add_argument("number", type=int)
    one.add_argument("--raw", action="store_true", help="only the original, byte for byte")
    one.set_defaults(run=show_entry)
    add_replay(actions)
    settled = actions.add_parser("seen", help="say that somebody has seen to what failed")
    settled.add_argument("number", type=int, nargs="+")
    settled.set_defaults(run=see_entries)
    pruning = actions.add_parser("prune", help="forget by the rules of gateway.toml, now")
    pruning.add_argument("--dry-run", action="store_true", help="only say what would go")
    pruning.add_argument(
        "--compact", action="store_true", help="give all free space back; writers wait meanwhile"
    )
    pruning.set_defaults(run=prune)


def list_entries(settings: Settings, given: argparse.Namespace) -> int:
    """Print entries, newest first."""
    base = assembly.found(settings)
    wanted = wanted_by(base, given, unseen=given.unseen)
    if given.text or given.code:
        chosen = entries_in(base, given, wanted)
        found = list(islice(chosen, given.limit))
    else:
        found = base.store.journal(wanted, limit=given.limit)
    whole = wanted == JournalFilter() and not given.text and not given.code
    empty = "Nothing has come in yet." if whole else "There is nothing like that in the journal."
    show([row_of(one) for one in found], as_json=given.json, empty=empty)
    base.close()
    return 0


def row_of(entry: JournalEntry) -> dict[str, object]:
    """Return what a list says of an entry."""
    return {
        "number": entry.id,
        "received": entry.received.astimezone().isoformat(sep=" ", timespec="milliseconds"),
        "door": entry.door,
        "kind": entry.kind,
        "sender": entry.sender,
        "control id": entry.control_id,
        "state": entry.state.value,
        "answer": entry.answer,
        "answered": entry.acknowledged.value,
        "ms": f"{entry.took / 1000:.1f}",
        "bytes": entry.size,
    }


def show_entry(settings: Settings, given: argparse.Namespace) -> int:
    """Print one entry: what became of it, then the original."""
    base = assembly.found(settings)
    entry = entry_of(base, given.number)
    raw = original(base, entry)
    base.close()
    if given.raw:
        sys.stdout.buffer.write(raw)
        return 0
    for name, value in {**row_of(entry), **_times(entry)}.items():
        print(f"{name:<11} {value}")
    for issue in entry.issues:
        print(f"{issue.severity:<11} {issue.location or issue.expression or ''} {issue.text}")
    for reference in entry.resources:
        print(f"{'resource':<11} {settings.fhir_url}/{reference}")
    if entry.reply:
        print("\nanswered:")
        print(decoded(entry.reply))
    if entry.door == "mllp":
        print("received:")
        print(decoded(raw) if raw else "(the original has been forgotten by rule)")
    return 0


def _times(entry: JournalEntry) -> dict[str, object]:
    """Return the timings: milliseconds after the reception."""
    times: dict[str, object] = {"peer": entry.peer}
    if entry.mapped:
        times["mapped"] = f"+{entry.mapped / 1000:.1f} ms"
    for name, moment in (("committed", entry.committed), ("left", entry.answered)):
        if moment is not None:
            times[name] = f"+{(moment - entry.received).total_seconds() * 1000:.1f} ms"
    if entry.replay_of is not None:
        times["again"] = f"entry {entry.replay_of}"
    if entry.seen_by:
        times["seen by"] = entry.seen_by
    return times


def see_entries(settings: Settings, given: argparse.Namespace) -> int:
    """Note that somebody has seen to entries that were refused or failed."""
    base = assembly.found(settings)
    who = getpass.getuser()
    for number in given.number:
        entry = entry_of(base, number)
        if entry.state not in UNSETTLED:
            message = f"Entry {number} is {entry.state.value}: there is nothing to see to."
            raise Conflict(message)
        seen(base.store, number, who)
        print(f"{number}: seen by {who}")
    base.close()
    return 0


def prune(settings: Settings, given: argparse.Namespace) -> int:
    """Forget what the rules say, step by step, and give space back."""
    from gateway.app.retention import pruning_of  # noqa: PLC0415 - other commands need none

    base = assembly.found(settings)
    pruning = pruning_of(base)
    if not settings.peers.journal_retention:
        print("There are no rules: see [[journal_retention]] in docs/settings.md.", file=sys.stderr)
    would = pruning.would(assembly.now())
    verb = "would be" if given.dry_run else "are"
    print(f"{would.originals} originals and {would.entries} entries {verb} forgotten.")
    if not given.dry_run:
        while pruning.step(assembly.now()):
            pass
        if given.compact:
            compact(base.store)
    base.close()
    return 0
