"""Systems that the gateway calls by DICOM: `[[dicom_destinations]]` of `gateway.toml`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

SENT: Final = ("studies", "procedure-steps")
_LAST_PORT: Final = 65535
# A part of the id of the Endpoint that stands for it.
_NAME: Final = re.compile(r"[A-Za-z0-9.-]{1,50}")
_LONGEST_TITLE: Final = 16


@dataclass(frozen=True, slots=True)
class DicomDestination:
    """A PACS, RIS or workstation; C-MOVE, routes and storage commitment know it by its AE title.

    `send` is what goes there by itself: studies when they are quiet, procedure steps as they come;
    `calling` our title there, `send_from` the titles whose objects go there, none meaning all.
    """

    name: str
    ae_title: str
    host: str
    port: int
    calling: str = ""
    send: tuple[str, ...] = ()
    send_from: tuple[str, ...] = ()
    timeout: float = 30.0


def wrong_destinations(destinations: Iterable[DicomDestination]) -> str:
    """Return what is wrong with the list, in words, or nothing."""
    names: set[str] = set()
    for one in destinations:
        if one.name in names:
            return "dicom_destinations: two have the same name."
        names.add(one.name)
        if not _NAME.fullmatch(one.name):
            return "dicom_destinations: a name has letters, digits, dots and hyphens."
        if not 1 <= one.port <= _LAST_PORT:
            return f"dicom_destinations: the port of {one.name} is none."
        if not 1 <= len(one.ae_title) <= _LONGEST_TITLE:
            return f"dicom_destinations: the ae_title of {one.name} has 1 to 16 characters."
        if unknown := set(one.send) - set(SENT):
            return f"dicom_destinations: {one.name} cannot be sent {', '.join(sorted(unknown))}."
    return ""
