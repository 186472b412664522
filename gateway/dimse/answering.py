"""What every service with a dataset does around its work: permission, status, log line."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.access.decision import Request, decide
from gateway.dimse.connection import Closed
from gateway.errors import Forbidden, GatewayError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gateway.dimse.exchange import Exchange

_log = logging.getLogger("gateway.dimse")
SUCCESS: Final = 0x0000


class Statuses(NamedTuple):
    """How a service says what went wrong: `fault` of ours, and its `own` words for refusals.

    `more` are further elements of a response, by its status.
    """

    fault: int
    own: Mapping[type[GatewayError], int] = MappingProxyType({})
    more: Mapping[int, Mapping[int, int | str]] = MappingProxyType({})

    def of(self, refusal: GatewayError) -> int:
        """Return the status of a refusal: what the service says for it, else for all others."""
        own = (status for kind, status in self.own.items() if isinstance(refusal, kind))
        return next(own, refusal.dimse_status)


@dataclass(slots=True)
class Told:
    """What the log will say of a request: its last status, and what was counted."""

    status: int
    counts: Callable[[], Mapping[str, int]] = dict


@contextmanager
def answering(exchange: Exchange, action: str, statuses: Statuses) -> Iterator[Told]:
    """Answer what goes wrong inside, and log what became of the request.

    Raises `Closed` and `TimeoutError` alone: nobody is there to be answered.
    """
    told = Told(statuses.fault)
    try:
        yield told
    except GatewayError as refusal:
        told.status = statuses.of(refusal)
        exchange.respond(told.status, refusal.text, more=statuses.more.get(told.status, {}))
    except (Closed, TimeoutError):
        raise
    except Exception as fault:  # noqa: BLE001 - whoever asks must get a status, whatever it is
        # No trace: it may quote the patient.
        _log.error("dimse.fault", extra={"kind": type(fault).__name__})
        told.status = statuses.fault
        exchange.respond(told.status)
    finally:
        said = {"action": action, "calling": exchange.peer.calling, "status": f"{told.status:04X}"}
        _log.info("dimse.request", extra={**said, **told.counts()})


def require_permission(exchange: Exchange, action: str) -> None:
    """Raise `Forbidden` unless the peer may do it."""
    peer = exchange.peer
    decision = decide(Request("dimse", action, caller=peer.calling, peer=peer.address))
    if not decision.permitted:
        raise Forbidden(decision.reason)
