"""C-GET and C-MOVE: objects as they are stored, each a sub-operation (PS3.4 C.4.2 and C.4.3)."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from gateway.delivery.failures import CourierFailure
from gateway.dicom.json_model import element, key
from gateway.dicom.part10 import read_file_meta
from gateway.dicom.transcoding import dataset_in
from gateway.dicom.writer import write_dataset
from gateway.dimse import command as names
from gateway.dimse.answering import SUCCESS, Statuses, answering
from gateway.dimse.command import Field
from gateway.dimse.find import CANCELLED, STATUSES, read_identifier
from gateway.dimse.query_retrieve import retrieval_of
from gateway.errors import GatewayError, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from typing import BinaryIO

    from gateway.delivery.holdings import Holdings
    from gateway.dimse.exchange import Exchange
    from gateway.store.records import Instance

_log = logging.getLogger("gateway.dimse")
_PENDING: Final = 0xFF00
_SOME_FAILED: Final = 0xB000
_UNKNOWN_DESTINATION: Final = 0xA801
_NO_SUB_OPERATION: Final = 0xA702
# Failed SOP Instance UID List (0008,0058).
_FAILED_LIST: Final = 0x00080058
_STATUSES: Final = Statuses(STATUSES.fault, {NotFound: _UNKNOWN_DESTINATION, **STATUSES.own})
_WARNINGS: Final = range(0xB000, 0xC000)
_HEAD: Final = 1 << 13


class Outlet(Protocol):
    """Where the objects of one request go."""

    def store(self, instance: Instance) -> int:
        """Hand one object over and return the status; raises `Closed`, `TimeoutError`."""

    @property
    def cancelled(self) -> bool:
        """Whether the peer has cancelled meanwhile."""


@dataclass(slots=True)
class _Counts:
    remaining: int = 0
    completed: int = 0
    failed: list[str] = field(default_factory=list)
    warning: int = 0

    def take(self, sop_uid: str, status: int) -> None:
        self.remaining -= 1
        if status == SUCCESS:
            self.completed += 1
        elif status in _WARNINGS:
            self.warning += 1
        else:
            self.failed.append(sop_uid)

    def elements(self, *, final: bool) -> dict[int, int | str]:
        remaining = {} if final else {names.REMAINING: self.remaining}
        return {
            **remaining,
            names.COMPLETED: self.completed,
            names.FAILED: len(self.failed),
            names.WARNING: self.warning,
        }

    def told(self) -> dict[str, int]:
        return {"completed": self.completed, "failed": len(self.failed)}

    def status(self) -> int:
        if not self.failed:
            return SUCCESS
        return _SOME_FAILED if self.completed or self.warning else _NO_SUB_OPERATION


class Retrieve:
    """Answers C-GET or C-MOVE of one information model."""

    def __init__(
        self,
        action: str,
        holdings: Holdings,
        outlet: Callable[[Exchange, list[Instance]], AbstractContextManager[Outlet]],
        *,
        patient_root: bool,
    ) -> None:
        """Send what `holdings` has through an `outlet`.

        The outlet raises `NotFound` when the peer's destination is not known.
        """
        self._action = action
        self._holdings = holdings
        self._outlet = outlet
        self._patient_root = patient_root

    def __call__(self, exchange: Exchange) -> None:
        """Answer one request to its end."""
        with answering(exchange, self._action, _STATUSES) as told:
            counts = _Counts()
            told.counts = counts.told
            keys = read_identifier(exchange, self._action)
            query = retrieval_of(keys, patient_root=self._patient_root)
            instances = list(self._holdings.instances(query))
            counts.remaining = len(instances)
            told.status = self._carried(exchange, instances, counts)
            self._finish(exchange, told.status, counts)

    def _carried(self, exchange: Exchange, instances: list[Instance], counts: _Counts) -> int:
        if not instances:
            return SUCCESS
        try:
            with self._outlet(exchange, instances) as outlet:
                return self._carry(exchange, instances, outlet, counts)
        except CourierFailure as failure:
            _log.warning("dimse.sub-operation", extra={"reason": failure.text})
            counts.failed += [one.sop_uid for one in instances[-counts.remaining :]]
            counts.remaining = 0
            return counts.status()

    def _carry(
        self, exchange: Exchange, instances: list[Instance], outlet: Outlet, counts: _Counts
    ) -> int:
        for instance in instances:
            if outlet.cancelled or exchange.cancelled():
                return CANCELLED
            counts.take(instance.sop_uid, _stored(outlet, instance))
            if counts.remaining:
                exchange.respond(_PENDING, more=counts.elements(final=False))
        return counts.status()

    def _finish(self, exchange: Exchange, status: int, counts: _Counts) -> None:
        more = counts.elements(final=status != CANCELLED)
        listed = b""
        if counts.failed:
            model = {key(_FAILED_LIST): element("UI", counts.failed)}
            listed = write_dataset(model, explicit=exchange.explicit, charset="")
        exchange.respond(status, dataset=listed, more=more)


def _stored(outlet: Outlet, instance: Instance) -> int:
    try:
        return outlet.store(instance)
    except GatewayError as fault:
        _log.warning(
            "dimse.sub-operation",
            extra={"instance": instance.sop_uid, "kind": type(fault).__name__},
        )
        return fault.dimse_status


class SameAssociation:
    """The outlet of C-GET: objects go back through the association that asks for them."""

    def __init__(self, exchange: Exchange, holdings: Holdings) -> None:
        """Send what `holdings` has to the peer of `exchange`."""
        self._exchange = exchange
        self._holdings = holdings
        self.cancelled = False

    def store(self, instance: Instance) -> int:
        """Send one object in a context that takes it; raises `Unsupported` without one."""
        contexts = self._exchange.channel.contexts(instance.sop_class)
        as_stored = [one for one in contexts if one[1] == instance.transfer_syntax]
        if as_stored:
            return self._send(as_stored[0][0], instance)
        for context_id, syntax in contexts:
            with self._holdings.open(instance) as file:
                changed = dataset_in(syntax, file.read())
            return self._ask(context_id, instance, changed)
        # No presentation context: refused, SOP class not supported (PS3.7 C.5.18).
        return 0x0122

    def _send(self, context_id: int, instance: Instance) -> int:
        with self._holdings.open(instance) as file:
            offset = read_file_meta(file.read(_HEAD)).dataset_offset
        with self._holdings.open(instance) as file:
            file.read(offset)
            return self._ask(context_id, instance, file)

    def _ask(self, context_id: int, instance: Instance, dataset: bytes | BinaryIO) -> int:
        name = (instance.sop_class, instance.sop_uid)
        more: dict[int, int | str] = {names.PRIORITY: 0}
        status, cancelled = self._exchange.ask(context_id, Field.STORE_RQ, name, dataset, more)
        self.cancelled = self.cancelled or cancelled
        return status


def getter(
    holdings: Holdings,
) -> Callable[[Exchange, list[Instance]], AbstractContextManager[SameAssociation]]:
    """Return the outlet of C-GET."""
    return lambda exchange, _instances: nullcontext(SameAssociation(exchange, holdings))
