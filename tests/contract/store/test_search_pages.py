"""Orders, cursors, totals: a page of few matches and of many is the same page."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from gateway.fhir.search.dates import date_range
from gateway.fhir.search.values import InvalidSearch, TooCostly
from tests.contract.store.searching import (
    all_ids,
    ids,
    observation,
    page,
    patient,
    put,
    query,
    reference,
)

if TYPE_CHECKING:
    from gateway.store.api import Store

MANY = 1_300


def crowd(number: int) -> dict[str, Any]:
    """Return one of many patients: few families, a birth date for most, gender in turn."""
    more: dict[str, Any] = {"gender": ("male", "female")[number % 2]}
    if number % 10:
        more["birthDate"] = f"19{number % 90 + 10}-{number % 12 + 1:02d}-{number % 28 + 1:02d}"
    family = f"Family{number % 7}"
    return patient(f"p{number:04d}", name=[{"family": family}, {"family": f"Zz{number}"}], **more)


@pytest.fixture
def crowded(store: Store) -> Store:
    """More patients than are listed when a search begins."""
    put(store, *map(crowd, range(MANY)))
    put(
        store,
        *(
            observation(f"o{number:04d}", subject=reference(f"Patient/p{number:04d}"))
            for number in range(0, MANY, 2)
        ),
    )
    return store


def birth(number: int) -> str:
    return str(crowd(number).get("birthDate", ""))


def test_many_matches_come_in_pages_of_the_same_order(crowded: Store) -> None:
    """Each of these finds more than is listed, or nearly nothing of what is walked by."""
    men = [f"p{number:04d}" for number in range(0, MANY, 2)]
    expected = {
        "Patient?_count=1000": [f"p{number:04d}" for number in range(MANY)],
        "Patient?gender=male&_count=300": men,
        "Patient?gender=male,female&_count=1000": [f"p{number:04d}" for number in range(MANY)],
        "Patient?gender:not=female&_count=400": men,
        "Patient?family=family&gender=male&_count=400": men,
        "Patient?family=family&family=zz1299": ["p1299"],
        "Patient?family:contains=z&family:contains=1298": ["p1298"],
        "Patient?birthdate=gt1900&gender=male&_count=500": [n for n in men if birth(int(n[1:]))],
        "Patient?_has:Observation:patient:status=final&_count=500": men,
        "Observation?subject:Patient.family=family&_count=500": [f"o{one[1:]}" for one in men],
        "Patient?birthdate:missing=true&_count=100": [f"p{n:04d}" for n in range(0, MANY, 10)],
    }
    assert {search: all_ids(crowded, search) for search in expected} == expected


def test_every_order_is_the_same_whether_sorted_or_walked(crowded: Store) -> None:
    def by(key: Any, numbers: Any = range(MANY), *, reverse: bool = False) -> list[str]:  # noqa: ANN401 - a key
        ordered = sorted(numbers, key=key, reverse=reverse)
        return [f"p{number:04d}" for number in ordered]

    def last(number: int) -> tuple[bool, str, int]:
        return not birth(number), birth(number), number

    dated = [number for number in range(MANY) if birth(number)]
    dateless = [f"p{number:04d}" for number in range(0, MANY, 10)]
    newest = by(lambda number: (birth(number), -number), dated, reverse=True) + dateless
    expected = {
        "Patient?_sort=birthdate&_count=250": by(last),
        "Patient?_sort=-birthdate&_count=250": newest,
        "Patient?_sort=gender&_count=250": by(lambda n: (n % 2 == 0, n)),
        "Patient?_sort=-gender,birthdate&_count=500": by(lambda n: (n % 2, *last(n))),
        "Patient?_sort=family,-_id&_count=500": by(lambda n: (n % 7, -n)),
        "Patient?_sort=-family&_count=500": by(lambda n: f"zz{n}", reverse=True),
        "Patient?_sort=-_id&_count=500": by(lambda n: -n),
        # All of one instant, as an import leaves them.
        "Patient?_sort=-_lastUpdated&_count=250": by(lambda n: n),
        "Patient?_sort=_lastUpdated&gender=male&_count=250": by(lambda n: n, range(0, MANY, 2)),
        "Patient?_sort=-_lastUpdated,-_id&_count=250": by(lambda n: -n),
        "Patient?_sort=-_lastUpdated&_lastUpdated=gt2000&_count=250": by(lambda n: n),
        "Patient?_sort=_lastUpdated&_lastUpdated=lt2000&_count=250": [],
        "Patient?_sort=birthdate&gender=male&_count=100": by(last, range(0, MANY, 2)),
        "Patient?_sort=birthdate&family=zz1": by(
            last, [n for n in range(MANY) if str(n).startswith("1")]
        ),
    }
    found = {search: all_ids(crowded, search) for search in expected}
    assert found == expected


def due(number: int) -> list[str]:
    """Return the due dates of one of many goals: one, for some several or a whole year."""
    day = f"20{number % 30:02d}-{number % 12 + 1:02d}-{number % 28 + 1:02d}"
    if number % 40 == 0:
        return [day, f"20{(number + 13) % 30:02d}-06-15"]
    return [day[:4]] if number % 40 == 1 else [day]


NARROWED = (
    (),
    ("ge2004",),
    ("lt2027-05",),
    ("sa2001-12-31", "lt2029"),
    ("ge2012-02", "le2014-03"),
    ("ne2005-06-07",),
    ("ge2028-12-27", "lt2029-01-02"),
    ("lt2000",),
)


def test_an_order_narrowed_by_its_own_parameter(store: Store) -> None:
    put(store, *map(goal, range(MANY)))
    for clauses in NARROWED:
        asked = "".join(f"&target-date={one}" for one in clauses)
        found = set(all_ids(store, f"Goal?_count=1000{asked}"))
        named = [number for number in range(MANY) if f"g{number:04d}" in found]

        first = sorted(named, key=lambda n: (min(map(begin, due(n))), n))
        last = sorted(named, key=lambda n: (-max(map(begin, due(n))), n))

        for sort, expected in (("target-date", first), ("-target-date", last)):
            answered = all_ids(store, f"Goal?_sort={sort}&_count=150{asked}")
            assert answered == [f"g{number:04d}" for number in expected]


def goal(number: int) -> dict[str, Any]:
    return {
        "resourceType": "Goal",
        "id": f"g{number:04d}",
        "lifecycleStatus": "active",
        "description": {"text": "Walk"},
        "subject": reference("Patient/1"),
        "target": [{"dueDate": date} for date in due(number)],
    }


def begin(date: str) -> int:
    found = date_range(date)
    assert found is not None
    return found[0]


def test_a_value_that_most_have_is_sorted_by_the_other_keys(crowded: Store) -> None:
    put(crowded, patient("x1", gender="aaa"), patient("x2", gender="aaa", birthDate="1950-01-01"))
    put(crowded, patient("x3", gender="male", birthDate="1900-01-01"))
    women = sorted(range(1, MANY, 2), key=lambda n: (not birth(n), birth(n), n))
    men = sorted(range(0, MANY, 2), key=lambda n: (not birth(n), birth(n), n))
    expected = ["x2", "x1", *(f"p{n:04d}" for n in women), "x3", *(f"p{n:04d}" for n in men)]
    for count in (40, 70, 333):
        assert all_ids(crowded, f"Patient?_sort=gender,birthdate&_count={count}") == expected


def test_orders_of_few_matches(store: Store) -> None:
    put(
        store,
        observation("a", effectiveDateTime="2024-01-02", valueQuantity={"value": 5}),
        observation("b", effectiveDateTime="2024-01-01", valueQuantity={"value": 10}),
        observation("c", valueQuantity={"value": 7}, subject=reference("Patient/2")),
        observation("d", effectiveDateTime="2024-01-02", subject=reference("Patient/1")),
    )
    expected = {
        "_sort=date": "b a d c",
        "_sort=-date": "a d b c",
        "_sort=date,-_id": "b d a c",
        "_sort=value-quantity": "a c b d",
        "_sort=-value-quantity": "b c a d",
        "_sort=subject": "d c a b",
        "_sort=status,-date": "a d b c",
        "_sort=-_lastUpdated": "a b c d",
    }
    assert {
        order: " ".join(all_ids(store, f"Observation?{order}&_count=1")) for order in expected
    } == expected


def test_pages_stay_in_place_while_others_write(store: Store) -> None:
    put(store, *(patient(f"p{number}", birthDate=f"198{number}-01-01") for number in range(6)))
    first = page(store, "Patient?_sort=birthdate&_count=2")
    put(store, patient("earlier", birthDate="1970-01-01"), patient("p1", birthDate="1999-01-01"))
    second = page(store, f"Patient?_sort=birthdate&_count=10&_cursor={first.next}")
    assert [one.id for one in first.matches] == ["p0", "p1"]
    assert [one.id for one in second.matches] == ["p2", "p3", "p4", "p5", "p1"]


def test_a_cursor_belongs_to_its_search(store: Store) -> None:
    put(store, *(patient(f"p{number}", gender="male") for number in range(5)))
    cursor = page(store, "Patient?gender=male&_count=2").next
    assert cursor is not None
    assert ids(store, f"Patient?gender=male&_count=3&_cursor={cursor}") == ["p2", "p3", "p4"]
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=="))
    raw[-2] ^= 1
    tampered = base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("=")
    for search in (
        f"Patient?gender=male&_cursor={tampered}",
        f"Patient?gender=female&_cursor={cursor}",
        f"Patient?_cursor={cursor}",
        f"Patient?gender=male&_sort=_id&_cursor={cursor}",
        "Patient?gender=male&_cursor=nonsense",
        "Patient?gender=male&_cursor=",
        "Patient?gender=male&_cursor=é",
        f"Patient?gender=male&_cursor={'A' * 100_000}",
    ):
        with pytest.raises(InvalidSearch, match="not one of this search") as refusal:
            page(store, search)
        assert refusal.value.http_status == 400


def test_totals(crowded: Store) -> None:
    either = sum(n % 7 == 1 or str(n).startswith("12") for n in range(MANY))
    expected = {
        "Patient?_count=1": (None, False),
        "Patient?_count=1&_total=none": (None, False),
        "Patient?_count=1&_total=accurate": (MANY, False),
        "Patient?gender=male&_count=1&_total=accurate": (MANY // 2, False),
        "Patient?gender=male&_count=1&_total=estimate": (MANY // 2, False),
        "Patient?gender=male&family=zz11&_count=1&_total=accurate": (55, False),
        "Patient?gender:not=male&_count=1&_total=accurate": (MANY // 2, False),
        "Patient?family=zz12,family1&_count=1&_total=accurate": (either, False),
        "Patient?family=zz129": (10 + 1, False),
        "Patient?family=zz129&_total=none": (None, False),
        "Patient?family=nobody": (0, False),
    }
    found = {search: page(crowded, search) for search in expected}
    assert {s: (one.total, one.estimated) for s, one in found.items()} == expected


def test_only_the_number(crowded: Store) -> None:
    for search in ("Patient?gender=male&_summary=count", "Patient?gender=male&_count=0"):
        found = page(crowded, search)
        assert (found.matches, found.total, found.next) == ((), MANY // 2, None)


def test_a_page_holds_no_more_than_some_megabytes(store: Store) -> None:
    note = [{"authorString": "x", "text": "y" * (3 << 20)}]
    for number in range(7):
        put(store, observation(f"o{number}", note=note))
    first = page(store, "Observation?_count=100")
    assert [one.id for one in first.matches] == ["o0", "o1", "o2", "o3", "o4"]
    assert first.total is None
    second = page(store, f"Observation?_count=100&_cursor={first.next}")
    assert [one.id for one in second.matches] == ["o5", "o6"]
    assert second.next is None


def test_an_explanation_has_statements_values_and_plans(crowded: Store) -> None:
    text = crowded.explain(query("Patient?family=zz77&gender=male"))
    assert "SELECT t.rid AS rid FROM index_string t" in text
    assert "'zz77'" in text
    assert "plan    " in text
    assert text.splitlines()[-1].endswith("5 matches, 0 included, total 5")


def test_a_search_that_takes_too_long_is_stopped_in_words(store: Store) -> None:
    put(store, *map(crowd, range(MANY)))
    store.database.search_seconds = 0.001
    slow = ",".join(f"{number}x" for number in range(900))
    with pytest.raises(TooCostly, match="took too long") as refusal:
        page(store, f"Patient?family:contains={slow}")
    assert (refusal.value.http_status, refusal.value.issue_code) == (400, "too-costly")
    assert store.read("Patient", "p0001") is not None
