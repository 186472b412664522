"""The tree, the clock, and what helps to look: http://hl7.org/fhirpath/N1/#tree-navigation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.fhir.fhirpath.nodes import Node, all_children, plain
from gateway.fhir.fhirpath.run import Builder, here, on, text
from gateway.fhir.fhirpath.temporal import Temporal, from_instant
from gateway.fhir.fhirpath.types import type_of

if TYPE_CHECKING:
    from gateway.fhir.fhirpath.environment import Environment
    from gateway.fhir.fhirpath.nodes import Collection
    from gateway.fhir.fhirpath.run import Run


def _children(_env: Environment, focus: Collection) -> Collection:
    return [one for item in focus for one in all_children(item)]


def _descendants(env: Environment, focus: Collection) -> Collection:
    found: Collection = []
    level = [one for item in focus for one in all_children(item)]
    while level:
        env.shared.spend(len(level))
        found += level
        level = [one for item in level for one in all_children(item)]
    return found


def _trace(name: Run, projection: Run | None = None) -> Run:
    def run(env: Environment, focus: Collection) -> Collection:
        hear = env.shared.services.trace
        if hear is not None:
            told = focus
            if projection is not None:
                told = [
                    one for at, each in enumerate(focus) for one in on(projection, env, each, at)
                ]
            hear(text(here(name, env)) or "", [plain(one) for one in told])
        return focus

    return run


def _now(env: Environment, _focus: Collection) -> Collection:
    return [from_instant(env.shared.now())]


def _today(env: Environment, _focus: Collection) -> Collection:
    return [Temporal("date", from_instant(env.shared.now()).parts[:3])]


def _time_of_day(env: Environment, _focus: Collection) -> Collection:
    return [Temporal("time", from_instant(env.shared.now()).parts[3:])]


def _type(_env: Environment, focus: Collection) -> Collection:
    found: Collection = []
    for item in focus:
        namespace, name = type_of(item)
        found.append(Node({"namespace": namespace, "name": name}))
    return found


FUNCTIONS: Final[dict[str, tuple[int, int, Builder]]] = {
    "children": (0, 0, lambda: _children),
    "descendants": (0, 0, lambda: _descendants),
    "trace": (1, 2, _trace),
    "now": (0, 0, lambda: _now),
    "today": (0, 0, lambda: _today),
    "timeOfDay": (0, 0, lambda: _time_of_day),
    "type": (0, 0, lambda: _type),
}
