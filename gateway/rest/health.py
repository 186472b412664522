"""Whether the process is up, and whether it can do its work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.errors import GatewayError
from gateway.fhir.wire import dumps
from gateway.rest.answer import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.rest.call import Call
    from gateway.rest.ports import Ports

_JSON: Final = b"application/json"
READY: Final = "ready"


def live(call: Call) -> Answer:
    """Answer 200: the process hears."""
    return Answer(200, dumps({"status": "up", "version": call.ports.version}), media=_JSON)


def ready(call: Call) -> Answer:
    """Answer 200 when database, objects and every other door are ready, else 503 saying which."""
    states = readiness(call.ports)
    failing = [{"name": name, "why": why} for name, why in states.items() if why != READY]
    status = "not ready" if failing else READY
    body = dumps({"status": status, "not_ready": failing, "checked": sorted(states)})
    return Answer(503 if failing else 200, body, media=_JSON)


def readiness(ports: Ports) -> dict[str, str]:
    """Return what each part says: `ready`, or why it is not."""
    own = {
        "database": _try(ports.store.ping),
        "objects": _try(ports.objects.check),
    }
    return own | dict(ports.doors())


def _try(check: Callable[[], object]) -> str:
    try:
        check()
    except GatewayError as refusal:
        return refusal.text
    return READY
