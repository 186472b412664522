"""$expand: https://hl7.org/fhir/R4/valueset-operation-expand.html."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Invalid, Issue
from gateway.fhir.search.text import folded
from gateway.fhir.terminology.displays import designations, display_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.fhir.terminology.composition import Member, Versions
    from gateway.fhir.terminology.walk import Walk
    from gateway.fhir.wire import Resource

# More codes than this are handed out page by page only.
LIMIT: Final = 10_000
_UNCLOSED: Final = {
    "url": "http://hl7.org/fhir/StructureDefinition/valueset-unclosed",
    "valueBoolean": True,
}


@dataclass(frozen=True, slots=True)
class Expanding:
    """The parameters of $expand; `count` None asks for all, `said` are those to be told back.

    `designations` are tokens `system|code`, languages as `urn:ietf:bcp:47|fr`; empty means all.
    """

    filter: str = ""
    offset: int = 0
    count: int | None = None
    include_designations: bool = False
    designations: tuple[str, ...] = ()
    include_definition: bool = False
    active_only: bool = False
    exclude_abstract: bool = False
    exclude_systems: frozenset[str] = frozenset()
    language: str = ""
    versions: Versions | None = None
    said: tuple[tuple[str, Any], ...] = ()


def expand(walk: Walk, asked: Expanding, *, moment: str) -> Resource:
    """Return the ValueSet with its expansion; `moment` is a dateTime.

    Raises `Invalid` for what is too costly.
    """
    value_set = walk.value_set
    found = [one for one in _filtered(walk, asked.filter) if _wanted(one, asked)]
    count = len(found) if asked.count is None else asked.count
    if min(count, len(found)) > LIMIT:
        message = (
            f"There are {len(found)} codes in {value_set.named}: ask for at most {LIMIT} with "
            "count and offset, or for some with filter."
        )
        raise Invalid(message, issues=(Issue(message, code="too-costly"),))
    page = found[asked.offset : asked.offset + count]
    expansion: dict[str, Any] = {}
    if any(not system.complete for system in walk.used.values()):
        expansion["extension"] = [_UNCLOSED]
    expansion |= {"timestamp": moment, "total": len(found)}
    if asked.count is not None or asked.offset:
        expansion["offset"] = asked.offset
    if parameters := [*_said(asked.said), *_used(walk)]:
        expansion["parameter"] = parameters
    if page:
        expansion["contains"] = [_contains(one, walk, asked) for one in page]
    head: Resource = {"resourceType": "ValueSet", "status": "active"} | value_set.head
    if asked.include_definition and value_set.compose is not None:
        head["compose"] = value_set.compose
    return head | {"expansion": expansion}


def _filtered(walk: Walk, text: str) -> Iterable[Member]:
    """Return the members with every word of `text` at the start of a word of their names."""
    wanted = [f" {word}" for word in folded(text).split()]
    if not wanted:
        return walk.members.values()
    return (
        member
        for member, words in zip(walk.members.values(), walk.words(), strict=True)
        if all(one in words for one in wanted)
    )


def _wanted(member: Member, asked: Expanding) -> bool:
    if asked.active_only and member.inactive:
        return False
    if asked.exclude_abstract and member.abstract:
        return False
    if not asked.exclude_systems:
        return True
    named = (member.system, f"{member.system}|{member.version}")
    return asked.exclude_systems.isdisjoint(named)


def _said(said: Iterable[tuple[str, Any]]) -> list[dict[str, Any]]:
    return [{"name": name, _key(value): value} for name, value in said]


def _key(value: object) -> str:
    if isinstance(value, bool):
        return "valueBoolean"
    return "valueInteger" if isinstance(value, int) else "valueString"


def _used(walk: Walk) -> list[dict[str, Any]]:
    """Return which versions were used, and which systems are here in part only."""
    told = []
    for canonical, system in sorted(walk.used.items()):
        told.append({"name": "version", "valueUri": str(canonical)})
        if not system.complete:
            told.append({"name": f"warning-{system.content}", "valueUri": str(canonical)})
    return told


def _contains(member: Member, walk: Walk, asked: Expanding) -> dict[str, Any]:
    told: dict[str, Any] = {"system": member.system} if member.system else {}
    if member.abstract:
        told["abstract"] = True
    if member.inactive:
        told["inactive"] = True
    if member.version and _ambiguous(member, walk):
        told["version"] = member.version
    told["code"] = member.code
    if display := display_in(member, asked.language):
        told["display"] = display
    if asked.include_designations:
        named = designations(member, asked.designations)
        if named:
            told["designation"] = named
    return told


def _ambiguous(member: Member, walk: Walk) -> bool:
    """Whether codes of several versions of the system are in the expansion."""
    return sum(one.url == member.system for one in walk.used) > 1
