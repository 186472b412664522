"""`gateway demo`: one patient's story through the real doors."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import argparse

    from gateway.settings import Settings

STORY: Final = "cpts-imaging"
WALKS: Final = ("cesoa", "equip-addict", "post-covid", "sec-pa")
_MISUSED: Final = 2
_INTERRUPTED: Final = 130


def add_commands(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type private
    """Add `demo`."""
    demo = commands.add_parser(
        "demo",
        help="one patient's story through the real doors",
        epilog=f"DEMO={STORY} names the story; DEMO_EXIT=1 ends when it has been played.",
    )
    demo.set_defaults(run=run)


def run(settings: Settings, _given: argparse.Namespace) -> int:
    """Play the story that DEMO names; 0 when it arrived whole, 1 when not, 2 when misused."""
    name = os.environ.get("DEMO", "") or STORY
    refusal = refuse(name)
    if refusal:
        print(f"gateway: {refusal}", file=sys.stderr)
        return _MISUSED
    try:
        return _play(settings, "" if name == STORY else name)
    except KeyboardInterrupt:
        # Before anything was started.
        return _INTERRUPTED


def _play(settings: Settings, walk: str) -> int:
    from gateway.app.demo.evening import NotOurs, Wish, demonstrate  # noqa: PLC0415 - its own
    from gateway.app.demo.screen import Screen  # noqa: PLC0415 - as above

    ends = os.environ.get("DEMO_EXIT", "") not in ("", "0")
    # A fresh directory unless one was named: the default one may be somebody's installation.
    data_dir = settings.data_dir if os.environ.get("GATEWAY_DATA_DIR") else None
    try:
        return demonstrate(settings, Wish(ends, data_dir, walk), Screen.on(sys.stdout))
    except NotOurs as fault:
        print(f"gateway: {fault}", file=sys.stderr)
        return _MISUSED


def refuse(name: str) -> str:
    """Return why a story is not played, or nothing."""
    if name in (STORY, *WALKS):
        return ""
    known = ", ".join((STORY, *WALKS))
    return f"La démonstration {name!r} n'existe pas. Les noms sont : {known}."
