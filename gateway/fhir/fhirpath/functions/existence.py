"""Existence: http://hl7.org/fhirpath/N1/#existence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.fhir.fhirpath.operators import contains, distinct
from gateway.fhir.fhirpath.run import FALSE, TRUE, Builder, here, on, truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.fhir.fhirpath.environment import Environment
    from gateway.fhir.fhirpath.nodes import Collection
    from gateway.fhir.fhirpath.run import Run


def _plain(step: Callable[[Collection], Collection]) -> Builder:
    return lambda: lambda _env, focus: step(focus)


def _exists(criterion: Run | None = None) -> Run:
    if criterion is None:
        return lambda _env, focus: [bool(focus)]
    meets = criterion

    def run(env: Environment, focus: Collection) -> Collection:
        env.shared.spend(len(focus))
        for at, item in enumerate(focus):
            if truth(on(meets, env, item, at)):
                return TRUE
        return FALSE

    return run


def _all(criterion: Run) -> Run:
    def run(env: Environment, focus: Collection) -> Collection:
        env.shared.spend(len(focus))
        return [all(truth(on(criterion, env, item, at)) for at, item in enumerate(focus))]

    return run


def _truths(combine: Callable[[list[bool]], bool]) -> Builder:
    return _plain(lambda focus: [combine([truth([item]) is True for item in focus])])


def _within(test: Callable[[Collection, Collection], bool]) -> Builder:
    def build(other: Run) -> Run:
        return lambda env, focus: [test(focus, here(other, env))]

    return build


def _subset(one: Collection, other: Collection) -> bool:
    return all(contains(other, item) for item in one)


def _not(focus: Collection) -> Collection:
    value = truth(focus)
    return [] if value is None else [not value]


FUNCTIONS: Final[dict[str, tuple[int, int, Builder]]] = {
    "empty": (0, 0, _plain(lambda focus: [not focus])),
    "exists": (0, 1, _exists),
    "all": (1, 1, _all),
    "not": (0, 0, _plain(_not)),
    "allTrue": (0, 0, _truths(all)),
    "anyTrue": (0, 0, _truths(any)),
    "allFalse": (0, 0, _truths(lambda found: not any(found))),
    "anyFalse": (0, 0, _truths(lambda found: not all(found))),
    "subsetOf": (1, 1, _within(_subset)),
    "supersetOf": (1, 1, _within(lambda one, other: _subset(other, one))),
    "count": (0, 0, _plain(lambda focus: [len(focus)])),
    "distinct": (0, 0, _plain(distinct)),
    "isDistinct": (0, 0, _plain(lambda focus: [len(distinct(focus)) == len(focus)])),
}
