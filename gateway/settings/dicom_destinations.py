"""Systems that the gateway calls by DICOM: `[[dicom_destinations]]` of `gateway.toml`."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from gateway.settings.callers import is_ae_title

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SENT: Final = ("studies", "procedure-steps")
_LAST_PORT: Final = 65535
# A part of the id of the Endpoint that stands for it.
_NAME: Final = re.compile(r"[A-Za-z0-9.-]{1,50}")


@dataclass(frozen=True, slots=True)
class DicomDestination:
    """A PACS, RIS or workstation; C-MOVE, routes and storage commitment know it by its AE title.

    `send` is what goes there by itself: studies when they are quiet, procedure steps as they come;
    `calling` our title there, `send_from` the titles whose objects go there, none meaning all.
    With `tls`, `ca` certifies the system, without it the list of this machine; `certificate` and
    `key` are the gateway's own towards it; `server_name` is whom its certificate names, else the
    `host`.
    """

    name: str
    ae_title: str
    host: str
    port: int
    calling: str = ""
    send: tuple[str, ...] = ()
    send_from: tuple[str, ...] = ()
    timeout: float = 30.0
    tls: bool = False
    ca: str = ""
    certificate: str = ""
    key: str = ""
    server_name: str = ""

    def within(self, folder: Path) -> DicomDestination:
        """Return it with the files of its certificates, where they are relative, in `folder`."""
        ca, certificate, key = (
            str(folder / one) if one else "" for one in (self.ca, self.certificate, self.key)
        )
        return replace(self, ca=ca, certificate=certificate, key=key)


def wrong_destinations(destinations: Iterable[DicomDestination]) -> str:
    """Return what is wrong with the list, in words, or nothing."""
    names: set[str] = set()
    for one in destinations:
        wrong = "two have the same name" if one.name in names else _wrong(one) or _wrong_tls(one)
        if wrong:
            return f"dicom_destinations: {wrong}."
        names.add(one.name)
    return ""


def _wrong(one: DicomDestination) -> str:
    if not _NAME.fullmatch(one.name):
        return "a name has letters, digits, dots and hyphens"
    if not 1 <= one.port <= _LAST_PORT:
        return f"the port of {one.name} is none"
    if not is_ae_title(one.ae_title):
        return f"the ae_title of {one.name} has 1 to 16 characters of ASCII"
    if unknown := set(one.send) - set(SENT):
        return f"{one.name} cannot be sent {', '.join(sorted(unknown))}"
    return ""


def _wrong_tls(one: DicomDestination) -> str:
    """Nothing that was meant to be protected goes out in plain."""
    if not one.tls and (one.ca or one.certificate or one.key or one.server_name):
        return f"ca, certificate, key and server_name of {one.name} need tls = true"
    if bool(one.certificate) != bool(one.key):
        return f"certificate and key of {one.name} come together"
    return ""
