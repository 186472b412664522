"""Forgets what the rules of `gateway.toml` say, while nobody notices."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from gateway.app import assembly
from gateway.errors import GatewayError
from gateway.store.pruning import Pruning, Rule

if TYPE_CHECKING:
    import threading

    from gateway.app.assembly import Foundation

_log = logging.getLogger("gateway.journal")
# Between two steps of one round: writers are let in.
_STEP_SECONDS: Final = 0.2
_ROUND_SECONDS: Final = 600.0


def pruning_of(base: Foundation) -> Pruning:
    """Return what applies the rules of the settings."""
    rules = [
        Rule(one.original_days, one.entry_days, one.types, one.senders, one.states)
        for one in base.settings.peers.journal_retention
    ]
    return Pruning(base.store, base.objects, rules)


def prune(base: Foundation, stop: threading.Event) -> None:
    """Apply the rules until `stop` is set; there may be none."""
    if not base.settings.peers.journal_retention:
        return
    pruning = pruning_of(base)
    pause = _STEP_SECONDS
    while not stop.wait(pause):
        pause = _STEP_SECONDS if _step(pruning) else _ROUND_SECONDS


def _step(pruning: Pruning) -> bool:
    try:
        done = pruning.step(assembly.now())
    except GatewayError as refusal:
        # The store or the objects do not answer now: the next round begins where this one did.
        _log.warning("journal.not-pruned", extra={"kind": type(refusal).__name__})
        return False
    if done:
        _log.info(
            "journal.pruned",
            extra={
                "originals": done.originals,
                "entries": done.entries,
                "objects": done.objects,
                "bytes": done.size,
                "pages": done.pages,
            },
        )
    return bool(done)
