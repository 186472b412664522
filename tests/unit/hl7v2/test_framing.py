from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.hl7v2.framing import HEAD_BYTES, Deframer, Event, Frame, Noise, Oversize, frame

FIRST = b"MSH|^~\\&|RIS|IMAGERIE DU PORT|||20260305||ORU^R01|1|P|2.5\rPID|1\r"
SECOND = b"MSH|^~\\&|RIS|IMAGERIE DU PORT|||20260305||ORU^R01|2|P|2.5\rPID|1\r"

# Block characters and headers are frequent here, so that every cut of them is met.
messy = st.lists(
    st.sampled_from([b"\x0b", b"\x1c", b"\r", b"\n", b"\x00", b" ", b"M", b"MSH", b"MSH|1", b"x"]),
    max_size=30,
).map(b"".join)
bodies = st.binary(max_size=60).map(
    lambda data: data.replace(b"\x1c", b"").replace(b"\x0bMSH", b"")
)
separators = st.sampled_from([b"", b"\r", b"\n", b"\r\n", b"\x00", b" \r\n", b"\x1c\r"])


def heard(deframer: Deframer, data: bytes, cuts: list[int]) -> list[Event]:
    bounds = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    pieces = [data[low:high] for low, high in pairwise(bounds)]
    return [event for piece in pieces for event in deframer.feed(piece)] + deframer.close()


@given(st.lists(st.tuples(bodies, separators)), st.lists(st.integers(0), max_size=20))
def test_any_cut_of_any_sequence_of_frames_gives_the_same_frames(
    sent: list[tuple[bytes, bytes]], cuts: list[int]
) -> None:
    data = b"".join(frame(body) + separator for body, separator in sent)
    assert heard(Deframer(), data, cuts) == [Frame(body) for body, _ in sent]


@given(messy, st.lists(st.integers(0), max_size=20), st.integers(1, 12))
def test_any_bytes_give_the_same_events_however_they_are_cut(
    data: bytes, cuts: list[int], limit: int
) -> None:
    assert heard(Deframer(limit), data, cuts) == heard(Deframer(limit), data, [])


@given(st.binary(max_size=200), st.lists(st.integers(0), max_size=5))
def test_any_bytes_leave_nothing_behind_after_close(data: bytes, cuts: list[int]) -> None:
    deframer = Deframer(50)
    heard(deframer, data, cuts)
    assert (deframer.pending, deframer.in_block) == (b"", False)


@pytest.mark.parametrize(
    "end", [b"\x1c\r", b"\x1c", b"\x1c\n", b"\x1c\r\n", b"\x1c\r\x00\x00", b"\x1c \r"]
)
def test_what_stands_between_frames_is_forgiven(end: bytes) -> None:
    deframer = Deframer()
    data = b"\x0b" + FIRST + end + b"\x0b" + SECOND + end
    assert deframer.feed(data) + deframer.close() == [Frame(FIRST), Frame(SECOND)]


def test_a_truncated_frame_does_not_take_the_next_one_with_it() -> None:
    cut = FIRST[:30]
    assert Deframer().feed(b"\x0b" + cut + frame(SECOND)) == [
        Noise(cut, 30, truncated=True),
        Frame(SECOND),
    ]


def test_a_vertical_tab_inside_a_message_is_text() -> None:
    body = FIRST + b"NTE|1||colonne\x0bsuivante\r"
    assert Deframer().feed(frame(body)) == [Frame(body)]


def test_garbage_outside_a_frame_is_noise_before_the_next_frame() -> None:
    events = Deframer().feed(b"\r\nGET / HTTP/1.1\r\n" + frame(FIRST))
    assert events == [Noise(b"GET / HTTP/1.1\r\n", 16, truncated=False), Frame(FIRST)]


def test_noise_is_kept_up_to_64_kilobytes_and_counted_whole() -> None:
    deframer = Deframer()
    for _ in range(100):
        assert deframer.feed(b"n" * 10_000) == []
    assert deframer.close() == [Noise(b"n" * HEAD_BYTES, 1_000_000, truncated=False)]


def test_a_message_of_exactly_the_limit_is_a_frame() -> None:
    assert Deframer(len(FIRST)).feed(frame(FIRST)) == [Frame(FIRST)]


def test_an_oversized_message_leaves_its_head_and_its_size_and_the_next_one_is_read() -> None:
    deframer = Deframer(100_000)
    big = FIRST + b"A" * 1_000_000
    assert deframer.feed(frame(big) + frame(SECOND)) == [
        Oversize(big[:HEAD_BYTES], len(big)),
        Frame(SECOND),
    ]


def test_memory_stays_bounded_while_an_oversized_message_arrives() -> None:
    deframer = Deframer(100_000)
    deframer.feed(b"\x0b" + FIRST)
    kept = []
    for _ in range(64):
        deframer.feed(b"B" * 65_536)
        kept.append(len(deframer.pending))
    assert max(kept) <= 100_000 + 65_536
    assert kept[-1] == HEAD_BYTES


def test_an_oversized_message_cut_short_is_still_oversized() -> None:
    deframer = Deframer(10)
    deframer.feed(b"\x0b" + FIRST)
    assert deframer.close() == [Oversize(FIRST[:10], len(FIRST))]


def test_pending_tells_what_was_left_when_the_line_went_dead() -> None:
    deframer = Deframer()
    deframer.feed(b"\x0b" + FIRST + b"\x0bMS")
    assert (deframer.pending, deframer.in_block) == (FIRST + b"\x0bMS", True)
    assert deframer.close() == [Noise(FIRST + b"\x0bMS", len(FIRST) + 3, truncated=True)]


def test_an_empty_frame_is_a_frame() -> None:
    assert Deframer().feed(frame(b"")) == [Frame(b"")]
