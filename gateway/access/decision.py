"""The one question that every door asks before it acts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks what, at which door.

    `action` is the interaction or message in the words of its standard (`read`, `search-type`,
    `C-STORE`, `ORU^R01`); `caller` is what the protocol says of the caller (client id, AE title,
    sending application), `peer` the network address it comes from, `certificate` the names in the
    certificate that it showed.
    """

    door: str
    action: str
    resource_type: str = ""
    caller: str = ""
    peer: str = ""
    certificate: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether it may, and the reason in one sentence."""

    permitted: bool
    reason: str


_LOOPBACK: Final = Decision(permitted=True, reason="every door listens on this machine alone")


def decide(request: Request) -> Decision:  # noqa: ARG001 - the question is asked, the rule is short
    """Permit: without access control `settings` lets no door listen beyond this machine."""
    return _LOOPBACK
