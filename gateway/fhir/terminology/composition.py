"""What is in a value set: walked through, or asked about one code.

https://hl7.org/fhir/R4/valueset.html#composition: includes are added up, the value sets of one
include are intersected with each other and with its codes, excludes are taken away.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.errors import Invalid, Issue, NotFound
from gateway.fhir.terminology.canonical import Canonical
from gateway.fhir.terminology.filters import passing
from gateway.fhir.terminology.implicit import implied_by_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gateway.fhir.terminology.code_system import CodeSystem, Concept
    from gateway.fhir.terminology.resolver import Resolver
    from gateway.fhir.terminology.value_set import Include, Listed, ValueSet


# What was looked up, (type, canonical), and what was found.
Lookups = dict[tuple[str, Canonical], object]
# How deep value sets may import each other.
_DEEPEST: Final = 40


class Member(NamedTuple):
    """One code of a value set; `concept` is None when its code system is not here.

    `listed` is what the value set itself says about the code.
    """

    system: str
    code: str
    version: str
    concept: Concept | None
    listed: Listed | None

    @property
    def display(self) -> str:
        """The display that the value set gives, else the code system's."""
        own = self.listed.display if self.listed else ""
        return own or (self.concept.display if self.concept else "")

    @property
    def inactive(self) -> bool:
        """Whether the code must no longer be used."""
        return bool(self.listed and self.listed.inactive) or bool(
            self.concept and self.concept.inactive
        )

    @property
    def abstract(self) -> bool:
        """Whether the code only groups others."""
        return bool(self.listed and self.listed.abstract) or bool(
            self.concept and self.concept.abstract
        )


@dataclass(frozen=True, slots=True)
class Versions:
    """Which version of a code system is meant, {url: version}, as the caller says.

    `default` holds where the value set does not say, `forced` always, `required` makes another
    version an error (http://hl7.org/fhir/R4/valueset-operation-expand.html).
    """

    default: Mapping[str, str] = field(default_factory=dict)
    forced: Mapping[str, str] = field(default_factory=dict)
    required: Mapping[str, str] = field(default_factory=dict)

    def of(self, asked: Canonical) -> Canonical:
        """Return which version of a system to use."""
        url = asked.url
        version = self.forced.get(url) or asked.version or self.default.get(url, "")
        return Canonical(url, version)


class Composition:
    """Walks through value sets for one question; `used` gathers the code systems on the way.

    Every method raises `NotFound` for a value set or code system that is not here, `Invalid` for a
    ring of value sets or a filter that cannot be asked.
    """

    def __init__(self, resolver: Resolver, versions: Versions | None = None) -> None:
        """Find what is imported with `resolver`."""
        self._resolver = resolver
        self._versions = versions or Versions()
        self._open: list[str] = []
        # What has been answered: the same value set may be imported from many places.
        self._walked: dict[Canonical, dict[tuple[str, str], Member]] = {}
        self._asked: dict[tuple[Canonical, str, str], Member | None] = {}
        self.used: dict[Canonical, CodeSystem] = {}
        self.lookups: Lookups = {}

    def value_set(self, canonical: Canonical) -> ValueSet:
        """Return a value set by canonical URL."""
        held = self._resolver.value_set(canonical)
        self.lookups["ValueSet", canonical] = held
        found = held or implied_by_url(canonical.url)
        if found is None:
            message = f"The value set {str(canonical)[:200]} is not here."
            raise NotFound(message)
        return found

    def members(self, value_set: ValueSet) -> Mapping[tuple[str, str], Member]:
        """Return every code by (system, code), in the order of the composition.

        A stored expansion stands in where there is no composition, or none that can be followed.
        """
        key = value_set.canonical
        if key not in self._walked or not key.url:
            self._walked[key] = self._members(value_set)
        return self._walked[key]

    def _members(self, value_set: ValueSet) -> dict[tuple[str, str], Member]:
        if not value_set.includes:
            return _held(value_set)
        try:
            return self._composed(value_set)
        except NotFound:
            if value_set.expansion is None:
                raise
            return _held(value_set)

    def _composed(self, value_set: ValueSet) -> dict[tuple[str, str], Member]:
        found: dict[tuple[str, str], Member] = {}
        with self._inside(value_set):
            for include in value_set.includes:
                for member in self._included(include):
                    found.setdefault(member[:2], member)
            for exclude in value_set.excludes:
                for member in self._included(exclude):
                    found.pop(member[:2], None)
        if value_set.inactive:
            return found
        return {key: member for key, member in found.items() if not member.inactive}

    @contextmanager
    def _inside(self, value_set: ValueSet) -> Iterator[None]:
        name = str(value_set.canonical)
        if name and name in self._open:
            ring = " -> ".join([*self._open[self._open.index(name) :], name])
            message = f"Value sets import each other in a ring: {ring[:1000]}."
            raise Invalid(message, issues=(Issue(message, code="processing"),))
        if len(self._open) >= _DEEPEST:
            message = f"Value sets import each other more than {_DEEPEST} deep."
            raise Invalid(message, issues=(Issue(message, code="too-costly"),))
        self._open.append(name)
        try:
            yield
        finally:
            self._open.pop()

    def _included(self, include: Include) -> Iterable[Member]:
        first: Iterable[Member]
        imports = [self.value_set(one) for one in include.value_sets]
        if not include.system.url:
            if not imports:
                return []
            first, rest = self.members(imports[0]).values(), imports[1:]
        else:
            first, rest = self._of_system(include), imports
        also = [self.members(one) for one in rest]
        return [one for one in first if all(one[:2] in keys for keys in also)]

    def _of_system(self, include: Include) -> Iterable[Member]:
        if include.concepts:
            system = self.known_system(include.system)
            return [_listed(include, one, system) for one in include.concepts]
        system = self.system(include.system)
        url, version = system.canonical
        concepts: Iterable[Concept] = system.concepts.values()
        for one in include.filters:
            concepts = filter(passing(system, one), concepts)
        return [Member(url, one.code, version, one, None) for one in concepts]

    # One code

    def find(self, value_set: ValueSet, system: str, code: str) -> Member | None:
        """Return a code's place in the value set, or None when it is not in it."""
        key = (value_set.canonical, system, code)
        if key not in self._asked or not value_set.canonical.url:
            self._asked[key] = self._find(value_set, system, code)
        return self._asked[key]

    def _find(self, value_set: ValueSet, system: str, code: str) -> Member | None:
        if not value_set.includes:
            return _held(value_set).get((system, code))
        try:
            return self._find_composed(value_set, system, code)
        except NotFound:
            if value_set.expansion is None:
                raise
            return _held(value_set).get((system, code))

    def _find_composed(self, value_set: ValueSet, system: str, code: str) -> Member | None:
        with self._inside(value_set):
            found = self._first(value_set.includes, system, code)
            if found is None or (found.inactive and not value_set.inactive):
                return None
            # Excluded is what the value set calls the code, in its own case.
            gone = self._first(value_set.excludes, system, found.code)
        return found if gone is None else None

    def _first(self, includes: Iterable[Include], system: str, code: str) -> Member | None:
        found = (self._found(include, system, code) for include in includes)
        return next((one for one in found if one is not None), None)

    def _found(self, include: Include, system: str, code: str) -> Member | None:
        found = None
        if include.system.url:
            if include.system.url != system:
                return None
            found = self._found_in_system(include, code)
            if found is None:
                return None
        for canonical in include.value_sets:
            imported = self.find(self.value_set(canonical), system, code)
            if imported is None:
                return None
            found = found or imported
        return found

    def _found_in_system(self, include: Include, code: str) -> Member | None:
        if include.concepts:
            system = self.known_system(include.system)
            known = system.find(code) if system else None
            listed = include.by_code.get(code) or include.by_code.get(known.code if known else "")
            return None if listed is None else _listed(include, listed, system)
        system = self.system(include.system)
        concept = system.find(code)
        if concept is None or not all(passing(system, one)(concept) for one in include.filters):
            return None
        return Member(system.canonical.url, concept.code, system.canonical.version, concept, None)

    def systems(self, value_set: ValueSet, seen: frozenset[Canonical] = frozenset()) -> set[str]:
        """Return the code systems that codes of the value set may be of."""
        if not value_set.includes:
            return {one.system for one in value_set.expansion or ()}
        found: set[str] = set()
        with self._inside(value_set):
            for include in value_set.includes:
                found |= {include.system.url} - {""}
                for canonical in () if include.system.url else include.value_sets:
                    if canonical not in seen:
                        seen |= {canonical}
                        found |= self.systems(self.value_set(canonical), seen)
        return found

    # Code systems

    def known_system(self, asked: Canonical) -> CodeSystem | None:
        """Return a code system, or None when it is not here: its listed codes stand without it."""
        asked = self._versions.of(asked)
        found = self._look_up(asked)
        if found is None and asked.version:
            # A value set may name a version that nobody has: its codes keep their displays.
            found = self._look_up(Canonical(asked.url))
        return None if found is None else self._use(found)

    def system(self, asked: Canonical) -> CodeSystem:
        """Return a code system with concepts; raises `NotFound` or `Invalid`."""
        asked = self._versions.of(asked)
        found = self._look_up(asked)
        if found is None:
            raise self._absent(asked)
        if found.content in ("not-present", "supplement"):
            message = (
                f"The code system {found.canonical} is here without its concepts "
                f"(content = {found.content}): its codes cannot be listed or checked."
            )
            raise NotFound(message, issues=(Issue(message, code="not-supported"),))
        return self._use(found)

    def _look_up(self, asked: Canonical) -> CodeSystem | None:
        found = self._resolver.code_system(asked)
        self.lookups["CodeSystem", asked] = found
        return found

    def _absent(self, asked: Canonical) -> NotFound:
        message = f"The code system {str(asked)[:200]} is not here."
        other = self._look_up(Canonical(asked.url)) if asked.version else None
        if other is not None:
            message = f"{message[:-1]}; version {other.canonical.version or 'none'} of it is."
        return NotFound(message)

    def _use(self, system: CodeSystem) -> CodeSystem:
        url, version = system.canonical
        required = self._versions.required.get(url, version)
        if required != version:
            message = f"The version of {url} is {version or 'not told'}, not {required[:100]}."
            raise Invalid(message)
        self.used[system.canonical] = system
        return system


def _listed(include: Include, listed: Listed, system: CodeSystem | None) -> Member:
    concept = system.find(listed.code) if system else None
    version = include.system.version or (system.canonical.version if system else "")
    return Member(include.system.url, listed.code, version, concept, listed)


def _held(value_set: ValueSet) -> dict[tuple[str, str], Member]:
    """Return the codes of a stored expansion."""
    if value_set.expansion is None:
        message = f"There is neither a composition nor an expansion in {value_set.named}."
        raise Invalid(message)
    return {
        (one.system, one.code): Member(one.system, one.code, one.version, None, one)
        for one in value_set.expansion
    }
