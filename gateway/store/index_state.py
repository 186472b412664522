"""Which index rows are whole: what they were made by, and what they are to be made by now."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.search.conditions import EVERY_TYPE, AllOf, AnyOf, Chain, Clause, Has, NotOf
from gateway.fhir.search.parameters import Kind, fingerprint, installation, parameters
from gateway.fhir.search.values import WordsValue

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gateway.fhir.search.conditions import Condition
    from gateway.fhir.search.query import SearchQuery

# Another number when the rows of the same definitions become other ones; of quantities there are
# rows in common units since the second.
_MADE_AS: Final = "1"
_MADE_ANEW: Final = {Kind.QUANTITY: "2", Kind.COMPOSITE: "2"}
WORDS: Final = ""
WORDS_MADE_AS: Final = "words-2"
COLUMNS: Final = ("type", "filled", "wanted", "position", "last", "done", "total")
SELECT: Final = " ".join(["SELECT", ", ".join(COLUMNS), "FROM index_state"])
# How old an answer about what is whole may be.
_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class State:
    """One row of `index_state`."""

    type: str
    filled: str
    wanted: str
    position: int
    last: int
    done: int
    total: int

    @property
    def definitions(self) -> dict[str, str]:
        """The definitions by which the rows are whole, {code: digest}."""
        found: dict[str, str] = json.loads(self.filled)
        return found

    @property
    def is_current(self) -> bool:
        """Whether all rows of the type are by the definitions of now."""
        return self.wanted == wanted(self.type) and self.position >= self.last


def new_state(resource_type: str) -> State:
    """Return the state of a type of which the first resource is being written."""
    return State(resource_type, filled(resource_type), wanted(resource_type), 0, 0, 0, 0)


def wanted(resource_type: str) -> str:
    """Return what tells the definitions of now from others."""
    if resource_type == WORDS:
        return WORDS_MADE_AS
    return _wanted(resource_type, installation())


@lru_cache(maxsize=1024)
def _wanted(resource_type: str, _installation: int) -> str:
    made_as = max((_made_as(one.kind) for one in parameters(resource_type)), default=_MADE_AS)
    return f"{made_as}:{fingerprint(resource_type)}"


def _made_as(kind: Kind) -> str:
    return _MADE_ANEW.get(kind, _MADE_AS)


def filled(resource_type: str) -> str:
    """Return the definitions of now as the table keeps them."""
    return json.dumps(_digests(resource_type, installation()), sort_keys=True)


@lru_cache(maxsize=1024)
def _digests(resource_type: str, _installation: int) -> Mapping[str, str]:
    return {
        one.code: blake2b(
            repr((_made_as(one.kind), one.kind, one.paths, one.targets, one.components)).encode(),
            digest_size=6,
        ).hexdigest()
        for one in parameters(resource_type)
    }


class Wholeness:
    """Answers whether a search may miss something; asks the database once a second at most."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._asked = -_SECONDS
        self._installation = installation()
        self._missing: dict[str, frozenset[str]] = {}

    def is_due(self) -> bool:
        """Whether `learn` should be called: in a while, and at once for new definitions."""
        old = time.monotonic() - self._asked >= _SECONDS
        return old or self._installation != installation()

    def learn(self, rows: list[Any]) -> None:
        """Take the rows of `index_state`."""
        states = [State(*row) for row in rows]
        self._asked = time.monotonic()
        self._installation = installation()
        self._missing = {
            state.type: _not_whole(state)
            for state in states
            if state.type != WORDS and not state.is_current
        }

    def misses(self, query: SearchQuery) -> bool:
        """Whether an index that the search needs is not whole."""
        if not self._missing:
            return False
        asked = [pair for one in query.clauses for pair in _asked(one)]
        asked += [(one.parameter.type, one.parameter.code) for one in query.sort]
        return any(
            code in missing
            for kind, code in asked
            for name, missing in self._missing.items()
            if kind in ("", EVERY_TYPE, name)
        )


def _not_whole(state: State) -> frozenset[str]:
    had = state.definitions
    now = _digests(state.type, installation())
    return frozenset(code for code, digest in now.items() if had.get(code) != digest) - _COLUMNS


_COLUMNS: Final = frozenset({"_id", "_lastUpdated", "_text", "_content"})


def _parts(condition: Condition) -> tuple[Condition, ...]:
    """Return the conditions inside a condition."""
    match condition:
        case Chain(branches=branches):
            return tuple(inner for _, inner in branches)
        case Has(condition=inside):
            return () if inside is None else (inside,)
        case AnyOf(conditions) | AllOf(conditions):
            return conditions
        case NotOf(negated):
            return (negated,)
        case _:
            return ()


def _asked(condition: Condition) -> Iterator[tuple[str, str]]:
    """Yield (type, code) of every parameter in a condition."""
    match condition:
        case Clause(parameter=found):
            yield found.type, found.code
        case Chain(parameter=found) | Has(parameter=found):
            yield found.type, found.code
            for one in _parts(condition):
                yield from _asked(one)
        case _:
            for one in _parts(condition):
                yield from _asked(one)


def asks_for_words(query: SearchQuery) -> bool:
    """Whether a search has `_text` or `_content` anywhere in it."""
    return any(_has_words(one) for one in query.clauses)


def _has_words(condition: Condition) -> bool:
    if isinstance(condition, Clause):
        special = condition.parameter.kind is Kind.SPECIAL
        return special and isinstance(condition.values[0], WordsValue)
    return any(map(_has_words, _parts(condition)))
