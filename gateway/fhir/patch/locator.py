"""The places that a FHIRPath leads to (https://hl7.org/fhir/R4/fhirpatch.html).

A patch changes elements, so each step must keep hold of them. Names lead from elements to those
below. Every other step is FHIRPath's own (`gateway.fhir.fhirpath`) and picks some of the elements
that are there; one that makes values of its own, or joins several paths, names no place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from gateway.errors import Invalid, Malformed, Unsupported
from gateway.fhir.fhirpath.compiler import compiled
from gateway.fhir.fhirpath.environment import NO_SERVICES, Environment, Shared
from gateway.fhir.fhirpath.functions.typing import as_type
from gateway.fhir.fhirpath.parser import parse
from gateway.fhir.fhirpath.run import here, whole
from gateway.fhir.fhirpath.syntax import Binary, Call, Indexed, Name, Step, Typed, parts
from gateway.fhir.patch.element import Element, children, root

if TYPE_CHECKING:
    from gateway.fhir.fhirpath.run import Run
    from gateway.fhir.fhirpath.syntax import Syntax
    from gateway.fhir.wire import Resource

_MAX_PATH: Final = 2000
# A regular expression of a caller may take for ever, and nothing can stop it.
_UNBOUNDED: Final = frozenset({"matches", "matchesFull", "replaceMatches"})

# The environment has the resource as %resource.
_Move = Callable[[Environment, list[Element]], list[Element]]


@dataclass(frozen=True, slots=True)
class Path:
    """A path that has been read; `name` is the last step when that is a name, else empty."""

    text: str
    moves: tuple[_Move, ...]
    name: str

    def elements(self, resource: Resource) -> list[Element]:
        """Return the elements there; raises `Invalid` for a name that a type does not have."""
        return _moved(resource, self.moves)

    def above(self, resource: Resource) -> list[Element]:
        """Return the elements that the last step starts from."""
        return _moved(resource, self.moves[:-1])


@lru_cache(maxsize=512)
def read_path(text: str) -> Path:
    """Read a path; raises `Malformed` for what is no FHIRPath, `Unsupported` for no place."""
    if len(text) > _MAX_PATH:
        message = f"The path is longer than {_MAX_PATH} characters."
        raise Malformed(message, expression=text[:200])
    try:
        syntax = parse(text)
        _require_bounded(syntax, text)
        last = syntax.right if isinstance(syntax, Step) else syntax
        name = last.name if isinstance(last, Name) else ""
        return Path(text, tuple(_moves(syntax, text)), name)
    except Invalid as fault:
        raise Malformed(fault.text, expression=text[:200]) from None


def _require_bounded(syntax: Syntax, text: str) -> None:
    waiting = [syntax]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Call) and one.name in _UNBOUNDED:
            message = f"The path of a patch does not take {one.name}(): compare texts instead."
            raise Unsupported(message, expression=text[:200])
        waiting += parts(one)


def _moved(resource: Resource, moves: tuple[_Move, ...]) -> list[Element]:
    there = [root(resource)]
    focus = [there[0].node]
    env = Environment(
        Shared(dict.fromkeys(("resource", "rootResource", "context"), focus), NO_SERVICES), focus
    )
    for move in moves:
        there = move(env, there)
    return there


def _moves(syntax: Syntax, text: str) -> list[_Move]:
    """Return the steps of a path in their order."""
    found: list[_Move] = []
    rest: Syntax | None = syntax
    while rest is not None:
        moves, rest = _last(rest, text)
        found = [*moves, *found]
    return found


def _last(syntax: Syntax, text: str) -> tuple[list[_Move], Syntax | None]:
    """Return the last step of a path, and the path before it."""
    match syntax:
        case Step(left, Name(name)):
            return [_child(name)], left
        case Step(left, Call() as call):
            return _call(call), left
        case Indexed(left, index):
            return [_at(compiled(index))], left
        case Typed("as", left, kind):
            return [_picked(as_type(kind))], left
        case Name(name):
            return [_first(name)], None
        case Call():
            return _call(syntax), None
        case _:
            message = (
                "The path names no place in the resource: names, [n], where(...), first(), last(), "
                "extension('url'), ofType(T) and what else picks elements do."
            )
            raise Unsupported(message, expression=text[:200])


def _first(name: str) -> _Move:
    """Compile what stands at the beginning: an element, or the type of the resource."""
    step = _child(name)
    return lambda env, there: there if there[0].type == name else step(env, there)


def _child(name: str) -> _Move:
    return lambda _env, there: [child for one in there for child in children(one, name)]


def _at(index: Run) -> _Move:
    def move(env: Environment, there: list[Element]) -> list[Element]:
        at = whole(here(index, env))
        return there[at:][:1] if at is not None and at >= 0 else []

    return move


def _call(call: Call) -> list[_Move]:
    if call.name == "extension" and len(call.arguments) == 1:
        same_url = Binary("=", Name("url"), call.arguments[0])
        return [_child("extension"), _picked(compiled(Call("where", (same_url,), call.at)))]
    return [_picked(compiled(call))]


def _picked(step: Run) -> _Move:
    def move(env: Environment, there: list[Element]) -> list[Element]:
        by_node = {id(one.node): one for one in there}
        found = step(env, [one.node for one in there])
        if any(id(item) not in by_node for item in found):
            message = "The path computes a value: a patch needs the place of an element."
            raise Invalid(message)
        return [by_node[id(item)] for item in found]

    return move
