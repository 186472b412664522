"""The children of an element: how many, of which type, and each by its own rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.fhirpath.nodes import Node, node

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    _keys: dict[str, tuple[str, str, str]] = field(default_factory=dict)

    @property
    def silent(self) -> bool:
        """Whether there is nothing to check."""
        rules = self.low or self.high is not None or self.refused or self.checks
        return not rules and self.slicing is None

    @property
    def needed(self) -> bool:
        """Whether something must be there."""
        return bool(self.low) or (self.slicing is not None and self.slicing.needed)

    def check(self, value: dict[str, Any], path: Path, trial: Trial) -> None:
        """Check what an object has of this element."""
        names = self._there(value)
        if names or self.needed:
            found: list[Placed] = []
            for name, hidden, kind in names:
                place = (path, name, -1, 0)
                if kind in self.refused:
                    trial.told(place, "is of a type that is not allowed here", "structure")
                found += placed(value.get(name), value.get(hidden), kind, place)
            self.judge(found, path, trial)

    def judge(self, found: list[Placed], path: Path, trial: Trial) -> None:
        """Check the values that were found."""
        number = len(found)
        if number < self.low or (self.high is not None and number > self.high):
            self._count(number, path, trial)
        if self.checks:
            for item, place in found:
                for check in self.checks:
                    check(item, place, trial)
        if self.slicing is not None:
            self.slicing.check(found, (path, self.label, -1, 0), trial)

    def _there(self, value: dict[str, Any]) -> list[tuple[str, str, str]]:
        """Return which of the names of a choice an object has, each with the one beside it."""
        # A choice has up to fifty names, an object a few.
        if not self._keys:
            rows = [(name, f"_{name}", kind) for name, kind in self.names]
            self._keys = {key: row for row in rows for key in row[:2]}
        known = self._keys
        found = [known[key] for key in value if key in known]
        return found if len(found) <= 1 else list(dict.fromkeys(found))

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
    plain = extra is None and kind not in _RESOURCES
    if not isinstance(value, list) and not isinstance(extra, list):
        return [(Node(value, kind) if plain else _typed(value, kind, extra), path)]
    above, name, _, _ = path
    if plain:
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
    plain = [(name, f"_{name}", kind, one.needed, one) for one, name, kind in _named(children)]
    choices = [one for one in children if len(one.names) != 1]

    def check(one: Node, path: Path, trial: Trial) -> None:
        value = one.value if isinstance(one.value, dict) else one.extra
        if not isinstance(value, dict):
            return
        for name, hidden, kind, needed, child in plain:
            if name in value or hidden in value:
                item, place = value.get(name), (path, name, -1, 0)
                if type(item) is str and hidden not in value:
                    found: list[Placed] = [(Node(item, kind), place)]
                else:
                    found = placed(item, value.get(hidden), kind, place)
                child.judge(found, path, trial)
            elif needed:
                child.judge([], path, trial)
        for child in choices:
            child.check(value, path, trial)

    return check


def _named(children: list[Child]) -> Iterator[tuple[Child, str, str]]:
    """Give what has one name in JSON, with name and type."""
    for one in children:
        if len(one.names) == 1:
            yield one, *one.names[0]
