from __future__ import annotations

import pytest

from gateway.mllp.limits import Limits, Memory, Places

MEGABYTE = 1 << 20


@pytest.mark.parametrize(
    ("size", "deadline"),
    [(0, 130.0), (30_000, 130.0), (60_000, 160.0), (10_000_000, 700.0)],
    ids=["nothing yet", "at the rate", "faster", "too long all the same"],
)
def test_a_block_has_until_it_is_too_slow_or_too_long(size: int, deadline: float) -> None:
    limits = Limits(block_seconds=600.0, bytes_per_second=1000, slow_seconds=30.0)
    assert limits.block_deadline(100.0, size) == deadline


def test_who_asks_for_too_much_memory_makes_room_and_small_blocks_do_not() -> None:
    memory = Memory(10 * MEGABYTE)
    assert memory.change(0, 8 * MEGABYTE)
    assert not memory.change(0, 3 * MEGABYTE)
    assert memory.change(0, 1000)
    memory.change(3 * MEGABYTE, 0)
    assert memory.change(0, 1 * MEGABYTE)


def test_places_are_counted_in_all_and_by_address() -> None:
    places = Places(Limits(connections=3, connections_per_address=2))
    assert [places.take("a"), places.take("a"), places.take("b")] == ["", "", ""]
    assert places.take("c") == "too many connections"
    places.leave("b")
    assert places.take("a") == "too many connections from this address"
    assert places.take("c") == ""
