"""One request, as a transaction sees it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gateway.dicom.media_types import MediaRange, agreed, read_accept
from gateway.errors import Malformed, NotAcceptable, Unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.dicom.media_types import Offer
    from gateway.dicomweb.ports import Ports

# As objects are taken: modalities write components that begin with a zero (PS3.5 section 9.1).
_UID: Final = re.compile(r"[0-9.]{1,64}", re.ASCII)
_LEVELS: Final = (
    ("study", "Study Instance UID"),
    ("series", "Series Instance UID"),
    ("instance", "SOP Instance UID"),
)


@dataclass(frozen=True, slots=True)
class Call:
    """Where it goes and what it says; what the address does not name is empty.

    `place` is what stands behind the instance: a list of frames, the path of a bulk value. Names of
    headers are in lower case.
    """

    ports: Ports
    method: str = "GET"
    study: str = ""
    series: str = ""
    instance: str = ""
    place: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    peer: str = ""

    def __post_init__(self) -> None:
        """Refuse what is no UID, with `Malformed`."""
        for name, said in _LEVELS:
            if getattr(self, name):
                require_uid(getattr(self, name), said)

    @property
    def accepted(self) -> list[MediaRange]:
        """The media ranges that the caller takes; without any, everything.

        The query parameter `accept` takes the place of the header (PS3.18 section 8.3.3.1).
        """
        said = self.parameter("accept") or self.headers.get("accept", "")
        return read_accept(said) or ([MediaRange("*/*")] if not said.strip() else [])

    def agreed(self, offers: tuple[Offer, ...], told: str) -> Offer:
        """Return what is answered of `offers`; raises `NotAcceptable` with what is `told`."""
        found = next((offer for offer, _ in agreed(self.accepted, offers)), None)
        if found is None:
            raise NotAcceptable(told)
        return found

    def parameter(self, name: str) -> str:
        """Return the value of a query parameter, empty when absent; raises `Malformed` for two."""
        found = [value for given, value in self.parameters if given.lower() == name]
        if len(found) > 1:
            message = f"The parameter {name} is given twice."
            raise Malformed(message)
        return found[0].strip() if found else ""

    def only(self, *known: str) -> None:
        """Raise `Unsupported` for a query parameter that is not one of `known`."""
        for name, _ in self.parameters:
            if name.lower() not in (*known, "accept"):
                message = f"The parameter {name[:64]!a} is not known here."
                raise Unsupported(message)


def require_uid(uid: str, said: str) -> None:
    """Raise `Malformed` unless a text is a UID (PS3.5 section 9.1)."""
    if _UID.fullmatch(uid) is None:
        message = f"The {said} in the address is not a UID."
        raise Malformed(message)
