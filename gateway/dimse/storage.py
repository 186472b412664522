"""The storage service: one C-STORE from its command to its status (PS3.4 annex B)."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.access.decision import Request, decide
from gateway.dicom.header import InstanceHeader, read_header, read_header_from
from gateway.dicom.instance import ReceivedInstance
from gateway.dicom.part10 import file_head
from gateway.errors import Forbidden, GatewayError, Invalid, Malformed, Unavailable
from gateway.ingest.spool import SMALL_BYTES, SpoolFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gateway.dimse.command import Command

    Receive = Callable[[ReceivedInstance], int]

_log = logging.getLogger("gateway.dimse")
SUCCESS: Final = 0x0000
# PS3.4 table B.2-1, "cannot understand": of ours, and not for what the object says.
_FAULT: Final = 0xC211


class Peer(NamedTuple):
    """Who speaks, as whom, to whom."""

    calling: str
    called: str
    address: str


class Outcome(NamedTuple):
    """The status, and a comment without patient data for Error Comment (0000,0902)."""

    status: int
    comment: str = ""


class Storing:
    """One object being stored: `write` each piece of its dataset, then ask for the `outcome`."""

    def __init__(
        self, command: Command, transfer_syntax: str, peer: Peer, spool: Path, receive: Receive
    ) -> None:
        """Begin a file in `spool`; the object will be handed to `receive`."""
        self._command = command
        self._transfer_syntax = transfer_syntax
        self._peer = peer
        self._receive = receive
        self._begun = time.perf_counter()
        head = file_head(command.sop_class, command.sop_instance, transfer_syntax)
        self._file = SpoolFile(spool, head, small=SMALL_BYTES)
        self.write = self._file.write

    def outcome(self) -> Outcome:
        """Hand the object over and return what the sender is told; never raises."""
        outcome = self._outcome()
        _log.info(
            "dimse.instance",
            extra={
                "instance": self._command.sop_instance,
                "status": f"{outcome.status:04X}",
                "calling": self._peer.calling,
                "size": self._file.size,
                "ms": round((time.perf_counter() - self._begun) * 1000, 2),
            },
        )
        return outcome

    def discard(self) -> None:
        """Forget the object: the association ended inside it."""
        self._file.discard()

    def _outcome(self) -> Outcome:
        try:
            return Outcome(self._hand_over())
        except GatewayError as refusal:
            self._keep_refused(refusal)
            return Outcome(refusal.dimse_status, refusal.text)
        except Exception as fault:  # noqa: BLE001 - the sender must get a status, whatever it is
            # No trace: it may quote the patient.
            kind = type(fault).__name__
            _log.error("dimse.fault", extra={"kind": kind, "instance": self._command.sop_instance})
            return Outcome(_FAULT)
        finally:
            self._file.discard()

    def _hand_over(self) -> int:
        peer, file = self._peer, self._file
        decision = decide(
            Request("dimse", "C-STORE", "ImagingStudy", caller=peer.calling, peer=peer.address)
        )
        if not decision.permitted:
            raise Forbidden(decision.reason)
        header = self._header()
        self._compare(header)
        file.finish()
        return self._receive(self._received(header))

    def _received(
        self, header: InstanceHeader, refusal: GatewayError | None = None
    ) -> ReceivedInstance:
        peer, file = self._peer, self._file
        return ReceivedInstance(
            sop_class=header.sop_class,
            sop_instance=header.sop_instance,
            transfer_syntax=self._transfer_syntax,
            calling_ae=peer.calling,
            called_ae=peer.called,
            peer=peer.address,
            path=file.path,
            size=file.size,
            sha256=file.sha256,
            header=header,
            refusal=refusal,
            content=file.content,
        )

    def _keep_refused(self, refusal: GatewayError) -> None:
        """Hand over what cannot be understood as well: it is kept with its reason."""
        if isinstance(refusal, Forbidden | Unavailable):
            return
        sop_class, sop_instance = self._command.sop_class, self._command.sop_instance
        header = InstanceHeader("", "", sop_class, sop_instance, {})
        with suppress(GatewayError):
            self._file.finish()
            self._receive(self._received(header, refusal))

    def _header(self) -> InstanceHeader:
        file = self._file
        head = file.dataset_head
        whole = file.size <= file.dataset_offset + len(head)
        try:
            header = read_header(head, self._transfer_syntax)
        except Malformed:
            if whole:
                raise
        else:
            if whole or header.complete:
                return header
        file.flush()
        with file.path.open("rb") as content:
            content.seek(file.dataset_offset)
            return read_header_from(content, self._transfer_syntax)

    def _compare(self, header: InstanceHeader) -> None:
        if header.sop_class != self._command.sop_class:
            message = "The SOP Class UID of the object is not the one of the request."
            raise Invalid(message)
        if header.sop_instance != self._command.sop_instance:
            message = "The SOP Instance UID of the object is not the one of the request."
            raise Invalid(message)
