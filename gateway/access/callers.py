"""Who may associate over DICOM: the lists of an installation, as one decision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.access.decision import Decision, Request
from gateway.access.networks import is_in, networks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.settings import Caller

_YES: Final = Decision(permitted=True, reason="on the list")


class Callers:
    """Decides by address, calling AE title and certificate; empty lists permit all."""

    def __init__(
        self, allow: Iterable[str] = (), titles: Iterable[str] = (), rows: Iterable[Caller] = ()
    ) -> None:
        """Take the networks that may connect, and the callers that may associate.

        `titles` may call from anywhere; a title that has rows must be one of them.
        """
        self._allow = networks(allow)
        self._titles = frozenset(titles)
        self._rows = [(row, networks(row.addresses)) for row in rows]

    def decide(self, request: Request) -> Decision:
        """Permit a connection (`connect`) by its address, an association by who calls."""
        if request.action == "connect":
            return _YES if is_in(request.peer, self._allow) else _no("the address is not listed")
        named = [(row, listed) for row, listed in self._rows if row.ae_title == request.caller]
        if not named:
            free = request.caller in self._titles or not (self._titles or self._rows)
            return _YES if free else _no("the calling AE title is not listed")
        here = [row for row, listed in named if is_in(request.peer, listed)]
        if not here:
            return _no("the calling AE title may not call from this address")
        shown = set(request.certificate)
        if any(not row.certificates or shown & set(row.certificates) for row in here):
            return _YES
        return _no("the calling AE title may not call with this certificate")

    def associations(self, title: str) -> int | None:
        """Return how many associations a title may have at a time, None when nothing is said."""
        return next((row.associations for row, _ in self._rows if row.ae_title == title), None)


def _no(reason: str) -> Decision:
    return Decision(permitted=False, reason=reason)
