"""Slices: which one an element is in, and what each asks (https://hl7.org/fhir/R4/profiling.html#slicing)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.fhir.validation.profiles.trial import Trial

if TYPE_CHECKING:
    from gateway.fhir.fhirpath.nodes import Node
    from gateway.fhir.validation.profiles.children import Placed
    from gateway.fhir.validation.profiles.trial import Check
    from gateway.fhir.validation.resource import Path

_UNSURE = -1
#: Whether an element is what a discriminator says; None when a value set is not here.
Matcher = Callable[["Node", Trial], "bool | None"]


@dataclass(slots=True)
class Slice:
    """One slice: all its matchers must say yes."""

    name: str
    matchers: list[Matcher]
    low: int
    high: int | None
    checks: list[Check] = field(default_factory=list)
    slicing: Slicing | None = None

    def takes(self, node: Node, trial: Trial) -> bool | None:
        """Whether an element is in the slice, None when nobody knows."""
        unsure = False
        for matches in self.matchers:
            verdict = matches(node, trial)
            if verdict is False:
                return False
            unsure = unsure or verdict is None
        return None if unsure else True

    def check(self, found: list[Placed], path: Path, trial: Trial, *, unsure: bool) -> None:
        """Check the elements of the slice; `unsure` when others may be in it too."""
        if len(found) < self.low and not unsure:
            said = f"needs the slice {self.name}" + (f" {self.low} times" if self.low > 1 else "")
            trial.told(path, said, "required")
        if self.high is not None and len(found) > self.high:
            trial.told(path, f"has the slice {self.name} more than {self.high} times", "structure")
        for node, place in found:
            for check in self.checks:
                check(node, place, trial)
        if self.slicing is not None:
            self.slicing.check(found, path, trial)


@dataclass(slots=True)
class Slicing:
    """`rules` is open, closed or openAtEnd."""

    slices: list[Slice]
    rules: str = "open"
    ordered: bool = False

    @property
    def needed(self) -> bool:
        """Whether something must be there."""
        return any(one.low for one in self.slices)

    def check(self, found: list[Placed], path: Path, trial: Trial) -> None:
        """Put every element into its slice, and check slice by slice."""
        members: list[list[Placed]] = [[] for _ in self.slices]
        last = -1
        outside = unsure = False
        for node, place in found:
            at = self._slice_of(node, trial)
            if at is None or at == _UNSURE:
                outside, unsure = outside or at is None, unsure or at is not None
                self._outside(place, trial, unsure=at is not None)
                continue
            members[at].append((node, place))
            self._order(at, last, place, trial, outside=outside)
            last = max(last, at)
        for one, mine in zip(self.slices, members, strict=True):
            if mine or one.low:
                one.check(mine, path, trial, unsure=unsure)

    def _slice_of(self, node: Node, trial: Trial) -> int | None:
        unsure = False
        for at, one in enumerate(self.slices):
            verdict = one.takes(node, trial)
            if verdict:
                return at
            unsure = unsure or verdict is None
        return _UNSURE if unsure else None

    def _outside(self, place: Path, trial: Trial, *, unsure: bool) -> None:
        if unsure:
            said = "was put into no slice: a value set that tells is not here"
            trial.told(place, said, "not-found", "warning")
        elif self.rules == "closed":
            said = "is in none of the slices, and no other is allowed"
            trial.told(place, said, "structure")

    def _order(self, at: int, last: int, place: Path, trial: Trial, *, outside: bool) -> None:
        if self.ordered and at < last:
            trial.told(
                place, f"stands behind a later slice than {self.slices[at].name}", "structure"
            )
        if self.rules == "openAtEnd" and outside:
            trial.told(place, "stands behind what is in no slice", "structure")
