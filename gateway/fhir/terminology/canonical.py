"""Canonical URLs and the order of business versions.

https://hl7.org/fhir/R4/references.html#canonical
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_PART: Final = re.compile(r"\d+|[^\d.+_-]+")


class Canonical(NamedTuple):
    """A canonical URL and the business version that it asks for, empty when any will do."""

    url: str
    version: str = ""

    def __str__(self) -> str:
        """Return it as FHIR writes it, `url|version`."""
        return f"{self.url}|{self.version}" if self.version else self.url


def read_canonical(text: str) -> Canonical:
    """Split `url|version`; a fragment stays with the url."""
    url, _, version = text.partition("|")
    return Canonical(url, version)


def version_order(version: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key by which versions sort: numbers as numbers, a pre-release before its release.

    FHIR leaves the scheme to the publisher: dates, semantic versions and plain numbers all occur.
    """
    parts = _PART.findall(version)
    # A word (`ballot`, `snapshot`) comes before the end, and the end before a number.
    key = [(2, int(part), "") if part.isdigit() else (0, 0, part.casefold()) for part in parts]
    return (*key, (1, 0, ""))
