"""Who may send HL7 v2 messages: the lists of an installation, as one decision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.access.decision import Decision, Request
from gateway.access.networks import is_in, networks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.access.networks import Network
    from gateway.settings import Sender

_YES: Final = Decision(permitted=True, reason="on the list")


class Senders:
    """Decides by address, application, facility and certificate; an empty list permits all."""

    def __init__(self, allow: Iterable[str] = (), senders: Iterable[Sender] = ()) -> None:
        """Take the networks that may connect, and the senders that may send."""
        self._allow = networks(allow)
        self._rows = [(row, networks(row.addresses)) for row in senders]

    def decide(self, request: Request) -> Decision:
        """Permit a connection (`connect`) by its address, a message by its sender."""
        if request.action == "connect":
            return self._connect(request)
        if not self._rows:
            return _YES
        named = [(row, listed) for row, listed in self._rows if _names(row, request.caller)]
        if not named:
            return _no(f"{_told(request.caller)} is not on the list of senders.")
        here = [row for row, listed in named if _is_in(request.peer, listed)]
        if not here:
            return _no(f"{_told(request.caller)} may not send from this address.")
        if not any(_shown(row, request.certificate) for row in here):
            return _no(f"{_told(request.caller)} may not send with this certificate.")
        return _YES

    def acknowledgement_mode(self, sender: str) -> str:
        """Return the mode agreed with a sender (MSH-3|MSH-4), empty when none is."""
        modes = (row.acknowledgement for row, _ in self._rows if _names(row, sender))
        return next((mode for mode in modes if mode), "")

    def is_strict(self, sender: str) -> bool:
        """Say whether messages of a sender (MSH-3|MSH-4) that break their profile are refused."""
        return any(row.strict for row, _ in self._rows if _names(row, sender))

    def _connect(self, request: Request) -> Decision:
        if not _is_in(request.peer, self._allow):
            return _no("This address is not on the list.")
        if self._rows and not any(_is_in(request.peer, listed) for _, listed in self._rows):
            return _no("No sender on the list has this address.")
        return _YES


def _no(reason: str) -> Decision:
    return Decision(permitted=False, reason=reason)


def _told(sender: str) -> str:
    application, _, facility = sender.partition("|")
    return f"The application {application or '(none)'} of {facility or '(no facility)'}"


def _names(row: Sender, sender: str) -> bool:
    application, _, facility = sender.partition("|")
    return row.application in ("", application) and row.facility in ("", facility)


def _shown(row: Sender, names: tuple[str, ...]) -> bool:
    return not row.certificates or bool(set(row.certificates) & set(names))


def _is_in(peer: str, listed: list[Network]) -> bool:
    """Say whether `peer` (`host:port`, `[host]:port`) is in one of them."""
    return is_in(peer.rpartition(":")[0], listed)
