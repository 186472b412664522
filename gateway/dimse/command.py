"""Command sets of DIMSE messages, from and to bytes (PS3.7 sections 6.3, 9.3 and annex E)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from typing import Final

from gateway.errors import Malformed


class Field(IntEnum):
    """Command Field (0000,0100)."""

    STORE_RQ = 0x0001
    ECHO_RQ = 0x0030
    CANCEL_RQ = 0x0FFF


RESPONSE: Final = 0x8000
NO_DATASET: Final = 0x0101

_ELEMENT: Final = Struct("<HHL")
_SHORT: Final = Struct("<H")
_GROUP_LENGTH: Final = 0x0000
_SOP_CLASS: Final = 0x0002
_COMMAND_FIELD: Final = 0x0100
_MESSAGE_ID: Final = 0x0110
_ANSWERED_ID: Final = 0x0120
_DATASET_TYPE: Final = 0x0800
_STATUS: Final = 0x0900
_COMMENT: Final = 0x0902
_SOP_INSTANCE: Final = 0x1000
_LONGEST_COMMENT: Final = 64


@dataclass(frozen=True, slots=True)
class Command:
    """A request as it came; its dataset, when it has one, follows."""

    field: int
    message_id: int
    sop_class: str
    sop_instance: str
    has_dataset: bool


def read_command(raw: bytes) -> Command:
    """Read a command set, implicit little endian; raises `Malformed`."""
    elements: dict[int, bytes] = {}
    position = 0
    while position < len(raw):
        if position + _ELEMENT.size > len(raw):
            message = "The command set is cut off."
            raise Malformed(message)
        group, number, length = _ELEMENT.unpack_from(raw, position)
        position += _ELEMENT.size
        if group != 0 or position + length > len(raw):
            message = "The command set cannot be read."
            raise Malformed(message)
        elements[number] = raw[position : position + length]
        position += length
    return Command(
        field=_number(elements, _COMMAND_FIELD),
        message_id=_number(elements, _MESSAGE_ID),
        sop_class=_uid(elements, _SOP_CLASS),
        sop_instance=_uid(elements, _SOP_INSTANCE),
        has_dataset=_number(elements, _DATASET_TYPE) != NO_DATASET,
    )


def _number(elements: dict[int, bytes], number: int) -> int:
    raw = elements.get(number, b"")
    if len(raw) == _SHORT.size:
        return int.from_bytes(raw, "little")
    if number == _MESSAGE_ID:
        # Not every request has one (C-CANCEL).
        return 0
    message = f"The command set lacks (0000,{number:04X})."
    raise Malformed(message)


def _uid(elements: dict[int, bytes], number: int) -> str:
    return elements.get(number, b"").decode("ascii", "replace").strip(" \0")


def response(command: Command, status: int, comment: str = "") -> bytes:
    """Return the command set of the response; `comment` is without patient data.

    PS3.7 9.3.1.2 (C-STORE-RSP), 9.3.5.2 (C-ECHO-RSP).
    """
    elements = [
        _encoded(_SOP_CLASS, _text(command.sop_class, b"\0")),
        _encoded(_COMMAND_FIELD, _SHORT.pack(command.field | RESPONSE)),
        _encoded(_ANSWERED_ID, _SHORT.pack(command.message_id)),
        _encoded(_DATASET_TYPE, _SHORT.pack(NO_DATASET)),
        _encoded(_STATUS, _SHORT.pack(status)),
    ]
    if comment:
        elements.append(_encoded(_COMMENT, _text(comment[:_LONGEST_COMMENT], b" ")))
    if command.sop_instance:
        elements.append(_encoded(_SOP_INSTANCE, _text(command.sop_instance, b"\0")))
    body = b"".join(elements)
    return _encoded(_GROUP_LENGTH, len(body).to_bytes(4, "little")) + body


def _encoded(number: int, value: bytes) -> bytes:
    return _ELEMENT.pack(0, number, len(value)) + value


def _text(value: str, padding: bytes) -> bytes:
    raw = value.encode("ascii", "replace")
    return raw + padding if len(raw) % 2 else raw
