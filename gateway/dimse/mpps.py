"""Modality Performed Procedure Step: N-CREATE, N-SET and N-GET (PS3.4 annex F)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol
from uuid import uuid4

from gateway.dicom.writer import charset_for, write_dataset
from gateway.dimse.answering import SUCCESS, Statuses, answering, require_permission
from gateway.dimse.command import ERROR_ID, Field
from gateway.errors import Conflict, Invalid, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.dicom.json_model import Model
    from gateway.dimse.exchange import Exchange, Service
    from gateway.errors import GatewayError

_PROCESSING_FAILURE: Final = 0x0110
_DUPLICATE: Final = 0x0111
_NO_SUCH_INSTANCE: Final = 0x0112
_INVALID_VALUE: Final = 0x0106
_MISTYPED: Final = 0x0212
# PS3.4 table F.7.2-2: the step may no longer be updated.
_ENDED: Final = 0xA710
_SOP_INSTANCE: Final = 0x1000


class Steps(Protocol):
    """Who keeps procedure steps."""

    def create(self, uid: str, model: Model, calling_ae: str, /) -> None:
        """Take a new step; raises `Invalid`, `Conflict`, `Unavailable`."""

    def change(self, uid: str, model: Model, calling_ae: str, /) -> None:
        """Take what became of a step; raises `NotFound`, `Conflict`, `Invalid`, `Unavailable`."""

    def read(self, uid: str, /) -> Model:
        """Return a step; raises `NotFound`."""


class ProcedureSteps:
    """Answers the commands of the two SOP classes."""

    def __init__(self, steps: Steps) -> None:
        """Keep them in `steps`."""
        self._steps = steps

    def commands(self) -> dict[int, Service]:
        """Return what answers each command of the SOP class that modalities use."""
        return {Field.CREATE_RQ: self._create, Field.SET_RQ: self._set}

    def reading(self) -> dict[int, Service]:
        """Return what answers the SOP class for those who only look."""
        return {Field.N_GET_RQ: self._get}

    def _create(self, exchange: Exchange) -> None:
        # Whoever creates may leave the UID to us (PS3.7 10.1.5.1.4).
        uid = exchange.command.sop_instance or f"2.25.{uuid4().int}"

        def create() -> None:
            self._steps.create(uid, exchange.identifier(), exchange.peer.calling)
            exchange.respond(SUCCESS, more={_SOP_INSTANCE: uid})

        _answer(exchange, "N-CREATE", create, {Conflict: _DUPLICATE})

    def _set(self, exchange: Exchange) -> None:
        def change() -> None:
            uid = exchange.command.sop_instance
            self._steps.change(uid, exchange.identifier(), exchange.peer.calling)
            exchange.respond(SUCCESS)

        _answer(exchange, "N-SET", change, {Conflict: _PROCESSING_FAILURE})

    def _get(self, exchange: Exchange) -> None:
        def get() -> None:
            model = self._steps.read(exchange.command.sop_instance)
            charset = charset_for(model, ())
            written = write_dataset(model, explicit=exchange.explicit, charset=charset)
            exchange.respond(SUCCESS, dataset=written)

        _answer(exchange, "N-GET", get, {})


def _answer(
    exchange: Exchange,
    action: str,
    work: Callable[[], None],
    own: dict[type[GatewayError], int],
) -> None:
    statuses = Statuses(
        _PROCESSING_FAILURE,
        {**own, NotFound: _NO_SUCH_INSTANCE, Invalid: _INVALID_VALUE},
        {_PROCESSING_FAILURE: {ERROR_ID: _ENDED}},
    )
    with answering(exchange, action, statuses) as told:
        require_permission(exchange, action)
        work()
        told.status = SUCCESS
