"""One object on its way in by STOW-RS: to the disk as it comes, then the way of every object."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.access.decision import Request, decide
from gateway.dicom.header import HEAD_BYTES, InstanceHeader, read_header, read_header_from
from gateway.dicom.instance import ReceivedInstance
from gateway.dicom.part10 import PREAMBLE, FileMeta, file_head, read_file_meta
from gateway.dicom.sop_classes import is_storage
from gateway.errors import Forbidden, GatewayError, Invalid, Unavailable, Unsupported
from gateway.ingest.spool import SMALL_BYTES, SpoolFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_LOG: Final = logging.getLogger("gateway.dicomweb")
SUCCESS: Final = 0x0000
_FAULT: Final = 0x0110
_GROUP_2: Final = b"\x02\x00"
_DOOR: Final = "dicomweb"


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: the network address, and what it calls itself."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an object; UIDs are empty when they could not be read.

    `status` is that of C-STORE, which is also the Failure Reason (PS3.18 table I.2-2).
    """

    status: int
    sop_class: str = ""
    sop_instance: str = ""
    study: str = ""
    series: str = ""


class Arriving:
    """A Part 10 file being received: `write` each piece, then ask for the `outcome`.

    What is kept is what C-STORE would have kept: our own file meta information, and the dataset
    byte for byte.
    """

    def __init__(
        self,
        spool: Path,
        sender: Sender,
        receive: Callable[[ReceivedInstance], int],
        study: str = "",
    ) -> None:
        """Write to `spool` and hand over to `receive`; only objects of `study` when given."""
        self._spool = spool
        self._sender = sender
        self._receive = receive
        self._study = study
        self._head = bytearray()
        self._meta = FileMeta(0, "")
        self._first = InstanceHeader("", "", "", "", {}, complete=False)
        self._file: SpoolFile | None = None
        self._refusal: GatewayError | None = None

    def write(self, content: bytes) -> None:
        """Take the next bytes; never raises."""
        if self._file is not None:
            self._file.write(content)
            return
        self._head += content
        if len(self._head) >= HEAD_BYTES:
            self._begin()

    def discard(self) -> None:
        """Forget the object."""
        if self._file is not None:
            self._file.discard()

    def outcome(self) -> Outcome:
        """Hand the object over and return what became of it; never raises."""
        file = self._file or self._begin()
        try:
            status = self._outcome(file)
        finally:
            file.discard()
        first = self._first
        uids = (first.sop_class, first.sop_instance, first.study_uid, first.series_uid)
        _LOG.info(
            "dicomweb.instance",
            extra={"instance": first.sop_instance, "status": f"{status:04X}", "size": file.size},
        )
        return Outcome(status, *uids)

    def _begin(self) -> SpoolFile:
        """Begin the file with what has come, which is all there is or holds the header."""
        head, self._head = bytes(self._head), bytearray()
        if head.startswith(_GROUP_2):
            # Some senders leave the preamble out.
            head = PREAMBLE + head
        try:
            self._meta = read_file_meta(head)
            dataset = head[self._meta.dataset_offset :]
            self._first = read_header(dataset, self._meta.transfer_syntax)
        except GatewayError as refusal:
            # Kept as it came, for the journal.
            self._refusal = refusal
            self._file = SpoolFile(self._spool, head, small=SMALL_BYTES)
            return self._file
        first = self._first
        own = file_head(first.sop_class, first.sop_instance, self._meta.transfer_syntax)
        self._file = SpoolFile(self._spool, own, small=SMALL_BYTES)
        self._file.write(dataset)
        return self._file

    def _outcome(self, file: SpoolFile) -> int:
        try:
            return self._hand_over(file)
        except GatewayError as refusal:
            self._keep_refused(file, refusal)
            return refusal.dimse_status
        except Exception as fault:  # noqa: BLE001 - the sender must be answered, whatever it is
            # No trace: it may quote the patient.
            _LOG.error("dicomweb.fault", extra={"kind": type(fault).__name__})
            return _FAULT

    def _hand_over(self, file: SpoolFile) -> int:
        decision = decide(
            Request(
                _DOOR,
                "STOW-RS",
                "ImagingStudy",
                caller=self._sender.name,
                peer=self._sender.address,
            )
        )
        if not decision.permitted:
            raise Forbidden(decision.reason)
        if self._refusal is not None:
            raise self._refusal
        header = self._whole_header(file)
        self._compare(header)
        file.finish()
        return self._receive(self._received(file, header))

    def _whole_header(self, file: SpoolFile) -> InstanceHeader:
        if self._first.complete or file.size <= HEAD_BYTES:
            return self._first
        file.flush()
        with file.path.open("rb") as content:
            content.seek(file.dataset_offset)
            return read_header_from(content, self._meta.transfer_syntax)

    def _compare(self, header: InstanceHeader) -> None:
        if not is_storage(header.sop_class):
            message = "Objects of this SOP class are not stored."
            raise Unsupported(message)
        if self._study and header.study_uid != self._study:
            message = "The object is of another study than the address."
            raise Invalid(message)

    def _received(
        self, file: SpoolFile, header: InstanceHeader, refusal: GatewayError | None = None
    ) -> ReceivedInstance:
        return ReceivedInstance(
            sop_class=header.sop_class,
            sop_instance=header.sop_instance,
            transfer_syntax=self._meta.transfer_syntax,
            calling_ae=self._sender.name,
            called_ae="",
            peer=self._sender.address,
            path=file.path,
            size=file.size,
            sha256=file.sha256,
            header=header,
            door=_DOOR,
            refusal=refusal,
            content=file.content,
        )

    def _keep_refused(self, file: SpoolFile, refusal: GatewayError) -> None:
        """Hand over what cannot be taken as well: it is kept with its reason."""
        if isinstance(refusal, Forbidden | Unavailable):
            return
        with suppress(GatewayError):
            file.finish()
            first = self._first
            header = InstanceHeader("", "", first.sop_class, first.sop_instance, {})
            self._receive(self._received(file, header, refusal))
