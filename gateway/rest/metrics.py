"""Numbers for Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.rest.answer import Answer

if TYPE_CHECKING:
    from gateway.rest.call import Call


def metrics(call: Call) -> Answer:
    """Answer the exposition text as the composition root gathers it."""
    text, media = call.ports.metrics()
    return Answer(200, text, media=media.encode("latin-1"))
