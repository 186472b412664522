"""A snapshot into checks: what it says beyond R4, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.definitions import elements, resource_types
from gateway.fhir.fhirpath.nodes import Node, fields
from gateway.fhir.validation.profiles.bindings import binding_checks
from gateway.fhir.validation.profiles.children import Child, children_check
from gateway.fhir.validation.profiles.discriminators import Discriminators
from gateway.fhir.validation.profiles.invariants import invariant_checks
from gateway.fhir.validation.profiles.references import target_check
from gateway.fhir.validation.profiles.slicing import Slice, Slicing
from gateway.fhir.validation.profiles.tree import Element, tree
from gateway.fhir.validation.profiles.values import value_checks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gateway.fhir.validation.profiles.trial import Check, Trial
    from gateway.fhir.validation.resource import Path
    from gateway.fhir.wire import Resource

_CORE: Final = "http://hl7.org/fhir/StructureDefinition/"
_REFERENCES: Final = frozenset({"Reference", "canonical"})
_VALUE_SET: Final = 4


class Compiler:
    """Compiles the elements of one profile; `structure` gives other profiles, None when absent."""

    def __init__(self, profile: Resource, structure: Callable[[str], Resource | None]) -> None:
        """Read the snapshot; raises `Invalid` for one that cannot be used."""
        self._structure = structure
        self._root = tree(profile)
        self._type = str(profile.get("type", ""))
        self._kept: dict[int, tuple[Element, list[Check]]] = {}
        self._matching = Discriminators(self._follow, self._whole, self._type_of)

    def check(self) -> Check:
        """Return the check of a whole element or resource."""
        return _all(self._checks(self._root, self._type))

    # Elements

    def _checks(self, element: Element, type_path: str) -> list[Check]:
        """Return what is asked of every value of an element."""
        found = [*value_checks(element), *invariant_checks(element)]
        children = [*self._children(element, type_path)]
        if children:
            found.append(children_check(children))
        reference = element.definition.get("contentReference")
        if reference and not element.children:
            found.append(self._again(str(reference), type_path))
        return found

    def _again(self, reference: str, type_path: str) -> Check:
        """Return the checks of another element, which may be the one this is part of."""
        target = self._find(reference.rpartition("#")[2])

        def check(node: Node, path: Path, trial: Trial) -> None:
            if target is None:
                return
            if id(target) not in self._kept:
                self._kept[id(target)] = (target, self._checks(target, type_path))
            for one in self._kept[id(target)][1]:
                one(node, path, trial)

        return check

    def _find(self, place: str) -> Element | None:
        here: Element | None = self._root
        for step in place.split(".")[1:]:
            here = here.children.get(step) if here else None
        return here

    def _children(self, element: Element, type_path: str) -> Iterator[Child]:
        for child in element.children.values():
            made = self._child(child, type_path)
            if not made.silent:
                yield made

    def _child(self, element: Element, above: str) -> Child:
        names = _names(element, above)
        low, high, base_set = _base(above, names)
        made = Child(element.name.removesuffix("[x]"), names)
        made.low = _narrow_low(element, low)
        made.high = _narrow_high(element, high)
        made.refused = _refused(element, names)
        made.checks = self._valued(element, names, base_set)
        made.slicing = self._slicing(element, names)
        return made

    def _valued(
        self, element: Element, names: tuple[tuple[str, str], ...], base_set: str | None
    ) -> list[Check]:
        kinds = {kind for _, kind in names}
        type_path = next(iter(kinds)) if len(kinds) == 1 else _only_type(element)
        found = [*self._checks(element, type_path), *binding_checks(element, base_set)]
        return [*found, *self._typed(element)]

    def _typed(self, element: Element) -> Iterator[Check]:
        """Give the checks of type profiles and of reference targets."""
        for kind in element.types:
            profiles = kind.get("profile", [])
            core = all(one.startswith(_CORE) for one in profiles)
            if profiles and not core and kind.get("code") != "Extension":
                yield _conforming(str(kind["code"]), profiles)
            if kind.get("code") in _REFERENCES and kind.get("targetProfile"):
                check = target_check(kind["targetProfile"], self._type_of)
                if check is not None and len(element.types) == 1:
                    yield check

    def _type_of(self, canonical: str) -> str:
        """Return the type that a profile is for, "" when nobody knows."""
        url = canonical.partition("|")[0]
        name = url.removeprefix(_CORE)
        if name in resource_types() or name == "Resource":
            return name
        found = self._structure(canonical)
        return str(found.get("type", "")) if found else ""

    # Slices

    def _slicing(self, element: Element, names: tuple[tuple[str, str], ...]) -> Slicing | None:
        slicing = element.definition.get("slicing", {})
        slices = [self._slice(name, part, slicing, names) for name, part in element.slices.items()]
        rules = str(slicing.get("rules", "open"))
        if not slices or (rules == "open" and all(map(_says_nothing, slices))):
            return None
        return Slicing(slices, rules, bool(slicing.get("ordered")))

    def _slice(
        self,
        name: str,
        part: Element,
        slicing: dict[str, Any],
        names: tuple[tuple[str, str], ...],
    ) -> Slice:
        told = slicing.get("discriminator") or [{"type": "type", "path": "$this"}]
        matchers = [self._matching.matcher(part, one) for one in told]
        kind = _only_type(part)
        own = tuple(pair for pair in names if pair[1] == kind) or names
        made = Slice(name, matchers, int(part.definition.get("min", 0)), part.high)
        made.checks = self._valued(part, own, None)
        made.slicing = self._slicing(part, own)
        return made

    # Discriminators

    def _whole(self, element: Element) -> Check:
        """Return the check of an element wherever it stands, what must be there included."""
        kind = _only_type(element)
        low = [
            Child(one.name.removesuffix("[x]"), _names(one, kind), int(one.definition["min"]))
            for one in element.children.values()
            if one.definition.get("min")
        ]
        return _all([*self._valued(element, (("", kind),), None), children_check(low)])

    def _follow(self, element: Element) -> Element | None:
        """Return the root of the first profile of the type or target of an element."""
        for kind in element.types:
            for canonical in (*kind.get("profile", ()), *kind.get("targetProfile", ())):
                found = self._structure(canonical)
                if found is not None and "snapshot" in found:
                    return tree(found)
        return None


def _all(checks: list[Check]) -> Check:
    def check(node: Node, path: Path, trial: Trial) -> None:
        for one in checks:
            one(node, path, trial)

    return check


def _conforming(code: str, profiles: list[str]) -> Check:
    """Return the check that a value of a type conforms to one of its profiles."""
    named = " or ".join(one.rpartition("/")[2] for one in profiles)

    def check(node: Node, path: Path, trial: Trial) -> None:
        if code not in (node.type, "Resource") and node.value is not None:
            return
        verdicts = [trial.conforms(node, one, trial) for one in profiles]
        if any(verdicts):
            return
        if None in verdicts:
            trial.told(path, f"was not checked: {named} is not here", "not-found", "warning")
        else:
            trial.told(path, f"does not conform to {named}", "value")

    return check


def _names(element: Element, above: str) -> tuple[tuple[str, str], ...]:
    """Return the JSON names of an element below a type."""
    known = fields(above).get(element.name.removesuffix("[x]"), ())
    if known:
        return known
    return ((element.name.removesuffix("[x]"), _only_type(element)),)


def _only_type(element: Element) -> str:
    kinds = element.types
    code = str(kinds[0].get("code", "")) if len(kinds) == 1 else ""
    return "key" if code.startswith("http://hl7.org/fhirpath/") else code


def _base(above: str, names: tuple[tuple[str, str], ...]) -> tuple[int, int | None, str | None]:
    """Return min, max and required value set of R4."""
    try:
        row = elements(above)[names[0][0]]
    except (KeyError, IndexError):
        return 0, None, None
    bound = row[_VALUE_SET] if len(row) > _VALUE_SET else None
    return row[1], row[2] or None, bound


def _narrow_low(element: Element, base: int) -> int:
    low = int(element.definition.get("min", 0))
    return low if low > base else 0


def _narrow_high(element: Element, base: int | None) -> int | None:
    high = element.high
    return None if high is None or (base is not None and high >= base) else high


def _refused(element: Element, names: tuple[tuple[str, str], ...]) -> frozenset[str]:
    allowed = {str(kind.get("code")) for kind in element.types}
    if len(names) == 1 or not allowed:
        return frozenset()
    return frozenset(kind for _, kind in names if kind not in allowed)


def _says_nothing(one: Slice) -> bool:
    bounded = one.low or one.high is not None
    return not bounded and not one.checks and one.slicing is None
