"""Who may associate over DICOM, as `[[dicom_callers]]` in `gateway.toml` lists them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_LONGEST_TITLE: Final = 16


def is_ae_title(text: str) -> bool:
    """Whether a text is an AE title that needs no trimming (PS3.5 table 6.2-1)."""
    fits = 0 < len(text) <= _LONGEST_TITLE and text == text.strip()
    return fits and text.isascii() and text.isprintable() and "\\" not in text


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
        if not is_ae_title(str(self.ae_title)):
            message = "ae_title must be 1 to 16 characters of ASCII"
            raise ValueError(message)
