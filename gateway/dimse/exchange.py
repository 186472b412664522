"""A request with a dataset, its responses, and what both sides may say meanwhile.

PS3.7 section 8: responses come one after another; the requester may cancel. In C-GET and in a
storage commitment we are for a while the one that asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, BinaryIO, Final

from gateway.dicom.document import read_dataset
from gateway.dicom.transfer_syntaxes import IMPLICIT_LITTLE
from gateway.dimse import pdu
from gateway.dimse.command import (
    RESPONSE,
    Field,
    answered_id,
    read_command,
    request,
    response,
    status_of,
)
from gateway.dimse.connection import Closed
from gateway.dimse.pdu import ContextResult, PduType
from gateway.errors import Malformed, TooLarge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from gateway.dicom.json_model import Model
    from gateway.dimse.command import Command
    from gateway.dimse.connection import Connection
    from gateway.dimse.pdu import AnsweredContext, AssociateRequest
    from gateway.dimse.storage import Peer

    Service = Callable[["Exchange"], None]

PENDING: Final = frozenset({0xFF00, 0xFF01})
_LONGEST_FRAGMENT: Final = 1 << 17
_SHORTEST_FRAGMENT: Final = 1 << 10
_LARGEST_PDU: Final = 1 << 20


class Channel:
    """An association as both sides use it: what goes out, and what comes in meanwhile."""

    def __init__(self, connection: Connection) -> None:
        """Use `connection`; nothing is agreed yet."""
        self._connection = connection
        self._fragment = _LONGEST_FRAGMENT
        self._message_id = 0
        # Presentation contexts in which the peer takes objects: SOP class -> (id, syntax).
        self._storing: dict[str, list[tuple[int, str]]] = {}
        self._services: dict[str, int] = {}
        self._extended: Mapping[str, bytes] = {}
        self.ended = False

    def open(self, asked: AssociateRequest, answered: Iterable[AnsweredContext]) -> None:
        """Keep what was agreed."""
        limit = asked.user.maximum_length or _LONGEST_FRAGMENT
        fragment = min(limit - pdu.VALUE_OVERHEAD, _LONGEST_FRAGMENT)
        self._fragment = max(fragment - fragment % 2, _SHORTEST_FRAGMENT)
        self._extended = asked.user.extended
        names = {one.context_id: one.abstract_syntax for one in asked.contexts}
        for one in answered:
            if one.result is not ContextResult.ACCEPTED:
                continue
            name = names[one.context_id]
            self._services.setdefault(name, one.context_id)
            role = asked.user.roles.get(name)
            if role is not None and role.scp:
                self._storing.setdefault(name, []).append((one.context_id, one.transfer_syntax))

    def contexts(self, sop_class: str) -> list[tuple[int, str]]:
        """Return in which contexts the peer takes objects of a class: (id, transfer syntax)."""
        return self._storing.get(sop_class, [])

    def context_of(self, service: str) -> int | None:
        """Return the presentation context of a service, None when there is none."""
        return self._services.get(service)

    def combines(self, sop_class: str) -> bool:
        """Say whether dates are combined with times in queries (PS3.4 C.5.1.1)."""
        return self._extended.get(sop_class, b"")[1:2] == b"\x01"

    def send(self, context_id: int, command: bytes, dataset: bytes = b"") -> None:
        """Send one message; raises `Closed`, `TimeoutError`."""
        out = [pdu.command_data(context_id, command)]
        for start in range(0, len(dataset), self._fragment):
            part = dataset[start : start + self._fragment]
            last = start + self._fragment >= len(dataset)
            out.append(pdu.dataset_data(context_id, part, last=last))
        self._connection.send(b"".join(out))

    def stream(self, context_id: int, command: bytes, dataset: BinaryIO) -> None:
        """Send one message, its dataset piece by piece."""
        self._connection.send(pdu.command_data(context_id, command))
        part = dataset.read(self._fragment)
        while True:
            following = dataset.read(self._fragment)
            self._connection.send(pdu.dataset_data(context_id, part, last=not following))
            if not following:
                return
            part = following

    def ask(self, context_id: int, command: bytes, dataset: bytes | BinaryIO) -> None:
        """Send a request of ours."""
        if isinstance(dataset, bytes):
            self.send(context_id, command, dataset)
        else:
            self.stream(context_id, command, dataset)

    def next_message_id(self) -> int:
        """Return an id for a request of ours."""
        self._message_id = self._message_id % 0xFFFF + 1
        return self._message_id

    def has_more(self) -> bool:
        """Say whether the peer has sent something meanwhile."""
        return self._connection.has_more()

    def read_command(self) -> Command:
        """Read the next command of the peer, a response or C-CANCEL.

        Raises `Closed` when the peer ends the association instead, `Malformed`, `TimeoutError`.
        """
        raw = bytearray()
        while True:
            kind, length = self._connection.read_header()
            if length > _LARGEST_PDU:
                message = "A protocol data unit is far longer than agreed."
                raise TooLarge(message)
            body = self._connection.read_body(length)
            if kind == PduType.RELEASE_RQ:
                self._connection.send(pdu.release_reply())
            if kind != PduType.DATA:
                self.ended = True
                raise Closed
            for value in pdu.data_values(body):
                if not value.is_command:
                    message = "Data came where a response was expected."
                    raise Malformed(message)
                raw += value.content
                if value.is_last:
                    return read_command(bytes(raw))


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and everything that is answered to it."""

    channel: Channel
    context_id: int
    command: Command
    dataset: bytes
    transfer_syntax: str
    peer: Peer

    def identifier(self) -> Model:
        """Return the dataset of the request; raises `Malformed`."""
        return read_dataset(self.dataset, self.transfer_syntax).model if self.dataset else {}

    @property
    def explicit(self) -> bool:
        """Whether datasets are written with their value representations."""
        return self.transfer_syntax != IMPLICIT_LITTLE

    def respond(
        self,
        status: int,
        comment: str = "",
        dataset: bytes = b"",
        more: Mapping[int, int | str] = MappingProxyType({}),
    ) -> None:
        """Send one response; raises `Closed`, `TimeoutError`."""
        command = response(self.command, status, comment, more, has_dataset=bool(dataset))
        self.channel.send(self.context_id, command, dataset)

    def cancelled(self) -> bool:
        """Say whether the peer has cancelled the request; raises `Closed`, `Malformed`."""
        while self.channel.has_more():
            if self._is_cancel(self.channel.read_command()):
                return True
        return False

    def _is_cancel(self, command: Command) -> bool:
        return command.field == Field.CANCEL_RQ and answered_id(command) in (
            0,
            self.command.message_id,
        )

    def ask(
        self,
        context_id: int,
        field: Field,
        name: tuple[str, str],
        dataset: bytes | BinaryIO,
        more: Mapping[int, int | str],
    ) -> tuple[int, bool]:
        """Send a request of ours, `name` being SOP class and instance.

        Returns the status of its response, and whether the peer has cancelled meanwhile.
        """
        number = self.channel.next_message_id()
        self.channel.ask(context_id, request(field, number, *name, more), dataset)
        cancelled = False
        while True:
            command = self.channel.read_command()
            if self._is_cancel(command):
                cancelled = True
            elif command.field == field | RESPONSE and answered_id(command) == number:
                return status_of(command), cancelled
