"""`gateway codes`: codes of the senders' own, and the standard ones that an operator gives."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from gateway.app import assembly
from gateway.app.cli.table import show
from gateway.ingest.local_codes import Given, map_code
from gateway.store.translations import Translations

if TYPE_CHECKING:
    import argparse

    from gateway.settings import Settings
    from gateway.store.records import SeenCode

_GIVEN: Final = ("sender", "system", "code", "target_system", "target_code")


def add_commands(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type private
    """Add `codes list` and `codes map`."""
    family = commands.add_parser("codes", help="the senders' own codes, and what they mean")
    actions = family.add_subparsers(required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="codes without a standard one, the most used first")
    listing.add_argument("--sender", default="", help="MSH-3, or MSH-3|MSH-4")
    listing.add_argument("--all", action="store_true", help="those that have one by now, too")
    listing.add_argument("--json", action="store_true")
    listing.set_defaults(run=list_codes)
    mapping = actions.add_parser("map", help="give a code a standard one")
    mapping.add_argument("sender", metavar="SENDER", help="MSH-3|MSH-4, as listed")
    mapping.add_argument("system", metavar="SYSTEM", help="its system, as listed")
    mapping.add_argument("code", metavar="CODE")
    mapping.add_argument("target_system", metavar="TARGET-SYSTEM", help="http://loinc.org")
    mapping.add_argument("target_code", metavar="TARGET-CODE")
    mapping.add_argument("display", metavar="DISPLAY", nargs="?", default="")
    mapping.set_defaults(run=give_code)


def list_codes(settings: Settings, given: argparse.Namespace) -> int:
    """Print the codes; those that have a standard one by now are left out."""
    base = assembly.found(settings)
    translate = Translations(base.store).translate
    rows = []
    for one in base.store.local_codes(given.sender):
        standard = translate(one.sender, one.system, one.code)
        if standard is None or given.all:
            rows.append(_row(one, standard))
    show(rows, as_json=given.json, empty="Every code has a standard one.")
    base.close()
    return 0


def _row(code: SeenCode, standard: dict[str, Any] | None) -> dict[str, object]:
    target = f"{standard.get('system', '')}|{standard['code']}" if standard else ""
    return {
        "sender": code.sender,
        "field": code.field,
        "system": code.system,
        "code": code.code,
        "display": code.display,
        "count": code.count,
        "last seen": code.last_seen.astimezone().isoformat(sep=" ", timespec="seconds"),
        "standard": target,
    }


def give_code(settings: Settings, given: argparse.Namespace) -> int:
    """Write the ConceptMap of the sender; messages use it from the next second on."""
    base = assembly.found(settings)
    wanted = Given._make((*(getattr(given, name) for name in _GIVEN), given.display))
    written = map_code(base.store, assembly.build_resources(base), wanted)
    base.close()
    print(f"{settings.fhir_url}/{written.stored.reference}: {written.outcome}")
    print(f"What had it: gateway journal replay --code {given.code}", file=sys.stderr)
    return 0
