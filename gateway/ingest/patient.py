"""What an identity source may change of a patient that is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.ingest.lateness import is_late
from gateway.ingest.overlay import fill

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource

INS_SYSTEMS: Final = frozenset(f"urn:oid:1.2.250.1.213.1.4.{last}" for last in (8, 9, 10, 11))
OFFICIAL: Final = "official"
OLD: Final = "old"
_DEATH: Final = ("deceasedBoolean", "deceasedDateTime")


def newer_identity(held: Resource, incoming: Resource) -> Resource:
    """Return `held` as the source now says it is; a late message only adds what is missing.

    Extensions count by their url. Of the national identifiers one is official (FR Core, fr-core-2):
    the one that was said last. An identifier that was given up stays given up.
    """
    if is_late(held, incoming):
        return _filled(held, incoming)
    merged = {**held, **incoming, "id": held["id"]}
    if any(name in incoming for name in _DEATH):
        for name in _DEATH:
            if name not in incoming:
                merged.pop(name, None)
    lists = {
        "name": _names(held.get("name", []), incoming.get("name", [])),
        "identifier": _identifiers(held.get("identifier", []), incoming.get("identifier", [])),
        "extension": _extensions(held.get("extension", []), incoming.get("extension", [])),
        "meta": _meta(held.get("meta", {}), incoming.get("meta", {})),
    }
    merged |= {name: part for name, part in lists.items() if part}
    return merged


def is_national(identifier: dict[str, Any]) -> bool:
    """Whether an identifier is an INS."""
    return identifier.get("system") in INS_SYSTEMS


def _filled(held: Resource, incoming: Resource) -> Resource:
    """Return `held` with what only a late message says; an INS of then may be withdrawn by now."""
    numbers = [one for one in incoming.get("identifier", ()) if not is_national(one)]
    known = any(name in held for name in _DEATH)
    late = {
        name: part
        for name, part in incoming.items()
        if name != "meta" and not (known and name in _DEATH)
    }
    return fill(held, {**late, "identifier": numbers})


def _identifiers(held: list[Any], incoming: list[Any]) -> list[Any]:
    said = {_number(one): one for one in incoming}
    official = any(one.get("use") == OFFICIAL for one in incoming)
    kept = []
    for one in held:
        again = said.pop(_number(one), None)
        if again is not None and (is_national(one) or one.get("use") != OLD):
            kept.append(again)
        elif official and one.get("use") == OFFICIAL:
            kept.append({**one, "use": OLD if is_national(one) else "usual"})
        else:
            kept.append(one)
    return [*kept, *said.values()]


def _names(held: list[Any], incoming: list[Any]) -> list[Any]:
    """Return the names as they are now, and those of records that were merged into this one."""
    if not incoming:
        return held
    return [*incoming, *(one for one in held if one.get("use") == OLD and one not in incoming)]


def _number(identifier: dict[str, Any]) -> tuple[str, str]:
    return identifier.get("system", ""), identifier.get("value", "")


def _extensions(held: list[Any], incoming: list[Any]) -> list[Any]:
    said = {one.get("url") for one in incoming}
    return [*(one for one in held if one.get("url") not in said), *incoming]


def _meta(held: dict[str, Any], incoming: dict[str, Any]) -> dict[str, Any]:
    """Return the profile and the time of the message, and the tags and labels that are held."""
    merged = {**held, **incoming}
    for name in ("tag", "security"):
        both = [*held.get(name, ()), *incoming.get(name, ())]
        if both:
            merged[name] = [one for at, one in enumerate(both) if one not in both[:at]]
    return merged
