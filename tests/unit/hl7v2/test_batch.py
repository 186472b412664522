from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.hl7v2.batch import Batch, read_batch, split_messages

ONE = b"MSH|^~\\&|RIS||||||ORU^R01|1|P|2.5\rOBX|1|TX|||RAS\r"
TWO = b"MSH|^~\\&|RIS||||||ORU^R01|2|P|2.5\rOBX|1|TX|||RAS\r"
HEAD = b"FHS|^~\\&|RIS\rBHS|^~\\&|RIS\r"
TAIL = b"BTS|2\rFTS|1\r"
BOTH = Batch((ONE, TWO))


@pytest.mark.parametrize(
    "content",
    [
        ONE + TWO,
        HEAD + ONE + TWO + TAIL,
        (HEAD + ONE + TWO + TAIL).replace(b"\r", b"\n"),
        (HEAD + ONE + TWO + TAIL).replace(b"\r", b"\r\n"),
        b"\xef\xbb\xbf" + ONE + TWO,
        b"\x0b" + ONE + b"\x1c\r\x0b" + TWO + b"\x1c\r",
        b"\n\n" + ONE + b"\n\r\n" + TWO[:-1],
        b"BHS|^~\\&\r" + ONE + b"BTS|1\rBHS|^~\\&\r" + TWO + b"BTS|1\r",
        HEAD + ONE + TWO + b"BTS\rFTS",
        ONE + TWO[:-1] + b"\x1a",
    ],
    ids=[
        "one behind the other",
        "a batch",
        "LF",
        "CRLF",
        "a byte order mark",
        "blocks",
        "blank lines",
        "two batches",
        "a batch that counts nothing",
        "the end of a DOS file",
    ],
)
def test_the_messages_of_a_file_are_found(content: bytes) -> None:
    assert read_batch(content) == BOTH


def test_a_batch_that_counts_wrong_is_taken_with_a_warning() -> None:
    assert read_batch(HEAD + ONE + TAIL) == Batch(
        (ONE,), ("BTS-1 says 2 messages, and the batch holds 1.",)
    )


@pytest.mark.parametrize("content", [b"", b"\r\n", b"PID|1\r", HEAD + TAIL.replace(b"2", b"0")])
def test_a_file_without_header_holds_no_message(content: bytes) -> None:
    assert read_batch(content) == Batch(())


def test_a_line_feed_inside_a_text_stays_where_lines_end_with_cr() -> None:
    message = ONE.replace(b"RAS", b"ligne 1\nBTS. de saison\nMSHA")
    assert read_batch(message) == Batch((message,))


@given(st.lists(st.sampled_from([ONE, TWO]), max_size=6))
def test_what_stands_one_behind_the_other_is_taken_apart(messages: list[bytes]) -> None:
    assert split_messages(b"".join(messages)) == tuple(messages)


@given(st.binary(max_size=300))
def test_no_file_is_too_odd_to_be_read(content: bytes) -> None:
    assert all(one.startswith(b"MSH") for one in read_batch(content).messages)
