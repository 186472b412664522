"""_list: the members of a List (https://hl7.org/fhir/R4/search.html#list)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.fhir.search.references import target_of
from gateway.fhir.wire import loads
from gateway.store.search.sql import piece

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.store.search.asking import Asker


def members_of(asker: Asker, list_id: str) -> tuple[int, ...]:
    """Return the `rid` of what the list holds now; nothing for a list that is not there."""
    found = asker.rows(
        piece(
            "SELECT v.content FROM resource r JOIN resource_version v ON v.seq = r.seq "
            "WHERE r.type = 'List' AND r.id = ? AND r.deleted = 0",
            list_id,
        )
    )
    if not found:
        return ()
    targets = dict.fromkeys(_targets(loads(bytes(found[0][0])), asker.local_bases))
    return tuple(sorted(rids_of(asker, targets)))


def rids_of(asker: Asker, targets: Iterable[tuple[str, str]]) -> set[int]:
    """Return the `rid` of the current ones of the resources (type, id)."""
    by_type: dict[str, list[str]] = {}
    for resource_type, resource_id in targets:
        by_type.setdefault(resource_type, []).append(resource_id)
    found: set[int] = set()
    for resource_type, ids in by_type.items():
        start = piece(
            "SELECT r.rid FROM resource r WHERE r.deleted = 0 AND r.type = ?", resource_type
        )
        more = asker.flavor.among("AND r.id", ids)
        found |= {row[0] for row in asker.rows(start + more)}
    return found


def _targets(resource: Any, local_bases: tuple[str, ...]) -> Iterable[tuple[str, str]]:  # noqa: ANN401 - a List as stored
    for entry in resource.get("entry", ()):
        item = entry.get("item", {})
        target = target_of(item.get("reference", ""), local_bases)
        if target is not None and target[0] and entry.get("deleted") is not True:
            yield target
