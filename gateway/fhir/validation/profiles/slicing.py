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


@dataclass(frozen=True, slots=True)
class ByUrl:
    """The matcher of an extension: it has that url."""

    url: str

    def __call__(self, node: Node, _trial: Trial) -> bool:
        """Whether an extension is the one."""
        return isinstance(node.value, dict) and node.value.get("url") == self.url


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
        if len(self.matchers) == 1:
            return self.matchers[0](node, trial)
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
    needed: bool = field(init=False)
    _by_url: dict[str, int] | None = field(init=False)

    def __post_init__(self) -> None:
        """See whether something must be there, and whether slices are found by a url alone."""
        self.needed = any(one.low for one in self.slices)
        urls = [
            one.matchers[0].url
            for one in self.slices
            if len(one.matchers) == 1 and isinstance(one.matchers[0], ByUrl)
        ]
        alone = len(set(urls)) == len(self.slices)
        self._by_url = {url: at for at, url in enumerate(urls)} if alone else None

    def check(self, found: list[Placed], path: Path, trial: Trial) -> None:
        """Put every element into its slice, and check slice by slice."""
        members: dict[int, list[Placed]] = {}
        last = -1
        outside = unsure = False
        placed_in_order = self.ordered or self.rules == "openAtEnd"
        for node, place in found:
            at = self._slice_of(node, trial)
            if at is None or at == _UNSURE:
                outside, unsure = outside or at is None, unsure or at is not None
                self._outside(place, trial, unsure=at is not None)
                continue
            members.setdefault(at, []).append((node, place))
            if placed_in_order:
                self._order(at, last, place, trial, outside=outside)
                last = max(last, at)
        for at, one in enumerate(self.slices) if members or self.needed else ():
            mine = members.get(at)
            if mine or one.low:
                one.check(mine or [], path, trial, unsure=unsure)

    def _slice_of(self, node: Node, trial: Trial) -> int | None:
        if self._by_url is not None:
            url = node.value.get("url") if isinstance(node.value, dict) else None
            return self._by_url.get(url) if isinstance(url, str) else None
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
