"""The refusals of this mapping, each with its code of table HL70357."""

from __future__ import annotations

from gateway.errors import Invalid, Unsupported


class UnsupportedMessageType(Unsupported):
    """MSH-9.1 names a type that is not received here."""

    err_code = "200"


class UnsupportedEvent(Unsupported):
    """MSH-9.2 names an event that is not received here."""

    err_code = "201"


class UnsupportedVersion(Unsupported):
    """MSH-12 names a version that is no version 2."""

    err_code = "203"


class FlagsNotAllowed(Invalid):
    """The flags of a French document are incomplete, out of order or exclude each other."""

    err_code = "207"


class TableValueNotFound(Invalid):
    """A code that decides what the message means is not in its table."""

    err_code = "103"
