"""What a search asks of terminology: https://hl7.org/fhir/R4/search.html#subsumption."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable


class Terminology(Protocol):
    """The port through which `:in`, `:not-in`, `:above` and `:below` become plain codes.

    Each raises `Unsupported`, `NotFound` or `Invalid` that names the value set or code system.
    """

    def members(self, value_set: str) -> Iterable[tuple[str, str]]:
        """Return (system, code) of everything in the value set."""

    def descendants(self, system: str, code: str) -> Iterable[str]:
        """Return the code and all below it."""

    def ancestors(self, system: str, code: str) -> Iterable[str]:
        """Return the code and all above it."""
