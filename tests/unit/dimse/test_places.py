from __future__ import annotations

from gateway.dimse.places import Places


def test_nobody_takes_the_places_of_all_others() -> None:
    places = Places(total=3, each=2)

    assert [places.take("a"), places.take("a"), places.take("a")] == [True, True, False]
    assert [places.take("b"), places.take("b")] == [True, False]


def test_a_place_that_is_left_is_free_again() -> None:
    places = Places(total=9, each=9)
    first = [places.take("a", 1), places.take("a", 1)]
    places.leave("a")

    assert (first, places.take("a", 1)) == ([True, False], True)
