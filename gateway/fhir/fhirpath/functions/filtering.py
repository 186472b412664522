"""Filtering and projection, subsetting, combining.

http://hl7.org/fhirpath/N1/#filtering-and-projection, http://hl7.org/fhirpath/N1/#subsetting,
http://hl7.org/fhirpath/N1/#combining
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.fhir.fhirpath.environment import Environment
from gateway.fhir.fhirpath.operators import contains, distinct, union
from gateway.fhir.fhirpath.run import Builder, here, on, single, truth, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.fhir.fhirpath.nodes import Collection
    from gateway.fhir.fhirpath.run import Run


def _where(criterion: Run) -> Run:
    def run(env: Environment, focus: Collection) -> Collection:
        env.shared.spend(len(focus))
        found: Collection = []
        for at, item in enumerate(focus):
            this = [item]
            if truth(criterion(Environment(env.shared, this, at, env.total), this)):
                found.append(item)
        return found

    return run


def _select(projection: Run) -> Run:
    def run(env: Environment, focus: Collection) -> Collection:
        found: Collection = []
        for at, item in enumerate(focus):
            some = on(projection, env, item, at)
            env.shared.spend(1 + len(some))
            found += some
        return found

    return run


def _repeat(projection: Run) -> Run:
    def run(env: Environment, focus: Collection) -> Collection:
        found: Collection = []
        waiting = list(focus)
        while waiting:
            item = waiting.pop(0)
            some = on(projection, env, item, 0)
            # Each is compared with all that were found: one that never ends must end here.
            env.shared.spend(len(some) * (1 + len(found)))
            fresh = distinct([one for one in some if not contains(found, one)])
            found += fresh
            waiting += fresh
        return found

    return run


def _aggregate(step: Run, start: Run | None = None) -> Run:
    def run(env: Environment, focus: Collection) -> Collection:
        total = here(start, env) if start else []
        for at, item in enumerate(focus):
            this = [item]
            env.shared.spend(1 + len(total))
            total = step(Environment(env.shared, this, at, total), this)
        return total

    return run


def _iif(condition: Run, then: Run, otherwise: Run | None = None) -> Run:
    def run(env: Environment, focus: Collection) -> Collection:
        inner = env.at(focus, env.index) if focus else env
        chosen = then if truth(condition(inner, focus)) else otherwise
        return chosen(inner, focus) if chosen else []

    return run


def _plain(step: Callable[[Collection], Collection]) -> Builder:
    return lambda: lambda _env, focus: step(focus)


def _cut(part: Callable[[Collection, int], Collection]) -> Builder:
    def build(number: Run) -> Run:
        def run(env: Environment, focus: Collection) -> Collection:
            count = whole(here(number, env))
            return [] if count is None else part(focus, count)

        return run

    return build


def _single(focus: Collection) -> Collection:
    single(focus)
    return focus


def _with(combine: Callable[[Collection, Collection], Collection]) -> Builder:
    def build(other: Run) -> Run:
        def run(env: Environment, focus: Collection) -> Collection:
            found = combine(focus, here(other, env))
            env.shared.spend(len(found))
            return found

        return run

    return build


def _intersect(one: Collection, other: Collection) -> Collection:
    return distinct([item for item in one if contains(other, item)])


def _exclude(one: Collection, other: Collection) -> Collection:
    return [item for item in one if not contains(other, item)]


FUNCTIONS: Final[dict[str, tuple[int, int, Builder]]] = {
    "where": (1, 1, _where),
    "select": (1, 1, _select),
    "repeat": (1, 1, _repeat),
    "aggregate": (1, 2, _aggregate),
    "iif": (2, 3, _iif),
    "single": (0, 0, _plain(_single)),
    "first": (0, 0, _plain(lambda focus: focus[:1])),
    "last": (0, 0, _plain(lambda focus: focus[-1:])),
    "tail": (0, 0, _plain(lambda focus: focus[1:])),
    "skip": (1, 1, _cut(lambda focus, count: focus[max(0, count) :])),
    "take": (1, 1, _cut(lambda focus, count: focus[: max(0, count)])),
    "intersect": (1, 1, _with(_intersect)),
    "exclude": (1, 1, _with(_exclude)),
    "union": (1, 1, _with(union)),
    "combine": (1, 1, _with(lambda one, other: [*one, *other])),
}
