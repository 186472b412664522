"""All codes of a value set, kept as long as everything that they were found in is the same."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Final

from gateway.fhir.search.text import folded
from gateway.fhir.terminology.composition import Composition
from gateway.fhir.terminology.displays import designations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.fhir.terminology.canonical import Canonical
    from gateway.fhir.terminology.code_system import CodeSystem
    from gateway.fhir.terminology.composition import Lookups, Member, Versions
    from gateway.fhir.terminology.resolver import Resolver
    from gateway.fhir.terminology.value_set import ValueSet

_WALKS_KEPT: Final = 64
_MEMBERS_KEPT: Final = 400_000


@dataclass(slots=True)
class Walk:
    """The members of a value set in order, and the code systems that they were found in."""

    value_set: ValueSet
    members: Mapping[tuple[str, str], Member]
    used: Mapping[Canonical, CodeSystem]
    lookups: Lookups
    _words: list[str] = field(default_factory=list)

    def words(self) -> list[str]:
        """Return what a text filter looks at: for each member its names, a space before each word.

        Made when first asked for.
        """
        if len(self._words) != len(self.members):
            self._words = [_words(member) for member in self.members.values()]
        return self._words

    def is_current(self, resolver: Resolver) -> bool:
        """Whether every look-up on the way still finds the very same thing."""
        return all(
            (resolver.code_system if kind == "CodeSystem" else resolver.value_set)(asked) is found
            for (kind, asked), found in self.lookups.items()
        )


def _words(member: Member) -> str:
    names = [member.code, member.display]
    names += [str(one.get("value", "")) for one in designations(member)]
    whole = [folded(name) for name in names]
    apart = ["".join(sign if sign.isalnum() else " " for sign in name) for name in whole]
    return f" {' '.join(' '.join([*whole, *apart]).split())}"


class Walks:
    """The walks that were made lately; what was asked with versions of its own is not kept."""

    def __init__(self, resolver: Resolver) -> None:
        """Walk with `resolver`, which gives the same object for what has not changed."""
        self._resolver = resolver
        self._lock = Lock()
        self._kept: OrderedDict[Canonical, Walk] = OrderedDict()

    def walk(self, value_set: ValueSet, versions: Versions | None = None) -> Walk:
        """Return all members of a value set; raises what `Composition.members` raises."""
        key = value_set.canonical
        keeping = versions is None and bool(key.url)
        kept = self._kept.get(key) if keeping else None
        if kept and kept.value_set is value_set and kept.is_current(self._resolver):
            return kept
        composition = Composition(self._resolver, versions)
        members = composition.members(value_set)
        made = Walk(value_set, members, composition.used, composition.lookups)
        if keeping:
            self._keep(key, made)
        return made

    def _keep(self, key: Canonical, made: Walk) -> None:
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = made
            while self._kept and self._is_full():
                self._kept.popitem(last=False)

    def _is_full(self) -> bool:
        held = sum(len(one.members) for one in self._kept.values())
        return len(self._kept) > _WALKS_KEPT or held > _MEMBERS_KEPT
