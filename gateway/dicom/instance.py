"""An object as a door hands it to the ingest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.dicom.header import InstanceHeader
    from gateway.errors import GatewayError


@dataclass(frozen=True, slots=True)
class ReceivedInstance:
    """One object, whole, that nobody has answered for yet.

    `path` is a Part 10 file of the spool whose dataset is byte for byte what was sent; a small
    object has no file, and its bytes are `content`. `sha256` is the digest of the whole file in
    hex, `size` its length in bytes. Whoever takes the object over makes it durable and renames the
    file; what is still there after the answer is deleted by the door. `refusal` says why the door
    cannot take it: it is kept in the journal and nowhere else. `door` is the protocol it came by.
    """

    sop_class: str
    sop_instance: str
    transfer_syntax: str
    calling_ae: str
    called_ae: str
    peer: str
    path: Path
    size: int
    sha256: str
    header: InstanceHeader
    door: str = "dimse"
    refusal: GatewayError | None = None
    content: bytes | None = None


def objects_in_words(count: int) -> str:
    """Return how many objects, as one says it."""
    return f"{count} object" if count == 1 else f"{count} objects"
