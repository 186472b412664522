"""$translate: https://hl7.org/fhir/R4/conceptmap-operation-translate.html."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Invalid
from gateway.fhir.terminology.canonical import read_canonical
from gateway.fhir.terminology.elements import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gateway.fhir.terminology.concept_map import ConceptMap, Group, Mapped
    from gateway.fhir.terminology.resolver import Resolver
    from gateway.fhir.terminology.validation import Coded

# http://hl7.org/fhir/concept-map-equivalence: how it reads from the other side.
_REVERSED: Final = {
    "wider": "narrower",
    "narrower": "wider",
    "subsumes": "specializes",
    "specializes": "subsumes",
}
_NOTHING: Final = frozenset({"unmatched", "disjoint"})
_FURTHEST: Final = 10


@dataclass(frozen=True, slots=True)
class Translating:
    """What is asked besides the code; texts are empty when not said.

    `source` and `target` are value sets, `dependencies` is {element: value}.
    """

    source: str = ""
    target: str = ""
    target_system: str = ""
    reverse: bool = False
    dependencies: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """One translation: `source` is the concept map that says so, `products` are FHIR elements."""

    equivalence: str
    system: str
    code: str
    display: str
    source: str
    version: str = ""
    products: tuple[Mapping[str, Any], ...] = ()

    @property
    def good(self) -> bool:
        """Whether there is a code, and not only the word that there is none."""
        return bool(self.code) and self.equivalence not in _NOTHING


def translate(
    maps: Iterable[ConceptMap], codings: Sequence[Coded], resolver: Resolver, asked: Translating
) -> list[Match]:
    """Return every translation of every coding, each once, in the order of the maps."""
    found = [
        match
        for one in maps
        if _between(one, asked)
        for coded in codings
        for match in _through(one, coded, resolver, asked, ())
    ]
    kept: list[Match] = []
    for match in found:
        if match not in kept:
            kept.append(match)
    return kept


def _between(one: ConceptMap, asked: Translating) -> bool:
    """Whether a map is between the value sets that the caller named."""
    source, target = (one.target, one.source) if asked.reverse else (one.source, one.target)
    named = ((asked.source, source), (asked.target, target))
    return all(not said or read_canonical(said).url == has.url for said, has in named)


def _through(
    one: ConceptMap, coded: Coded, resolver: Resolver, asked: Translating, seen: tuple[str, ...]
) -> list[Match]:
    found = []
    for group in one.groups:
        here, there = (
            (group.target, group.source) if asked.reverse else (group.source, group.target)
        )
        if coded.system and here.url and here.url != coded.system:
            continue
        if asked.target_system and there.url and there.url != asked.target_system:
            continue
        lines = (group.by_target if asked.reverse else group.by_source).get(coded.code, ())
        lines = tuple(line for line in lines if _fits(line, asked))
        found += [_match(one, group, line, asked) for line in lines]
        if not lines and not asked.reverse and coded.code not in group.by_source:
            found += _unmapped(one, group, coded, resolver, asked, seen)
    return found


def _fits(line: Mapped, asked: Translating) -> bool:
    """Whether what the line depends on is what the caller says."""
    given = asked.dependencies or {}
    needs = {text(one, "property"): text(one, "value") for one in line.depends_on}
    return all(given.get(name) == value for name, value in needs.items())


def _match(one: ConceptMap, group: Group, line: Mapped, asked: Translating) -> Match:
    source = str(one.canonical)
    if asked.reverse:
        equivalence = _REVERSED.get(line.equivalence, line.equivalence)
        system = group.source
        return Match(
            equivalence, system.url, line.source, line.source_display, source, system.version
        )
    system = group.target
    return Match(
        line.equivalence,
        system.url,
        line.target,
        line.display,
        source,
        system.version,
        line.products,
    )  # fmt: skip - the columns of a match


def _unmapped(  # noqa: PLR0913, PLR0917 - a step of a walk and what it goes by
    one: ConceptMap,
    group: Group,
    coded: Coded,
    resolver: Resolver,
    asked: Translating,
    seen: tuple[str, ...],
) -> list[Match]:
    """Follow `group.unmapped`: the same code, a fixed one, or another map."""
    mode = text(group.unmapped, "mode")
    source = str(one.canonical)
    if mode == "provided":
        return [Match("equal", group.target.url, coded.code, coded.display, source)]
    if mode == "fixed":
        fixed, display = text(group.unmapped, "code"), text(group.unmapped, "display")
        return [Match("inexact", group.target.url, fixed, display, source)]
    if mode != "other-map":
        return []
    name = text(group.unmapped, "url")
    if name in seen or len(seen) >= _FURTHEST:
        message = f"Concept maps hand a code on in a ring: {' -> '.join((*seen, name))[:1000]}."
        raise Invalid(message)
    other = resolver.concept_map(read_canonical(name))
    return [] if other is None else _through(other, coded, resolver, asked, (*seen, name))


def products(match: Match) -> list[dict[str, str]]:
    """Return the products of a match as {element, system, code, display}."""
    told = []
    for one in match.products:
        row = {
            "element": text(one, "property"),
            "system": text(one, "system"),
            "code": text(one, "value"),
            "display": text(one, "display"),
        }
        told.append({name: part for name, part in row.items() if part})
    return told
