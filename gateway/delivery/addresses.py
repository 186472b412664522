"""Under which address somebody receives mail: a pure rule over what is known of them.

The operator's list (`recipients` in `gateway.toml`) comes first, then what the resources say:
mailboxes of the French health network (`...mssante.fr`) before any other, those of the person
before those of a role. A patient's own mailbox (Mon espace santé) is made of the national number of
a qualified identity, and of nothing else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from gateway.delivery.qualified import qualified_identifier

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gateway.fhir.wire import Resource

RPPS: Final = "https://rpps.esante.gouv.fr"
# An addr-spec (RFC 5322) without quoted parts, comments or anything but ASCII: a header made of
# it cannot be broken.
_ADDRESS: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_HEALTH_NETWORK: Final = re.compile(r"@([A-Za-z0-9-]+\.)*mssante\.fr$", re.IGNORECASE)
# INS-NIR and INS-NIA; .10 and .11 are those of tests and demonstrations.
_REAL: Final = ("urn:oid:1.2.250.1.213.1.4.8", "urn:oid:1.2.250.1.213.1.4.9")
# Thirteen characters and a key of two digits; Corsica's departments are 2A and 2B.
_MATRICULE: Final = re.compile(r"\d{6}[\dAB]\d{8}")
_OF_PATIENTS: Final = "patient.mssante.fr"
_LAST_RANK: Final = 1_000_000


def address_of(
    recipient: Resource, roles: Sequence[Resource], listed: Mapping[str, str]
) -> str | None:
    """Return the address of a practitioner or organization, or None when none is known."""
    for key in _keys(recipient):
        if key in listed and _ADDRESS.fullmatch(listed[key]):
            return listed[key]
    return _best(_mailboxes([recipient])) or _best(_mailboxes(roles))


def is_patient(recipient: str) -> bool:
    """Whether `Type/id` is a patient, to whom a report about himself goes."""
    return recipient.startswith("Patient/")


def address_of_patient(patient: Resource, listed: Mapping[str, str]) -> str | None:
    """Return the patient's mailbox, or None without a qualified INS.

    An INS of tests or demonstrations is another person's number in the real network: it has no
    mailbox but one that the operator lists. Référentiel socle MSSanté: `<INS>@patient.mssante.fr`.
    """
    ins = qualified_identifier(patient)
    number = f"{ins.get('system', '')}|{ins.get('value', '')}"
    if number in listed and _ADDRESS.fullmatch(listed[number]):
        return listed[number]
    is_real = ins.get("system") in _REAL and _MATRICULE.fullmatch(ins["value"])
    return f"{ins['value']}@{_OF_PATIENTS}" if is_real else None


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
