"""Protocol data units of the upper layer, from and to bytes; no sockets (PS3.8 section 9.3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from struct import Struct, pack
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HEADER: Final = Struct(">BxL")
# What a value needs of a P-DATA-TF besides its content.
VALUE_OVERHEAD: Final = 6
APPLICATION_CONTEXT: Final = "1.2.840.10008.3.1.1.1"


class PduType(IntEnum):
    """PS3.8 table 9-11 and those that follow it."""

    ASSOCIATE_RQ = 1
    ASSOCIATE_AC = 2
    ASSOCIATE_RJ = 3
    DATA = 4
    RELEASE_RQ = 5
    RELEASE_RP = 6
    ABORT = 7


class AbortReason(IntEnum):
    """Why the provider aborts (PS3.8 table 9-26)."""

    NOT_SPECIFIED = 0
    UNRECOGNIZED_PDU = 1
    UNEXPECTED_PDU = 2
    INVALID_PARAMETER = 6


class Rejection(NamedTuple):
    """Result, source and reason of a rejection (PS3.8 table 9-21)."""

    result: int
    source: int
    reason: int


NO_REASON_GIVEN: Final = Rejection(1, 1, 1)
NO_APPLICATION_CONTEXT: Final = Rejection(1, 1, 2)
CALLING_NOT_RECOGNIZED: Final = Rejection(1, 1, 3)
CALLED_NOT_RECOGNIZED: Final = Rejection(1, 1, 7)
PROTOCOL_VERSION: Final = Rejection(1, 2, 2)
TEMPORARY_CONGESTION: Final = Rejection(2, 3, 1)
LOCAL_LIMIT_EXCEEDED: Final = Rejection(2, 3, 2)


class ContextResult(IntEnum):
    """What becomes of a proposed presentation context (PS3.8 table 9-18)."""

    ACCEPTED = 0
    NO_REASON = 2
    ABSTRACT_SYNTAX = 3
    TRANSFER_SYNTAX = 4


@dataclass(frozen=True, slots=True)
class ProposedContext:
    """A presentation context as the caller proposes it."""

    context_id: int
    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnsweredContext:
    """A presentation context as it is answered."""

    context_id: int
    result: ContextResult
    transfer_syntax: str


class Role(NamedTuple):
    """The roles that the caller takes for a SOP class (PS3.7 D.3.3.4)."""

    scu: bool
    scp: bool


class UserInformation(NamedTuple):
    """What the caller says of itself: 0 as `maximum_length` is no limit (PS3.8 D.1, PS3.7 D.3.3).

    `roles` and `extended` (SOP class extended negotiation) are by SOP class.
    """

    maximum_length: int = 0
    roles: Mapping[str, Role] = MappingProxyType({})
    extended: Mapping[str, bytes] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class AssociateRequest:
    """An A-ASSOCIATE-RQ; `titles` are the 32 bytes of called and calling title, as they came."""

    protocol_version: int
    called: str
    calling: str
    titles: bytes
    application_context: str
    contexts: tuple[ProposedContext, ...]
    user: UserInformation = field(default_factory=UserInformation)


class DataValue(NamedTuple):
    """One presentation data value; `content` is a view of the PDU (PS3.8 annex E)."""

    context_id: int
    is_command: bool
    is_last: bool
    content: memoryview


_FIXED: Final = 68
_CALLED: Final = slice(4, 20)
_CALLING: Final = slice(20, 36)
_TITLES: Final = slice(4, 36)
_ITEM: Final = Struct(">BxH")
_APPLICATION_ITEM: Final = 0x10
_CONTEXT_RQ_ITEM: Final = 0x20
_CONTEXT_AC_ITEM: Final = 0x21
_ABSTRACT_ITEM: Final = 0x30
_TRANSFER_ITEM: Final = 0x40
_USER_ITEM: Final = 0x50
_MAXIMUM_LENGTH_ITEM: Final = 0x51
_CLASS_UID_ITEM: Final = 0x52
_ROLE_ITEM: Final = 0x54
_VERSION_NAME_ITEM: Final = 0x55
_EXTENDED_ITEM: Final = 0x56
_CONTEXT_FIXED: Final = 4
_VALUE: Final = Struct(">LBB")
_VALUE_LENGTH_BYTES: Final = 4
_COMMAND_BIT: Final = 1
_LAST_BIT: Final = 2


def read_request(body: bytes) -> AssociateRequest:
    """Read the body of an A-ASSOCIATE-RQ; raises `Malformed`."""
    if len(body) < _FIXED:
        message = "The association request is too short."
        raise Malformed(message)
    items = list(_items(body[_FIXED:]))
    application = next((value for kind, value in items if kind == _APPLICATION_ITEM), b"")
    proposed = (_context(value) for kind, value in items if kind == _CONTEXT_RQ_ITEM)
    return AssociateRequest(
        protocol_version=int.from_bytes(body[:2], "big"),
        called=_text(body[_CALLED]),
        calling=_text(body[_CALLING]),
        titles=body[_TITLES],
        application_context=_text(application),
        contexts=tuple(proposed),
        user=_user(next((value for kind, value in items if kind == _USER_ITEM), b"")),
    )


def _user(value: bytes) -> UserInformation:
    items = list(_items(value))
    length = next((part for kind, part in items if kind == _MAXIMUM_LENGTH_ITEM), b"")
    roles, extended = {}, {}
    for kind, part in items:
        if kind not in (_ROLE_ITEM, _EXTENDED_ITEM):
            continue
        uid, rest = _named(part)
        if kind == _EXTENDED_ITEM:
            extended[uid] = rest
        elif len(rest) >= len(Role._fields):
            roles[uid] = Role(scu=rest[0] == 1, scp=rest[1] == 1)
    return UserInformation(int.from_bytes(length, "big"), roles, extended)


def _named(part: bytes) -> tuple[str, bytes]:
    """Cut an item that begins with a UID and its length."""
    end = 2 + int.from_bytes(part[:2], "big")
    return _text(part[2:end]), part[end:]


def _context(value: bytes) -> ProposedContext:
    if len(value) < _CONTEXT_FIXED:
        message = "A presentation context of the association request is too short."
        raise Malformed(message)
    items = list(_items(value[_CONTEXT_FIXED:]))
    abstract = next((_text(part) for kind, part in items if kind == _ABSTRACT_ITEM), "")
    transfer = tuple(_text(part) for kind, part in items if kind == _TRANSFER_ITEM)
    return ProposedContext(value[0], abstract, tuple(uid for uid in transfer if uid))


def _items(content: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position < len(content):
        if position + _ITEM.size > len(content):
            message = "An item of the association request is cut off."
            raise Malformed(message)
        kind, length = _ITEM.unpack_from(content, position)
        position += _ITEM.size
        if position + length > len(content):
            message = "An item of the association request is longer than the request."
            raise Malformed(message)
        yield kind, content[position : position + length]
        position += length


def _text(raw: bytes) -> str:
    return raw.decode("ascii", "replace").strip(" \0")


def accept(
    request: AssociateRequest,
    contexts: tuple[AnsweredContext, ...],
    *,
    maximum_length: int,
    implementation: tuple[str, str],
    user: UserInformation | None = None,
) -> bytes:
    """Return an A-ASSOCIATE-AC; `implementation` is class UID and version name.

    `user` are the roles and the extended negotiation that are agreed to.
    """
    class_uid, version_name = implementation
    agreed = user or UserInformation()
    roles = (_with_uid(uid, bytes(role)) for uid, role in agreed.roles.items())
    extended = (_with_uid(uid, value) for uid, value in agreed.extended.items())
    information = b"".join(
        (
            _item(_MAXIMUM_LENGTH_ITEM, pack(">L", maximum_length)),
            _item(_CLASS_UID_ITEM, class_uid.encode("ascii")),
            *(_item(_ROLE_ITEM, one) for one in roles),
            _item(_VERSION_NAME_ITEM, version_name.encode("ascii")),
            *(_item(_EXTENDED_ITEM, one) for one in extended),
        )
    )
    body = b"".join(
        (
            pack(">HH", 1, 0),
            request.titles,
            bytes(32),
            _item(_APPLICATION_ITEM, APPLICATION_CONTEXT.encode("ascii")),
            *(_answered(context) for context in contexts),
            _item(_USER_ITEM, information),
        )
    )
    return _pdu(PduType.ASSOCIATE_AC, body)


def _with_uid(uid: str, value: bytes) -> bytes:
    name = uid.encode("ascii", "replace")
    return pack(">H", len(name)) + name + value


def _answered(context: AnsweredContext) -> bytes:
    syntax = _item(_TRANSFER_ITEM, context.transfer_syntax.encode("ascii", "replace"))
    return _item(_CONTEXT_AC_ITEM, bytes((context.context_id, 0, context.result, 0)) + syntax)


def reject(rejection: Rejection) -> bytes:
    """Return an A-ASSOCIATE-RJ."""
    return _pdu(PduType.ASSOCIATE_RJ, bytes((0, *rejection)))


def abort(reason: AbortReason) -> bytes:
    """Return an A-ABORT of the service provider."""
    return _pdu(PduType.ABORT, bytes((0, 0, 2, reason)))


def release_reply() -> bytes:
    """Return an A-RELEASE-RP."""
    return _pdu(PduType.RELEASE_RP, bytes(4))


def command_data(context_id: int, command: bytes) -> bytes:
    """Return a P-DATA-TF with one whole command."""
    flags = _COMMAND_BIT | _LAST_BIT
    return _pdu(PduType.DATA, _VALUE.pack(len(command) + 2, context_id, flags) + command)


def dataset_data(context_id: int, fragment: bytes, *, last: bool) -> bytes:
    """Return a P-DATA-TF with a fragment of a dataset."""
    flags = _LAST_BIT if last else 0
    return _pdu(PduType.DATA, _VALUE.pack(len(fragment) + 2, context_id, flags) + fragment)


def data_values(body: memoryview) -> Iterator[DataValue]:
    """Give the values of a P-DATA-TF in order; raises `Malformed`."""
    position = 0
    while position < len(body):
        if position + _VALUE.size > len(body):
            message = "A presentation data value is cut off."
            raise Malformed(message)
        length, context_id, flags = _VALUE.unpack_from(body, position)
        end = position + _VALUE_LENGTH_BYTES + length
        if end > len(body) or end < position + _VALUE.size:
            message = "A presentation data value has a length that does not fit its PDU."
            raise Malformed(message)
        content = body[position + _VALUE.size : end]
        yield DataValue(context_id, bool(flags & _COMMAND_BIT), bool(flags & _LAST_BIT), content)
        position = end


def _item(kind: int, value: bytes) -> bytes:
    return _ITEM.pack(kind, len(value)) + value


def _pdu(kind: PduType, body: bytes) -> bytes:
    return HEADER.pack(kind, len(body)) + body
