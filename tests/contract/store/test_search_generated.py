"""Whatever dates and numbers there are: a search finds what a look at each of them finds."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.fhir.search.dates import date_range
from gateway.fhir.search.numbers import number_value
from gateway.fhir.search.parameters import parameter
from gateway.fhir.wire import Digits
from gateway.store.api import Store, open_store
from gateway.store.migrate import migrate
from tests.contract.store.searching import Resource, all_ids, observation, put, reference

if TYPE_CHECKING:
    from collections.abc import Callable

PREFIXES: Final = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")
Range = tuple[float, float]

# Close together, so that they meet.
DATES: Final = st.sampled_from(
    [
        "2023",
        "2024",
        "2024-02",
        "2024-03",
        "2024-02-28",
        "2024-02-29",
        "2024-03-01",
        "2024-03-31",
        "2024-02-29T23:30:00Z",
        "2024-03-01T00:30:00+01:00",
        "2024-03-01T00:00:00+01:00",
        "2024-03-01T12:00:00.5Z",
        "2024-10-27T02:30:00+02:00",
        "2024-10-27",
        "2025-01-01",
    ]
)  # fmt: skip - as many a line as there is room
NUMBERS: Final = st.sampled_from(
    [
        "0",
        "1",
        "1.0",
        "1.00",
        "0.95",
        "1.05",
        "1.5",
        "-1",
        "100",
        "99.5",
        "100.5",
        "1e2",
        "149",
        "90",
    ]
)  # fmt: skip - as above

# https://hl7.org/fhir/R4/search.html#prefix, of the range of a resource and that of a search.
_DATE_RULES: Final[dict[str, Callable[[Range, Range], bool]]] = {
    "eq": lambda had, asked: asked[0] <= had[0] and had[1] <= asked[1],
    "ne": lambda had, asked: not (asked[0] <= had[0] and had[1] <= asked[1]),
    "gt": lambda had, asked: had[1] > asked[1],
    "lt": lambda had, asked: had[0] < asked[0],
    "ge": lambda had, asked: had[1] > asked[1] or _DATE_RULES["eq"](had, asked),
    "le": lambda had, asked: had[0] < asked[0] or _DATE_RULES["eq"](had, asked),
    "sa": lambda had, asked: had[0] >= asked[1],
    "eb": lambda had, asked: had[1] <= asked[0],
    "ap": lambda had, asked: had[0] < asked[1] and had[1] > asked[0],
}


def date_range_of(text: str) -> Range:
    found = date_range(text)
    assert found is not None
    return found


def goal(number: int, dates: list[str]) -> Resource:
    return {
        "resourceType": "Goal",
        "id": f"g{number:03d}",
        "lifecycleStatus": "active",
        "description": {"text": "Walk"},
        "subject": reference("Patient/1"),
        "target": [{"dueDate": date} for date in dates],
    }


def fresh(place: str) -> Store:
    url = f"sqlite:///{Path(place) / 'gateway.db'}"
    migrate(url)
    return open_store(url)


DAYS: Final = DATES.filter(lambda text: "T" not in text)


@settings(max_examples=25, deadline=None)
@given(
    held=st.lists(st.lists(DAYS, min_size=1, max_size=3), min_size=1, max_size=12),
    clauses=st.lists(
        st.lists(st.tuples(st.sampled_from(PREFIXES), DATES), min_size=1, max_size=2),
        min_size=1,
        max_size=3,
    ),
)
def test_dates(held: list[list[str]], clauses: list[list[tuple[str, str]]]) -> None:
    def matches(dates: list[str]) -> bool:
        return all(
            any(
                _DATE_RULES[prefix](date_range_of(date), date_range_of(text))
                for prefix, text in values
                for date in dates
            )
            for values in clauses
        )

    asked = "&".join(
        "target-date=" + ",".join(f"{prefix}{text}" for prefix, text in values).replace("+", "%2B")
        for values in clauses
    )
    with TemporaryDirectory() as place:
        store = fresh(place)
        put(store, *(goal(number, dates) for number, dates in enumerate(held)))
        found = all_ids(store, f"Goal?{asked}")
        newest = all_ids(store, f"Goal?{asked}&_sort=-target-date&_count=2")
        store.close()
    expected = [number for number, dates in enumerate(held) if matches(dates)]
    latest = {n: max(date_range_of(date)[0] for date in held[n]) for n in expected}
    assert found == [f"g{number:03d}" for number in expected]
    assert newest == [f"g{n:03d}" for n in sorted(expected, key=lambda n: (-latest[n], n))]


def _number_rule(prefix: str, had: Range, text: str) -> bool:
    known = parameter("Observation", "value-quantity")
    assert known is not None
    asked = number_value(f"{prefix}{text}", known)
    low, high = had
    within = asked.low <= low and high < asked.high
    rules = {
        "eq": within,
        "ne": not within,
        "gt": high > asked.value,
        "lt": low < asked.value,
        "ge": high >= asked.value,
        "le": low <= asked.value,
        "sa": low > asked.value,
        "eb": high < asked.value,
        "ap": low <= asked.high and high >= asked.low,
    }
    return rules[prefix]


COMPARATORS: Final = {"": (0, 0), "<": (-1, 0), ">=": (0, 1)}


@settings(max_examples=25, deadline=None)
@given(
    held=st.lists(
        st.tuples(NUMBERS, st.sampled_from(sorted(COMPARATORS))), min_size=1, max_size=12
    ),
    clauses=st.lists(st.tuples(st.sampled_from(PREFIXES), NUMBERS), min_size=1, max_size=3),
)  # fmt: skip - a strategy a line
def test_numbers(held: list[tuple[str, str]], clauses: list[tuple[str, str]]) -> None:
    def bounds(text: str, comparator: str) -> Range:
        below, above = COMPARATORS[comparator]
        return (-1e308 if below else float(text), 1e308 if above else float(text))

    def value(text: str, comparator: str) -> Resource:
        found: Resource = {"value": Digits(text), "unit": "mg"}
        return found | ({"comparator": comparator} if comparator else {})

    asked = "&".join(f"value-quantity={prefix}{text}" for prefix, text in clauses)
    with TemporaryDirectory() as place:
        store = fresh(place)
        resources = [
            observation(f"o{number:03d}", valueQuantity=value(*one))
            for number, one in enumerate(held)
        ]
        put(store, *resources)
        found = all_ids(store, f"Observation?{asked}")
        store.close()
    assert found == [
        f"o{number:03d}"
        for number, one in enumerate(held)
        if all(_number_rule(prefix, bounds(*one), text) for prefix, text in clauses)
    ]
