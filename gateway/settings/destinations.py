"""Where HL7 v2 messages go out, as `[[destinations]]` and `[[routes]]` in `gateway.toml` say it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_NAME: Final = re.compile(r"[A-Za-z0-9.\-]{1,64}")
_LAST_PORT: Final = 65535
# Guides whose messages carry documents and nothing else.
DOCUMENT_PROFILES: Final = frozenset({"cda", "lps"})
# What may be sent, by the resource that it is made of.
MATTERS: Final = ("orders", "identity", "appointments", "reports", "documents")
_CHOICES: Final = {
    "profile": ("standard", "pam-fr", "tlr", "cda", "lps"),
    "version": ("2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.7.1", "2.8", "2.8.1"),
    "acknowledgement": ("original", "enhanced"),
    "order_message": ("ORM^O01", "OMI^O23"),
    "order_change": ("XO", "SC"),
    "charset": ("UNICODE UTF-8", "8859/1", "8859/15", "ASCII"),
}
_LABELS: Final = ("N", "R", "V", "MASQUE_PS")


@dataclass(frozen=True, slots=True)
class Destination:
    """One receiving system.

    `application` and `facility` are MSH-5 and MSH-6, and MSH-3 and MSH-4 of what it sends itself:
    that is never sent back to it. `certificate` and `key` are the gateway's own towards it, `ca`
    certifies its; `server_name` is whom its certificate names. `confidentiality` are the labels
    that it may have (https://terminology.hl7.org/CodeSystem-v3-Confidentiality.html). `timeout`
    is in seconds.
    """

    name: str = ""
    host: str = ""
    port: int = 2575
    tls: bool = False
    ca: str = ""
    certificate: str = ""
    key: str = ""
    server_name: str = ""
    application: str = ""
    facility: str = ""
    sending_application: str = "PASSERELLE"
    sending_facility: str = ""
    version: str = "2.5.1"
    profile: str = "standard"
    country: str = "FRA"
    charset: str = "UNICODE UTF-8"
    acknowledgement: str = "original"
    order_message: str = "ORM^O01"
    order_change: str = "XO"
    accession_system: str = ""
    confidentiality: tuple[str, ...] = ("N", "R")
    timeout: float = 30.0

    def __post_init__(self) -> None:
        """Refuse what cannot be, with `ValueError`."""
        if _NAME.fullmatch(str(self.name)) is None:
            message = "name must be letters, digits, dots and hyphens, 64 at most"
            raise ValueError(message)
        for field, choices in _CHOICES.items():
            _choose(field, getattr(self, field), choices)
        for label in self.confidentiality:
            _choose("confidentiality", label, _LABELS)
        if not self.host:
            message = "host must be given"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Route:
    """Which of it goes where: all `send` to `to`, or only what names one of `concerning`.

    `concerning` are identifiers (`system|value`, or a bare RPPS or FINESS): of the performer of an
    order, of who or what an appointment takes, of the treating physician or requester of a report.
    `events` are the codes to send (`NW`, `A40`, `S12`); empty: all.
    """

    to: str = ""
    send: tuple[str, ...] = ()
    concerning: tuple[str, ...] = ()
    events: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be sent, with `ValueError`."""
        if not self.send:
            message = f"send must be a list of {', '.join(MATTERS)}"
            raise ValueError(message)
        for matter in self.send:
            _choose("send", matter, MATTERS)


def wrong_routes(destinations: tuple[Destination, ...], routes: tuple[Route, ...]) -> str:
    """Return what is wrong with routes and destinations together, in words, or nothing."""
    names = [one.name for one in destinations]
    if len(set(names)) != len(names):
        return "destinations: two have the same name."
    known = {one.name: one for one in destinations}
    for one in destinations:
        if not 1 <= one.port <= _LAST_PORT:
            return f"destinations: the port of {one.name} must be between 1 and {_LAST_PORT}."
    for route in routes:
        if route.to not in known:
            return f"routes: there is no destination {route.to}."
        profile = known[route.to].profile
        if profile in DOCUMENT_PROFILES and set(route.send) != {"documents"}:
            return f"routes: the profile {profile} of {route.to} has messages for documents only."
    return ""


def _choose(field: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        message = f"{field} must be one of {', '.join(choices)}"
        raise ValueError(message)
