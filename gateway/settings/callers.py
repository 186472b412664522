"""Who may associate over DICOM, as `[[dicom_callers]]` in `gateway.toml` lists them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_LONGEST_TITLE: Final = 16


@dataclass(frozen=True, slots=True)
class Caller:
    """One calling application entity: what is left empty is not asked.

    `addresses` are networks such as `10.1.2.0/24`; `certificates` names (common name or DNS name)
    of the client certificate; `associations` how many it may have at a time.
    """

    ae_title: str = ""
    addresses: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    associations: int = 64

    def __post_init__(self) -> None:
        """Refuse what is no AE title (PS3.5 table 6.2-1), with `ValueError`."""
        title = str(self.ae_title)
        fits = 0 < len(title) <= _LONGEST_TITLE and title == title.strip()
        if not fits or not title.isascii() or not title.isprintable() or "\\" in title:
            message = "ae_title must be 1 to 16 characters of ASCII"
            raise ValueError(message)
