"""Searches that find as much in a large store as in a small one: the exams of `bench.reports`."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bench.reports import LOCAL, family, moment

if TYPE_CHECKING:
    from collections.abc import Callable

# So many different requests are asked in turn: no answer comes from having been asked just now.
_REQUESTS: Final = 500


@dataclass(frozen=True, slots=True)
class Search:
    """One kind of search; `path` takes the number of an exam that is there."""

    title: str
    path: Callable[[int], str]


def _range(number: int) -> str:
    return f"DiagnosticReport?date=ge{moment(number)}&date=lt{moment(number + 5)}"


SEARCHES: Final = (
    Search("token", lambda n: f"DiagnosticReport?identifier={LOCAL}.2|R{n}-1"),
    Search("string prefix", lambda n: f"Patient?family={family(n)[:6].lower()}"),
    Search("date range", _range),
    Search("reference", lambda n: f"Observation?subject=Patient/p-{n}"),
    Search("chain", lambda n: f"DiagnosticReport?subject:Patient.identifier={LOCAL}.6|X{n}"),
    Search(
        "_include",
        lambda n: (
            f"DiagnosticReport?identifier={LOCAL}.2|R{n}-0"
            "&_include=DiagnosticReport:subject&_include=DiagnosticReport:result"
        ),
    ),
    Search("_has", lambda n: f"Patient?_has:ServiceRequest:subject:identifier={LOCAL}.4|O{n}"),
    # The first page of everything; the number only makes it another request.
    Search("sorted page", lambda n: f"DiagnosticReport?_sort=-date&_count={20 + n % 2}"),
)


def paths(search: Search, exams: int) -> list[str]:
    """Return requests over `exams` exams, always the same."""
    chosen = random.Random(7)
    asked = (search.path(chosen.randrange(exams)) for _ in range(_REQUESTS))
    return [f"/fhir/{path.replace('|', '%7C')}" for path in asked]
