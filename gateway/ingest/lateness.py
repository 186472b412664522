"""Since when what is held is so: what is older than that does not overwrite it.

Messages wait in queues and are sent again: the time at which a sender says that something was so
(EVN-2) is kept with the resource, in `meta.extension`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.fhir.wire import Resource

AS_OF: Final = "urn:passerelle:extension:as-of"
# A sender whose clock runs ahead by more than this would shut out everybody else.
_AHEAD: Final = timedelta(days=1)


def stamped(resource: Resource, when: str, now: datetime) -> Resource:
    """Return the resource with the instant since when it is so; without one it is unchanged."""
    moment = _instant(when)
    if moment is None or moment > now + _AHEAD:
        return resource
    meta = resource.get("meta", {})
    others = [one for one in meta.get("extension", ()) if one.get("url") != AS_OF]
    stamp = {"url": AS_OF, "valueInstant": when}
    return {**resource, "meta": {**meta, "extension": [*others, stamp]}}


def is_late(held: Resource, incoming: Resource) -> bool:
    """Whether both say since when they are so, and `incoming` says the earlier time."""
    known, told = _as_of(held), _as_of(incoming)
    return known is not None and told is not None and told < known


def without(resource: Resource, names: Iterable[str]) -> Resource:
    """Return the resource without elements.

    Names are those of `Entry.cleared`: `telecom`, `hospitalization.admitSource`,
    `extension#<url>`, `participant#<type>`.
    """
    for name in names:
        resource = _without(resource, name)
    return resource


def _without(resource: Resource, name: str) -> Resource:
    element, _, which = name.partition("#")
    parent, _, child = element.partition(".")
    held = resource.get(parent)
    rest = {key: value for key, value in resource.items() if key != parent}
    if which and isinstance(held, list):
        kept: Any = [item for item in held if which not in (item.get("url"), type_code(item))]
    elif child and isinstance(held, dict):
        kept = {key: value for key, value in held.items() if key != child}
    else:
        kept = None
    return {**rest, parent: kept} if kept else rest


def type_code(item: Resource) -> str:
    """Return the first code of `type` of a backbone element: what kind of participant it is."""
    kinds = item.get("type")
    first: Resource = kinds[0] if isinstance(kinds, list) and kinds else {}
    codings: list[Resource] = first.get("coding", [])
    return str(codings[0].get("code", "")) if codings else ""


def _as_of(resource: Resource) -> datetime | None:
    extensions = resource.get("meta", {}).get("extension", ())
    found = (one.get("valueInstant", "") for one in extensions if one.get("url") == AS_OF)
    return _instant(next(found, ""))


def _instant(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
