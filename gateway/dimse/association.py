"""One association from its request to its end, in a thread of its own (PS3.8 section 9.2).

A plain loop over a blocking socket: request, answer, then one message after another. The upper
layer of pynetdicom polls; small objects go through this one two to four times as fast.
"""

from __future__ import annotations

import logging
import socket
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from gateway.access.callers import Callers
from gateway.access.decision import Request, decide
from gateway.access.tls import reason_of
from gateway.dicom.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from gateway.dimse import pdu
from gateway.dimse.command import RESPONSE, Command, Field, read_command, response
from gateway.dimse.connection import Closed, Connection
from gateway.dimse.exchange import Channel, Exchange
from gateway.dimse.negotiation import agree, negotiate, refuse
from gateway.dimse.pdu import AbortReason, ContextResult, PduType
from gateway.dimse.places import Places
from gateway.dimse.storage import SUCCESS, Outcome, Peer, Storing
from gateway.errors import Forbidden, Malformed, TooLarge

if TYPE_CHECKING:
    import ssl
    import threading
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from gateway.dimse.exchange import Service
    from gateway.dimse.pdu import AssociateRequest, DataValue
    from gateway.dimse.storage import Receive

_log = logging.getLogger("gateway.dimse")
MAXIMUM_LENGTH: Final = 131072
# Nobody keeps the limit that we announce to the byte; nothing sane is far over it.
_LARGEST_PDU: Final = 1 << 20
_LARGEST_COMMAND: Final = 1 << 16
_MANY: Final = 1 << 16
# Who will be rejected all the same does not keep a thread for long.
_REJECTED_SECONDS: Final = 5.0
# A query, a procedure step, a commitment of ten thousand objects: none is larger.
_LARGEST_DATASET: Final = 1 << 22
# PS3.7 C.5: unrecognized operation; refused, not authorized; no such SOP class.
_UNRECOGNIZED: Final = 0x0211
_NO_SUCH_CLASS: Final = 0x0118


@dataclass(frozen=True, slots=True)
class Terms:
    """What every association of a server shares.

    `called` is the title that must be called, empty for any; `titles` counts associations by
    calling title; `tls` gives the context of each new connection. `request_seconds` bounds the wait
    for the association request (ARTIM timer), `idle_seconds` the wait for the next message,
    `stall_seconds` the wait for more of a message that has begun.
    """

    spool: Path
    receive: Receive
    stopping: threading.Event
    called: str = ""
    callers: Callers = field(default_factory=Callers)
    titles: Places = field(default_factory=lambda: Places(_MANY, _MANY))
    tls: Callable[[], ssl.SSLContext] | None = None
    # By SOP class, then by command field.
    services: Mapping[str, Mapping[int, Service]] = field(default_factory=dict)
    request_seconds: float = 30.0
    idle_seconds: float = 300.0
    stall_seconds: float = 60.0


class Association:
    """Serves one connection until it ends."""

    def __init__(
        self,
        accepted: socket.socket,
        address: str,
        terms: Terms,
        rejection: pdu.Rejection | None = None,
    ) -> None:
        """Take over a connection; its request is answered by `rejection` when there is one."""
        self._connection = Connection(accepted)
        self._address = address
        self._terms = terms
        self._rejected = rejection
        self._certificate: tuple[str, ...] = ()
        # The title that has taken a place.
        self._title = ""
        self._peer = Peer("", "", address)
        self._channel = Channel(self._connection)
        self._syntaxes: dict[int, str] = {}
        self._dataset = bytearray()
        self._command = bytearray()
        self._storing: Storing | None = None
        self._pending: tuple[int, Command] | None = None
        self._due: Callable[[], None] | None = None
        # Read by the server when it drains: inside a message, the end of it is waited for.
        self.in_message = False

    def serve(self) -> None:
        """Serve the association to its end; never raises."""
        try:
            if self._associate():
                while self._next():
                    pass
        except Closed:
            self._closed()
        except TimeoutError:
            self._abort(AbortReason.NOT_SPECIFIED, "timeout")
        except (TooLarge, Malformed):
            self._abort(AbortReason.INVALID_PARAMETER, "malformed")
        except Exception as fault:  # noqa: BLE001 - one odd peer must not take the door down
            self._abort(AbortReason.NOT_SPECIFIED, type(fault).__name__)
        finally:
            self._leave()

    def _leave(self) -> None:
        if self._storing is not None:
            self._storing.discard()
        if self._title:
            self._terms.titles.leave(self._title)
        self._connection.close()

    def hang_up(self, how: int = socket.SHUT_RD) -> None:
        """Wake the thread that waits for this peer: nothing more will come."""
        self._connection.shut(how)

    # The association request

    def _associate(self) -> bool:
        patience = self._terms.request_seconds if self._rejected is None else _REJECTED_SECONDS
        self._connection.hurry(patience)
        if not self._secured():
            return False
        kind, body = self._read()
        if kind != PduType.ASSOCIATE_RQ:
            self._abort(AbortReason.UNEXPECTED_PDU, "no request")
            return False
        request = pdu.read_request(bytes(body))
        self._peer = Peer(request.calling, request.called, self._address)
        rejection = self._rejection(request)
        if rejection is not None:
            self._connection.send(pdu.reject(rejection))
            self._ended("rejected", reason="-".join(map(str, rejection)))
            self._connection.part()
            return False
        services = self._terms.services
        contexts = negotiate(request, services)
        self._syntaxes = {
            context.context_id: context.transfer_syntax
            for context in contexts
            if context.result is ContextResult.ACCEPTED
        }
        implementation = (IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME)
        self._connection.send(
            pdu.accept(
                request,
                contexts,
                maximum_length=MAXIMUM_LENGTH,
                implementation=implementation,
                user=agree(request, services),
            )
        )
        self._channel.open(request, contexts)
        _log.info(
            "dimse.associated", extra={"calling": request.calling, "contexts": len(self._syntaxes)}
        )
        return True

    def _secured(self) -> bool:
        """Go over to TLS when the door has it; False when that failed."""
        if self._terms.tls is None:
            return True
        try:
            self._certificate = self._connection.secure(self._terms.tls())
        except OSError as fault:
            reason = reason_of(fault)
            _log.warning("dimse.handshake-refused", extra={"peer": self._address, "reason": reason})
            self._connection.part()
            return False
        return True

    def _rejection(self, request: AssociateRequest) -> pdu.Rejection | None:
        if self._terms.stopping.is_set():
            return pdu.TEMPORARY_CONGESTION
        if self._rejected is not None:
            return self._rejected
        who = Request(
            "dimse",
            "A-ASSOCIATE",
            caller=request.calling,
            peer=self._address,
            certificate=self._certificate,
        )
        decision = self._terms.callers.decide(who)
        refused = refuse(request, called=self._terms.called, permitted=decision.permitted)
        return refused or self._overload(request.calling)

    def _overload(self, title: str) -> pdu.Rejection | None:
        if not self._terms.titles.take(title, self._terms.callers.associations(title)):
            return pdu.LOCAL_LIMIT_EXCEEDED
        self._title = title
        return None

    # Messages

    def _next(self) -> bool:
        """Serve one PDU; False when the association is over."""
        if not self.in_message and self._terms.stopping.is_set():
            self._abort(AbortReason.NOT_SPECIFIED, "stopping")
            return False
        seconds = self._terms.stall_seconds if self.in_message else self._terms.idle_seconds
        self._connection.patience(seconds)
        kind, body = self._read()
        serve = self._SERVED.get(kind, Association._unexpected)
        return serve(self, body)

    def _read(self) -> tuple[int, memoryview]:
        kind, length = self._connection.read_header()
        if length > _LARGEST_PDU:
            message = "A protocol data unit is far longer than agreed."
            raise TooLarge(message)
        return kind, self._connection.read_body(length)

    def _data(self, body: memoryview) -> bool:
        for value in pdu.data_values(body):
            self.in_message = True
            if value.is_command:
                self._take_command(value)
            else:
                self._take_data(value)
        # What it reads meanwhile takes the place of this PDU.
        due, self._due = self._due, None
        if due is not None:
            self._connection.patience(self._terms.stall_seconds)
            due()
            self.in_message = False
        return not self._channel.ended

    def _take_command(self, value: DataValue) -> None:
        if self._pending is not None or value.context_id not in self._syntaxes:
            message = "A command came where none was expected."
            raise Malformed(message)
        self._command += value.content
        if len(self._command) > _LARGEST_COMMAND:
            message = "The command set is too long."
            raise TooLarge(message)
        if value.is_last:
            raw, self._command = bytes(self._command), bytearray()
            self._begin(value.context_id, read_command(raw))

    def _begin(self, context_id: int, command: Command) -> None:
        if command.field & RESPONSE and not command.has_dataset:
            # To a request of ours whose answer nobody waited for any more.
            self.in_message = False
            return
        if command.field == Field.STORE_RQ and command.has_dataset:
            self._storing = Storing(
                command,
                self._syntaxes[context_id],
                self._peer,
                self._terms.spool,
                self._terms.receive,
            )
        self._pending = (context_id, command)
        if not command.has_dataset:
            self._answer()

    def _take_data(self, value: DataValue) -> None:
        if self._pending is None or value.context_id != self._pending[0]:
            message = "Data came without a command in its presentation context."
            raise Malformed(message)
        if self._storing is not None:
            self._storing.write(value.content)
        elif len(self._dataset) + len(value.content) > _LARGEST_DATASET:
            message = "The dataset of the request is too long."
            raise TooLarge(message)
        else:
            self._dataset += value.content
        if value.is_last:
            self._answer()

    def _answer(self) -> None:
        if self._pending is None:
            return
        context_id, command = self._pending
        dataset, self._dataset = bytes(self._dataset), bytearray()
        serve = self._terms.services.get(command.sop_class, {}).get(command.field)
        if serve is not None:
            self._pending = None
            syntax = self._syntaxes[context_id]
            exchange = Exchange(self._channel, context_id, command, dataset, syntax, self._peer)
            self._due = partial(serve, exchange)
            return
        outcome = self._outcome(command)
        self._pending = self._storing = None
        self.in_message = False
        if outcome is not None:
            answer = response(command, outcome.status, outcome.comment)
            self._connection.send(pdu.command_data(context_id, answer))

    def _outcome(self, command: Command) -> Outcome | None:
        if self._storing is not None:
            return self._storing.outcome()
        if command.field == Field.CANCEL_RQ:
            # Nothing here takes long enough to be cancelled, and it has no response.
            return None
        if command.field == Field.ECHO_RQ:
            return self._echo()
        return Outcome(_UNRECOGNIZED, "This service is not offered here.")

    def _echo(self) -> Outcome:
        request = Request("dimse", "C-ECHO", caller=self._peer.calling, peer=self._address)
        decision = decide(request)
        status = SUCCESS if decision.permitted else Forbidden.dimse_status
        _log.info("dimse.echo", extra={"calling": self._peer.calling, "status": f"{status:04X}"})
        return Outcome(status, "" if decision.permitted else decision.reason)

    # The end

    def _release(self, _body: memoryview) -> bool:
        self._connection.send(pdu.release_reply())
        self._ended("released")
        self._connection.part()
        return False

    def _aborted(self, _body: memoryview) -> bool:
        self._ended("aborted by peer")
        return False

    def _unexpected(self, _body: memoryview) -> bool:
        self._abort(AbortReason.UNEXPECTED_PDU, "unexpected")
        return False

    def _closed(self) -> None:
        if self._channel.ended:
            self._ended("released or aborted inside a request")
        elif self._terms.stopping.is_set():
            self._abort(AbortReason.NOT_SPECIFIED, "stopping")
        else:
            self._ended("closed")

    def _abort(self, reason: AbortReason, why: str) -> None:
        self._ended("aborted", reason=why)
        try:
            self._connection.patience(1.0)
            self._connection.send(pdu.abort(reason))
            self._connection.part()
        except (Closed, TimeoutError):
            return

    def _ended(self, how: str, **more: str) -> None:
        _log.info("dimse.ended", extra={"how": how, "calling": self._peer.calling, **more})

    _SERVED: Final[dict[int, Callable[[Association, memoryview], bool]]] = {
        PduType.DATA: _data,
        PduType.RELEASE_RQ: _release,
        PduType.ABORT: _aborted,
    }
