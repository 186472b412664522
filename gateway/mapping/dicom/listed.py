"""Series that a manifest lists and that are held elsewhere (IHE RAD MADO, French DRIM-M)."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from gateway.dicom.sop_classes import name_of
from gateway.fhir.datatypes import Element, coding, compact, oid_system, reference
from gateway.mapping.dicom.endpoints import remote
from gateway.mapping.dicom.key_objects import SeriesFacts
from gateway.mapping.dicom.series import modality

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.mapping.dicom.key_objects import Reference
    from gateway.mapping.dicom.study import Manifest
    from gateway.mapping.entry import Entry


def listed_series(
    listed: Sequence[Reference], manifests: Sequence[Manifest]
) -> tuple[list[Element], dict[str, Entry]]:
    """Return the series of objects that are not here, and where they may be fetched."""
    facts = {uid: said for one in manifests for uid, said in one.series.items()}
    endpoints = remote(listed)
    by_uid: dict[str, list[Reference]] = defaultdict(list)
    for one in listed:
        by_uid[one.series].append(one)
    series = [
        _series(uid, members, facts.get(uid, SeriesFacts()), endpoints.get(uid))
        for uid, members in by_uid.items()
    ]
    return series, {one.full_url: one for one in endpoints.values()}


def with_listed(held: list[Element], listed: list[Element]) -> list[Element]:
    """Return the series of both; of a series that is here in part the missing objects are added."""
    by_uid = {one["uid"]: one for one in held}
    for one in listed:
        known = by_uid.get(one["uid"])
        if known is None:
            by_uid[one["uid"]] = one
            continue
        both = [*known["instance"], *one["instance"]]
        by_uid[one["uid"]] = known | {"instance": both, "numberOfInstances": len(both)}
    return list(by_uid.values())


def _series(
    uid: str, members: list[Reference], facts: SeriesFacts, endpoint: Entry | None
) -> Element:
    element = {
        "uid": uid,
        "number": facts.number,
        "modality": modality(facts.modality),
        "description": facts.description,
        "numberOfInstances": len(members),
        "endpoint": [reference(endpoint.full_url)] if endpoint else [],
        "bodySite": facts.region,
        "instance": [_instance(one) for one in members],
    }
    found: Element = compact(element)
    return found


def _instance(one: Reference) -> Element:
    sop_class = coding("urn:ietf:rfc:3986", oid_system(one.sop_class), name_of(one.sop_class))
    return {"uid": one.sop_instance, "sopClass": sop_class}
