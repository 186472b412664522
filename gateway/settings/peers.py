"""What is a list, and the limits: read from `gateway.toml` beside the data."""

from __future__ import annotations

import codecs
import ipaddress
import re
import tomllib
from dataclasses import MISSING, dataclass, field, fields, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from gateway.settings.callers import Caller
from gateway.settings.destinations import Destination, Route, wrong_routes
from gateway.settings.dicom_destinations import DicomDestination, wrong_destinations
from gateway.settings.fault import SettingsError
from gateway.settings.retention import Retention
from gateway.settings.senders import Sender

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MEGABYTE: Final = 1024 * 1024
# Ten digits follow, and SH has sixteen characters.
_PREFIX: Final = re.compile(r"[A-Z0-9]{0,6}")


@dataclass(frozen=True, slots=True)
class Peers:
    """What is a list and therefore lives in `gateway.toml` beside the data."""

    # Assigning authority as sent (namespace id) -> identifier system URI.
    namespaces: Mapping[str, str] = field(default_factory=dict)
    # Identifier ("system|value" or bare RPPS) of a practitioner or organization -> mail address.
    recipients: Mapping[str, str] = field(default_factory=dict)
    # Charset to read a sender's messages with, whatever MSH-18 says: "APP|FACILITY" -> codec.
    charsets: Mapping[str, str] = field(default_factory=dict)
    # What MSH-17 should say, for senders that leave it empty or wrong: "APP|FACILITY" -> "FRA".
    countries: Mapping[str, str] = field(default_factory=dict)
    # System of accession numbers that come without authority, empty: trusted within their sender.
    accession_system: str = ""
    # Refuse documents whose flags the French guide forbids, instead of a warning.
    strict_flags: bool = False
    # For how long the journal keeps what; empty: for ever.
    journal_retention: tuple[Retention, ...] = ()
    # Networks from which MLLP connections are taken; empty: any.
    mllp_allow: tuple[str, ...] = ()
    # Who may send HL7 v2 messages; empty: anybody.
    mllp_senders: tuple[Sender, ...] = ()
    # Folders whose `in/` is watched for HL7 v2 files; relative ones lie in the data directory.
    mllp_folders: tuple[str, ...] = ()
    mllp_max_bytes: int = 64 * _MEGABYTE
    mllp_idle_seconds: float = 3600.0
    mllp_connections: int = 1024
    mllp_connections_per_address: int = 1024
    # From the first byte of a message to its last.
    mllp_block_seconds: float = 600.0
    # A message that comes more slowly, over half a minute, is cut.
    mllp_bytes_per_second: int = 1024
    # What messages that are not whole yet may take up together.
    mllp_memory_bytes: int = 512 * _MEGABYTE
    # Where HL7 v2 messages go out, and which of them.
    destinations: tuple[Destination, ...] = ()
    routes: tuple[Route, ...] = ()
    http_max_bytes: int = 64 * _MEGABYTE
    # Networks from which DICOM associations are taken; empty: any.
    dicom_allow: tuple[str, ...] = ()
    # Who may associate; empty: those of GATEWAY_DICOM_PEERS.
    dicom_callers: tuple[Caller, ...] = ()
    # Reject associations that call another AE title than ours.
    dicom_check_called: bool = False
    # Pages of other hosts that may ask the DICOMweb door: "https://viewer.example"; "*": any.
    dicomweb_origins: tuple[str, ...] = ()
    # At a time, of each process of the door; of one address.
    dicom_associations: int = 64
    dicom_associations_per_address: int = 32
    dicom_idle_seconds: float = 300.0
    # Within a message.
    dicom_stall_seconds: float = 60.0
    # Systems that are called by DICOM.
    dicom_destinations: tuple[DicomDestination, ...] = ()
    # Specific Character Set of answers to a peer, whatever it asks in: AE title -> "ISO_IR 100".
    dicom_charsets: Mapping[str, str] = field(default_factory=dict)
    # Modality of an order by a code of its examination, where the order names none.
    dicom_modalities: Mapping[str, str] = field(default_factory=dict)
    # Who gives accession numbers: "ris", or "gateway" with what each begins with.
    accession_numbers: str = "ris"
    accession_prefix: str = "P"


# Arrays of tables: each table is one of these.
Row = Sender | Caller | Destination | Route | Retention | DicomDestination
_ROWS: Final[dict[str, type[Row]]] = {
    "mllp_senders": Sender,
    "dicom_callers": Caller,
    "destinations": Destination,
    "routes": Route,
    "journal_retention": Retention,
    "dicom_destinations": DicomDestination,
}


def read_peers(path: Path) -> Peers:
    """Read the file, or give the defaults without one; raises `SettingsError`."""
    if not path.exists():
        return Peers()
    try:
        given = tomllib.loads(path.read_text("utf-8"))
        _require_names("", Peers, given)
        peers = Peers(**{name: _value(name, value) for name, value in given.items()})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError, ValueError) as fault:
        message = f"{path.name}: {fault}"
        raise SettingsError(message) from None
    wrong = _wrong(peers)
    if wrong:
        message = f"{path.name}: {wrong}"
        raise SettingsError(message)
    called = tuple(one.within(path.parent) for one in peers.dicom_destinations)
    return replace(peers, dicom_destinations=called)


def _value(name: str, value: object) -> Any:  # noqa: ANN401 - what the field takes
    """Return a TOML value as the field takes it: lists become tuples, tables rows."""
    if not isinstance(value, list):
        return value
    row = _ROWS.get(name)
    if row is None:
        return tuple(value)
    return tuple(_row(name, row, table) for table in value)


def _row(name: str, row: type[Row], table: object) -> Row:
    if not isinstance(table, dict):
        message = f"{name} must be written [[{name}]]"
        raise TypeError(message)
    _require_names(f"{name}: ", row, table)
    given: dict[str, Any] = {key: _value(key, value) for key, value in table.items()}
    made = row(**given)
    wrong = _wrong_fields(made)
    if wrong:
        message = f"{name}: {wrong}"
        raise ValueError(message)
    return made


def _require_names(where: str, kind: type[Peers | Row], given: Mapping[str, object]) -> None:
    """Raise `ValueError` for a name that there is not, and for one that is needed and left out."""
    known = {item.name for item in fields(kind)}
    for name in given:
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f", perhaps {near[0]} is meant" if near else ""
            message = f"{where}{name} is not a name that is known here{hint}; see docs/settings.md."
            raise ValueError(message)
    for item in fields(kind):
        if item.default is MISSING and item.default_factory is MISSING and item.name not in given:
            message = f"{where}{item.name} is missing."
            raise ValueError(message)


def _wrong(peers: Peers) -> str:
    """Return what is wrong with the lists, in words, or nothing."""
    return (
        _wrong_fields(peers)
        or _wrong_codecs(peers)
        or _wrong_mailboxes(peers)
        or _wrong_networks(peers)
        or wrong_routes(peers.destinations, peers.routes)
        or wrong_destinations(peers.dicom_destinations)
        or _wrong_numbers(peers)
    )


def _wrong_numbers(peers: Peers) -> str:
    if peers.accession_numbers not in ("ris", "gateway"):
        return "accession_numbers must be ris or gateway."
    if not _PREFIX.fullmatch(peers.accession_prefix):
        return "accession_prefix has at most 6 letters and digits."
    return ""


def _wrong_fields(given: Peers | Row) -> str:
    for item in fields(given):
        kind, value = str(item.type), getattr(given, item.name)
        # The kind is the annotation up to its bracket.
        said = _KINDS[kind.partition("[")[0]](value)
        if said:
            return f"{item.name} must be {said}."
    return ""


def _not_a_table(value: object) -> str:
    fine = isinstance(value, dict) and all(isinstance(one, str) for one in value.values())
    return "" if fine else "a table of texts (what is in no table stands before the first one)"


def _not_a_list(value: object) -> str:
    fine = isinstance(value, tuple) and all(isinstance(one, str | Row) for one in value)
    return "" if fine else "a list of texts"


def _not_a_number(value: object) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return "" if number and value > 0 else "a number above 0"  # type: ignore[operator]  # a number, see before


def _not_whole(value: object) -> str:
    return _not_a_number(value) or ("" if isinstance(value, int) else "a whole number")


def _not_a_text(value: object) -> str:
    return "" if isinstance(value, str) else "a text"


def _not_a_switch(value: object) -> str:
    return "" if isinstance(value, bool) else "true or false"


_KINDS: Final = {
    "Mapping": _not_a_table,
    "tuple": _not_a_list,
    "int": _not_whole,
    "float": _not_a_number,
    "str": _not_a_text,
    "bool": _not_a_switch,
}


def _wrong_codecs(peers: Peers) -> str:
    for codec in peers.charsets.values():
        try:
            codecs.lookup(codec)
        except LookupError:
            return f"charsets: {codec} is not a codec."
    return ""


def _wrong_mailboxes(peers: Peers) -> str:
    wrong = (who for who, mailbox in peers.recipients.items() if "@" not in mailbox)
    return next((f"recipients: that of {who} is not a mail address." for who in wrong), "")


def _wrong_networks(peers: Peers) -> str:
    rows: tuple[Sender | Caller, ...] = (*peers.mllp_senders, *peers.dicom_callers)
    of_rows = (address for row in rows for address in row.addresses)
    for text in (*peers.mllp_allow, *peers.dicom_allow, *of_rows):
        try:
            ipaddress.ip_network(text, strict=False)
        except ValueError:
            return f"{text} is neither an address nor a network."
    return ""
