"""The children of an element: how many, of which type, and each by its own rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.fhirpath.nodes import Node, node

if TYPE_CHECKING:
    from gateway.fhir.validation.profiles.slicing import Slicing
    from gateway.fhir.validation.profiles.trial import Check, Trial
    from gateway.fhir.validation.resource import Path

#: An element that is there, and where.
Placed = tuple[Node, "Path"]
_RESOURCES: Final = frozenset({"Resource", "DomainResource"})


@dataclass(slots=True)
class Child:
    """One element below another; `names` are (JSON name, type), several for a choice.

    `low` 0 and `high` None are left to the base validation; `refused` are the types that the
    profile takes away.
    """

    label: str
    names: tuple[tuple[str, str], ...]
    low: int = 0
    high: int | None = None
    refused: frozenset[str] = frozenset()
    checks: list[Check] = field(default_factory=list)
    slicing: Slicing | None = None
    _keys: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def silent(self) -> bool:
        """Whether there is nothing to check."""
        rules = self.low or self.high is not None or self.refused or self.checks
        return not rules and self.slicing is None

    def check(self, value: dict[str, Any], path: Path, trial: Trial) -> None:
        """Check what an object has of this element."""
        names = self._there(value)
        if names or self.low or (self.slicing is not None and self.slicing.needed):
            self.check_these(names, value, path, trial)

    def check_these(
        self, names: tuple[tuple[str, str], ...], value: dict[str, Any], path: Path, trial: Trial
    ) -> None:
        """Check what an object has under some of the names."""
        found: list[Placed] = []
        for name, kind in names:
            if kind in self.refused:
                said = "is of a type that is not allowed here"
                trial.told((path, name, -1, 0), said, "structure")
            found += placed(value.get(name), value.get(f"_{name}"), kind, (path, name, -1, 0))
        self._count(len(found), path, trial)
        for item, place in found:
            for check in self.checks:
                check(item, place, trial)
        if self.slicing is not None:
            self.slicing.check(found, (path, self.label, -1, 0), trial)

    def _there(self, value: dict[str, Any]) -> tuple[tuple[str, str], ...]:
        """Return which of the names an object has."""
        if len(self.names) == 1:
            name = self.names[0][0]
            return self.names if name in value or f"_{name}" in value else ()
        # A choice has up to fifty names, an object a few.
        if not self._keys:
            self._keys = {key: pair for pair in self.names for key in (pair[0], f"_{pair[0]}")}
        known = self._keys
        return tuple(dict.fromkeys(known[key] for key in value if key in known))

    def _count(self, number: int, path: Path, trial: Trial) -> None:
        if number < self.low:
            said = "is required" if self.low == 1 else f"is needed {self.low} times"
            trial.told((path, self.label, -1, 0), said, "required")
        if self.high is not None and number > self.high:
            said = (
                f"is there {number} times, at most {self.high}"
                if self.high
                else "must not be there"
            )
            trial.told((path, self.label, -1, 0), said, "structure")


def placed(value: Any, extra: Any, kind: str, path: Path) -> list[Placed]:  # noqa: ANN401 - any JSON
    """Return a value or an array of them as nodes with their places."""
    if not isinstance(value, list) and not isinstance(extra, list):
        return [(_typed(value, kind, extra), path)]
    above, name, _, _ = path
    if extra is None and kind not in _RESOURCES:
        return [(Node(one, kind), (above, name, at, 0)) for at, one in enumerate(value)]
    values = value if isinstance(value, list) else []
    extras = extra if isinstance(extra, list) else []
    return [
        (_typed(_at(values, at), kind, _at(extras, at)), (above, name, at, 0))
        for at in range(max(len(values), len(extras)))
    ]


def _typed(value: Any, kind: str, extra: Any) -> Node:  # noqa: ANN401 - any JSON
    if kind not in _RESOURCES:
        return Node(value, kind, extra)
    made = node(value, kind, extra)
    return made if isinstance(made, Node) else Node(value, kind, extra)


def _at(items: list[Any], at: int) -> Any:  # noqa: ANN401 - any JSON
    return items[at] if at < len(items) else None


def children_check(children: list[Child]) -> Check:
    """Return the check of all children of an element."""
    # Most elements are not there: that is seen without a call.
    rows = [(*_present(child), child.names, child) for child in children]

    def check(one: Node, path: Path, trial: Trial) -> None:
        value = one.value if isinstance(one.value, dict) else one.extra
        if isinstance(value, dict):
            for name, hidden, names, child in rows:
                if not name:
                    child.check(value, path, trial)
                elif name in value or hidden in value:
                    child.check_these(names, value, path, trial)

    return check


def _present(child: Child) -> tuple[str, str]:
    """Return the names without which there is nothing to check, empty for none."""
    sliced = child.slicing is not None and child.slicing.needed
    if child.low or sliced or len(child.names) != 1:
        return "", ""
    name = child.names[0][0]
    return name, f"_{name}"
