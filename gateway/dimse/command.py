"""Command sets of DIMSE messages, from and to bytes (PS3.7 sections 6.3, 9.3 and annex E)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from gateway.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Mapping


class Field(IntEnum):
    """Command Field (0000,0100)."""

    STORE_RQ = 0x0001
    GET_RQ = 0x0010
    FIND_RQ = 0x0020
    MOVE_RQ = 0x0021
    ECHO_RQ = 0x0030
    EVENT_REPORT_RQ = 0x0100
    N_GET_RQ = 0x0110
    SET_RQ = 0x0120
    ACTION_RQ = 0x0130
    CREATE_RQ = 0x0140
    DELETE_RQ = 0x0150
    CANCEL_RQ = 0x0FFF


RESPONSE: Final = 0x8000
NO_DATASET: Final = 0x0101
HAS_DATASET: Final = 0x0001

_ELEMENT: Final = Struct("<HHL")
_SHORT: Final = Struct("<H")
_GROUP_LENGTH: Final = 0x0000
_SOP_CLASS: Final = 0x0002
_REQUESTED_CLASS: Final = 0x0003
_COMMAND_FIELD: Final = 0x0100
_MESSAGE_ID: Final = 0x0110
_ANSWERED_ID: Final = 0x0120
_DATASET_TYPE: Final = 0x0800
_STATUS: Final = 0x0900
_COMMENT: Final = 0x0902
_SOP_INSTANCE: Final = 0x1000
_REQUESTED_INSTANCE: Final = 0x1001
MOVE_DESTINATION: Final = 0x0600
PRIORITY: Final = 0x0700
OFFENDING_ELEMENT: Final = 0x0901
ERROR_ID: Final = 0x0903
EVENT_TYPE: Final = 0x1002
ACTION_TYPE: Final = 0x1008
REMAINING: Final = 0x1020
COMPLETED: Final = 0x1021
FAILED: Final = 0x1022
WARNING: Final = 0x1023
MOVE_ORIGINATOR: Final = 0x1030
MOVE_ORIGINATOR_ID: Final = 0x1031
_LONGEST_COMMENT: Final = 64
_TITLES: Final = frozenset({_COMMENT, MOVE_DESTINATION, MOVE_ORIGINATOR})


@dataclass(frozen=True, slots=True)
class Command:
    """A request as it came; its dataset, when it has one, follows."""

    field: int
    message_id: int
    sop_class: str
    sop_instance: str
    has_dataset: bool
    elements: Mapping[int, bytes] = dataclasses.field(default_factory=dict, compare=False)

    def number(self, element: int) -> int:
        """Return a number of two bytes by its element, 0 when it is not there."""
        raw = self.elements.get(element, b"")
        return int.from_bytes(raw, "little") if len(raw) == _SHORT.size else 0

    def text(self, element: int) -> str:
        """Return a text by its element."""
        return _uid(self.elements, element)


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
        sop_class=_uid(elements, _SOP_CLASS) or _uid(elements, _REQUESTED_CLASS),
        sop_instance=_uid(elements, _SOP_INSTANCE) or _uid(elements, _REQUESTED_INSTANCE),
        has_dataset=_number(elements, _DATASET_TYPE) != NO_DATASET,
        elements=elements,
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


def _uid(elements: Mapping[int, bytes], number: int) -> str:
    return elements.get(number, b"").decode("ascii", "replace").strip(" \0")


def response(
    command: Command,
    status: int,
    comment: str = "",
    more: Mapping[int, int | str] = MappingProxyType({}),
    *,
    has_dataset: bool = False,
) -> bytes:
    """Return the command set of the response; `comment` is without patient data.

    `more` are further elements. PS3.7 9.3 and 10.3.
    """
    given: dict[int, int | str] = {
        _SOP_CLASS: command.sop_class,
        _COMMAND_FIELD: command.field | RESPONSE,
        _ANSWERED_ID: command.message_id,
        _DATASET_TYPE: HAS_DATASET if has_dataset else NO_DATASET,
        _STATUS: status,
        **more,
    }
    if comment:
        given[_COMMENT] = comment[:_LONGEST_COMMENT]
    if command.sop_instance and _SOP_INSTANCE not in given:
        given[_SOP_INSTANCE] = command.sop_instance
    return command_set(given)


def request(
    field: Field, message_id: int, sop_class: str, sop_instance: str, more: Mapping[int, int | str]
) -> bytes:
    """Return the command set of a request of ours that has a dataset."""
    given = {
        _SOP_CLASS: sop_class,
        _COMMAND_FIELD: int(field),
        _MESSAGE_ID: message_id,
        _DATASET_TYPE: HAS_DATASET,
        _SOP_INSTANCE: sop_instance,
        **more,
    }
    return command_set(given)


def answered_id(command: Command) -> int:
    """Return which request a response answers."""
    return command.number(_ANSWERED_ID)


def status_of(command: Command) -> int:
    """Return the status of a response."""
    return command.number(_STATUS)


def command_set(given: Mapping[int, int | str]) -> bytes:
    """Return a command set with its group length; empty texts are left out."""
    body = b"".join(
        _encoded(number, _value(number, value))
        for number, value in sorted(given.items())
        if value != ""
    )
    return _encoded(_GROUP_LENGTH, len(body).to_bytes(4, "little")) + body


def _value(number: int, value: int | str) -> bytes:
    if number == OFFENDING_ELEMENT:
        # A tag: group and element, each in its own byte order.
        return b"".join(_SHORT.pack(part) for part in (int(value) >> 16, int(value) & 0xFFFF))
    if isinstance(value, int):
        return _SHORT.pack(value)
    return _text(value, b" " if number in _TITLES else b"\0")


def _encoded(number: int, value: bytes) -> bytes:
    return _ELEMENT.pack(0, number, len(value)) + value


def _text(value: str, padding: bytes) -> bytes:
    raw = value.encode("ascii", "replace")
    return raw + padding if len(raw) % 2 else raw
