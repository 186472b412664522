"""$lastn: the latest observations of each code (https://hl7.org/fhir/R4/observation-operation-lastn.html)."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Issue, Malformed, Unsupported
from gateway.fhir.bundle import Found
from gateway.fhir.parameters import Input
from gateway.fhir.search.index import index_rows
from gateway.fhir.search.parameters import parameter
from gateway.fhir.search.query import parse_search
from gateway.fhir.search.text import folded
from gateway.fhir.wire import loads
from gateway.rest.body import read_resource
from gateway.rest.call import read_pairs
from gateway.rest.negotiation import FORM, media_type
from gateway.rest.operations.given import told_found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.fhir.search.query import SearchQuery
    from gateway.fhir.wire import Resource
    from gateway.rest.answer import Answer
    from gateway.rest.call import Call, Pairs
    from gateway.store.records import Stored

# Besides the parameters of a search for Observation.
INPUTS: Final = (
    Input("max", "positiveInt"),
    Input("patient"),
    Input("subject"),
    Input("category"),
    Input("code"),
)
_SUBJECTS: Final = ("patient", "subject")
# These shape a page of a search; here the groups shape the answer.
_NOT_HERE: Final = frozenset({"_count", "_cursor", "_sort", "_summary", "_total", "_elements"})
_PAGE: Final = 500
_MAX_LAST: Final = 1000


def lastn(call: Call) -> Answer:
    """Answer the `max` latest observations of each code, 1 when it is not said.

    All other parameters are those of a search for Observation, a patient or subject among them.
    Raises `Malformed` without that and for a wrong `max`, and what a search raises.
    """
    most, searched = _split(_pairs(call))
    base_url = call.ports.settings.fhir_url
    query = parse_search(
        "Observation", searched, local_bases=(base_url,), terminology=call.ports.terminology
    )
    groups = Groups(most)
    for stored in _all(call, replace(query, count=_PAGE)):
        groups.add(stored, loads(stored.content))
    found = [Found("Observation", one.id, one.content) for one in groups.latest()]
    links = [("self", f"{base_url}/Observation/$lastn")]
    return told_found(call, found, links, total=len(found))


@dataclass(slots=True)
class Groups:
    """The latest `most` observations of each code, and no more of them in memory.

    Observations are of one group when any of their codings is the same, or the text where there
    are no codings.
    """

    most: int
    _latest: list[list[tuple[int, int, Stored]]] = field(default_factory=list)
    _group_of: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, stored: Stored, observation: Resource) -> None:
        """Take one observation."""
        keys = _keys(observation.get("code", {}))
        known = sorted({self._group_of[key] for key in keys if key in self._group_of})
        if not known:
            known = [len(self._latest)]
            self._latest.append([])
        for other in known[1:]:
            self._merge(known[0], other)
        self._group_of |= dict.fromkeys(keys, known[0])
        self._keep(known[0], (_when(observation), stored.rid, stored))

    def latest(self) -> Iterator[Stored]:
        """Give each group's observations, the latest first."""
        for group in self._latest:
            for _, _, stored in sorted(group, key=lambda one: one[:2], reverse=True):
                yield stored

    def _merge(self, group: int, other: int) -> None:
        # An observation with both codings tells that they are one.
        self._group_of |= {key: group for key, at in self._group_of.items() if at == other}
        moved, self._latest[other] = self._latest[other], []
        for one in moved:
            self._keep(group, one)

    def _keep(self, group: int, one: tuple[int, int, Stored]) -> None:
        heap = self._latest[group]
        if len(heap) < self.most:
            heapq.heappush(heap, one)
        else:
            heapq.heappushpop(heap, one)


def _keys(code: dict[str, Any]) -> list[tuple[str, str]]:
    codings = [(one.get("system", ""), one.get("code", "")) for one in code.get("coding", ())]
    return [key for key in codings if key[1]] or [("", folded(code.get("text", "")))]


def _when(observation: Resource) -> int:
    """Return the end of the effective time in microseconds, the least when there is none."""
    date = parameter("Observation", "date")
    rows = index_rows(observation).dates
    return max((high for param, _, high in rows if date and param == date.id), default=-(2**63))


def _all(call: Call, query: SearchQuery) -> Iterator[Stored]:
    while True:
        page = call.ports.store.search(query)
        yield from page.matches
        if page.next is None:
            return
        query = replace(query, cursor=page.next)


def _split(pairs: Pairs) -> tuple[int, Pairs]:
    """Return `max` and the parameters of the search."""
    for name, _ in pairs:
        if name in _NOT_HERE or name.startswith(("_include", "_revinclude")):
            message = f"{name[:64]} is not a parameter of $lastn."
            raise Unsupported(message, expression=name[:64])
    searched = tuple(pair for pair in pairs if pair[0] != "max")
    if not any(name.partition(":")[0].partition(".")[0] in _SUBJECTS for name, _ in searched):
        message = "$lastn needs a patient or a subject."
        raise Malformed(message, issues=(Issue(message, "patient", code="required"),))
    given = [text for name, text in pairs if name == "max"] or ["1"]
    return _whole(given), searched


def _whole(given: list[str]) -> int:
    text = given[0]
    if (
        len(given) > 1
        or not (text.isascii() and text.isdigit())
        or not 1 <= len(text) <= len("1000")
    ):
        most = 0
    else:
        most = int(text)
    if not 1 <= most <= _MAX_LAST:
        message = f"max is one whole number from 1 to {_MAX_LAST}."
        raise Malformed(message, expression="max")
    return most


def _pairs(call: Call) -> Pairs:
    if not call.body:
        return call.parameters
    if media_type(call.headers.get(b"content-type")) == FORM:
        return (*call.parameters, *read_pairs(call.body))
    rows = read_resource(call, "Parameters").get("parameter", [])
    if not isinstance(rows, list):
        message = "Parameters.parameter must be an array."
        raise Malformed(message, expression="Parameters.parameter")
    return (*call.parameters, *map(_pair, rows))


def _pair(row: Any) -> tuple[str, str]:  # noqa: ANN401 - any JSON
    named = row if isinstance(row, dict) else {}
    values = [value for key, value in named.items() if key.startswith("value")]
    if not isinstance(named.get("name"), str) or len(values) != 1:
        message = "A parameter must have a name and one value, as a search has them."
        raise Malformed(message, expression="Parameters.parameter")
    if isinstance(values[0], dict | list | bool):
        message = f"{named['name'][:64]} must have a text or a number."
        raise Malformed(message, expression="Parameters.parameter")
    return named["name"], str(values[0])
