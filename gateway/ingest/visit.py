"""What a message may change of a visit and of a consent that are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.ingest.lateness import is_late, type_code
from gateway.ingest.overlay import fill, overlay, union
from gateway.mapping.entry import CONSENT_SYSTEM
from gateway.mapping.movements import MOVEMENT, moment, settled

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.fhir.wire import Resource
    from gateway.store.api import Stored, Transaction


def next_visit(held: Resource, incoming: Resource, *, stated: bool) -> Resource:
    """Return the Encounter with one more movement, whatever the order in which they come.

    `stated` is false for what was past when it was told: like a late message it moves nothing but
    the history. Participants count by their type; whose visit it is, only A44 and A45 change.
    """
    log = [one for one in incoming.get("extension", ()) if one.get("url") == MOVEMENT]
    others = [one for one in incoming.get("extension", ()) if one.get("url") != MOVEMENT]
    known = held.get("extension", [])
    if stated and not is_late(held, incoming):
        said = {one.get("url") for one in others}
        known = [one for one in known if one.get("url") not in said]
        merged = overlay(held, _joined(held, incoming))
    else:
        merged = fill(held, incoming)
    extensions = [*known, *(one for one in (*others, *log) if one not in known)]
    if extensions:
        merged["extension"] = extensions
    return settled({**merged, "subject": held.get("subject", incoming["subject"])})


def _joined(held: Resource, incoming: Resource) -> Resource:
    """Return `incoming` with the participants and facts of the stay that it does not speak of."""
    said = {type_code(one) for one in incoming.get("participant", ())}
    kept = [one for one in held.get("participant", ()) if type_code(one) not in said]
    both = [*incoming.get("participant", ()), *kept]
    stay = {**held.get("hospitalization", {}), **incoming.get("hospitalization", {})}
    meta = {**held.get("meta", {}), **incoming.get("meta", {})}
    joined: dict[str, Any] = {"participant": both, "hospitalization": stay, "meta": meta}
    return {**incoming, **{name: part for name, part in joined.items() if part}}


def next_consent(held: Resource, incoming: Resource) -> Resource | None:
    """Return the decision that was made last: as a whole, nothing of the one before remains.

    None when the one that is held stands: that nothing was collected takes back no decision.
    """
    if held.get("status") == "active" and incoming.get("status") == "proposed":
        return None
    before, after = held.get("dateTime", ""), incoming.get("dateTime", "")
    if before and after and moment(after) < moment(before):
        return None
    if is_late(held, incoming):
        return None
    numbers = union(held.get("identifier"), incoming.get("identifier"))
    meta = {**held.get("meta", {}), **incoming.get("meta", {})}
    decided = {**incoming, "id": held["id"], "identifier": numbers}
    return decided | ({"meta": meta} if meta else {})


def one_consent_a_topic(tx: Transaction, patient: str) -> None:
    """Leave one decision a topic in force, the last one, where two records have become one."""
    topics: dict[tuple[str, str], list[Stored]] = {}
    for found in tx.find_referring("Consent", "patient", patient):
        for number in found.resource.get("identifier", ()):
            if number.get("system") == CONSENT_SYSTEM:
                topics.setdefault((CONSENT_SYSTEM, number.get("value", "")), []).append(found)
    for consents in topics.values():
        *older, _ = sorted(consents, key=lambda one: _standing(one.resource))
        for one in older:
            tx.put({**one.resource, "status": "inactive"})


def _standing(consent: Resource) -> tuple[bool, datetime]:
    return consent.get("status") == "active", moment(consent.get("dateTime", ""))
