"""Storage Commitment: the request, and its result on the same association (PS3.4 J.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from gateway.dicom.json_model import items, text
from gateway.dicom.writer import write_dataset
from gateway.dimse.answering import SUCCESS, Statuses, answering, require_permission
from gateway.dimse.command import ACTION_TYPE, EVENT_TYPE, Field
from gateway.errors import Invalid, Unsupported

if TYPE_CHECKING:
    from gateway.dicom.json_model import Model
    from gateway.dimse.exchange import Exchange, Service

_INSTANCE: Final = "1.2.840.10008.1.20.1.1"
_COMMIT: Final = 1
_ALL: Final = 1
_NOT_ALL: Final = 2
# PS3.7 annex C: processing failure; no such action; missing attribute.
_STATUSES: Final = Statuses(0x0110, {Unsupported: 0x0123, Invalid: 0x0120})
_TRANSACTION_UID: Final = 0x00081195
_REFERENCED: Final = 0x00081199


class Commitments(Protocol):
    """Who knows what is held."""

    def queue(self, model: Model, peer: str, /) -> bool:
        """Leave the result to an association of ours; False when the peer cannot be called."""

    def result(self, model: Model, /) -> tuple[Model, bool]:
        """Return the event information, and whether everything is committed."""


class Commitment:
    """Answers N-ACTION."""

    def __init__(self, commitments: Commitments) -> None:
        """Ask `commitments`."""
        self._commitments = commitments

    def commands(self) -> dict[int, Service]:
        """Return what answers each command."""
        return {Field.ACTION_RQ: self._act}

    def _act(self, exchange: Exchange) -> None:
        with answering(exchange, "N-ACTION", _STATUSES) as told:
            model = self._request(exchange)
            queued = self._commitments.queue(model, exchange.peer.calling)
            exchange.respond(SUCCESS)
            told.status = SUCCESS
            if not queued:
                self._report(exchange, model)

    def _request(self, exchange: Exchange) -> Model:
        require_permission(exchange, "N-ACTION")
        if exchange.command.number(ACTION_TYPE) != _COMMIT:
            message = "The action is not one of storage commitment."
            raise Unsupported(message)
        model = exchange.identifier()
        if not text(model, _TRANSACTION_UID) or not items(model, _REFERENCED):
            message = "Transaction UID (0008,1195) and references (0008,1199) are required."
            raise Invalid(message)
        return model

    def _report(self, exchange: Exchange, model: Model) -> None:
        """Tell the result at once; a peer that goes before has no address to be told at."""
        result, complete = self._commitments.result(model)
        written = write_dataset(result, explicit=exchange.explicit, charset="")
        event = {EVENT_TYPE: _ALL if complete else _NOT_ALL}
        name = (exchange.command.sop_class, exchange.command.sop_instance or _INSTANCE)
        exchange.ask(exchange.context_id, Field.EVENT_REPORT_RQ, name, written, event)
