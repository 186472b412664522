"""Under which address somebody receives mail: a pure rule over what is known of them.

The operator's list (`recipients` in `gateway.toml`) comes first, then what the resources say:
mailboxes of the French health network (`...mssante.fr`) before any other, those of the person
before those of a role.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gateway.fhir.wire import Resource

RPPS: Final = "https://rpps.esante.gouv.fr"
# An addr-spec (RFC 5322) without quoted parts, comments or anything but ASCII: a header made of
# it cannot be broken.
_ADDRESS: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_HEALTH_NETWORK: Final = re.compile(r"@([A-Za-z0-9-]+\.)*mssante\.fr$", re.IGNORECASE)
_LAST_RANK: Final = 1_000_000


def address_of(
    recipient: Resource, roles: Sequence[Resource], listed: Mapping[str, str]
) -> str | None:
    """Return the address of a practitioner or organization, or None when none is known."""
    for key in _keys(recipient):
        if key in listed and _ADDRESS.fullmatch(listed[key]):
            return listed[key]
    return _best(_mailboxes([recipient])) or _best(_mailboxes(roles))


def _keys(recipient: Resource) -> Iterator[str]:
    for identifier in recipient.get("identifier", ()):
        system, value = identifier.get("system", ""), identifier.get("value", "")
        yield f"{system}|{value}"
        if system == RPPS:
            yield value


def _mailboxes(resources: Sequence[Resource]) -> list[dict[str, Any]]:
    points = [point for resource in resources for point in resource.get("telecom", ())]
    return [point for point in points if _usable(point)]


def _usable(point: dict[str, Any]) -> bool:
    ended = point.get("use") == "old" or "end" in point.get("period", {})
    written = _ADDRESS.fullmatch(point.get("value", "")) is not None
    return point.get("system") == "email" and written and not ended


def _best(points: list[dict[str, Any]]) -> str | None:
    """Return the health network's mailbox if there is one, the best ranked otherwise."""
    ranked = sorted(points, key=lambda point: point.get("rank", _LAST_RANK))
    ours = [point for point in ranked if _HEALTH_NETWORK.search(point["value"])]
    return next((str(point["value"]) for point in [*ours, *ranked]), None)
