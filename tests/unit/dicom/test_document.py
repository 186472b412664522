from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.dicom.document import read_dataset, read_document
from gateway.dicom.json_model import items, text, texts, values
from gateway.dicom.part10 import file_head, read_file_meta
from gateway.dicom.sr import attributes as sr
from gateway.dicom.sr.tree import read_tree
from gateway.dicom.transfer_syntaxes import (
    DEFLATED,
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
)
from gateway.errors import Malformed, TooLarge
from tests.documents import code, container, document, file_of, num, report, words

SR = report(
    code("126000", meaning="Imaging Measurement Report"),
    words(code("121071"), "Vésicule alithiasique. Œdème absent."),
    container(code("125007"), num(code("81827009", "SCT", "Diameter"), "1.50", "mm")),
)
FILE = file_of(SR)
_DATASET = read_file_meta(FILE).dataset_offset
PLACES = st.integers(0, len(FILE) - _DATASET - 1)


@pytest.mark.parametrize("syntax", [EXPLICIT_LITTLE, IMPLICIT_LITTLE, EXPLICIT_BIG, DEFLATED])
def test_a_document_reads_the_same_in_every_encoding(syntax: str) -> None:
    model = read_document(file_of(SR, syntax)).model

    assert model == read_document(FILE).model
    first, second = items(model, sr.CONTENT)
    assert text(first, sr.TEXT_VALUE) == "Vésicule alithiasique. Œdème absent."
    measured = items(items(second, sr.CONTENT)[0], sr.MEASURED_VALUE)
    assert text(measured[0], sr.NUMERIC_VALUE) == "1.50"


def test_binary_numbers_are_read() -> None:
    dataset = document("1.2.3")
    dataset.add_new(0x0040DB73, "UL", [1, 3, 2])
    dataset.add_new(0x0040A161, "FD", 1.25)
    dataset.add_new(0x00280009, "AT", 0x00181063)

    model = read_document(file_of(dataset)).model

    assert values(model, sr.REFERENCED_CONTENT_ITEM) == [1, 3, 2]
    assert values(model, sr.FLOATING_POINT_VALUE) == [1.25]
    assert texts(model, 0x00280009) == ("00181063",)


def test_what_is_encapsulated_comes_apart_from_the_model() -> None:
    dataset = document("1.2.840.10008.5.1.4.1.1.104.1")
    dataset.EncapsulatedDocument = b"%PDF-1.7\n"

    found = read_document(file_of(dataset))

    assert found.content == b"%PDF-1.7\n\0"
    assert "00420011" not in found.model


def undefined(depth: int) -> bytes:
    """Return a dataset whose content sequences of undefined length are nested so deep."""
    sequence = struct.pack("<HH2sHL", 0x0040, 0xA730, b"SQ", 0, 0xFFFFFFFF)
    begin = struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF)
    kind = struct.pack("<HH2sH", 0x0040, 0xA040, b"CS", 10) + b"CONTAINER "
    ends = struct.pack("<HHLHHL", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0)
    return kind + (sequence + begin + kind) * depth + ends * depth


def test_ten_thousand_levels_cost_no_stack() -> None:
    root = read_tree(read_dataset(undefined(10_000), EXPLICIT_LITTLE).model)

    assert sum(1 for _ in root.walk()) == 10_001
    assert len({one.place for one in root.walk()}) == 10_001


def test_a_deflated_bomb_is_refused() -> None:
    machine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    bomb = b"".join(machine.compress(bytes(1 << 20)) for _ in range(65)) + machine.flush()

    with pytest.raises(TooLarge, match="deflated"):
        read_dataset(bomb, DEFLATED)


def test_a_document_that_says_deflated_and_is_not_is_read() -> None:
    assert read_dataset(undefined(1), DEFLATED).model == read_dataset(undefined(1), "").model


@pytest.mark.parametrize("content", [b"", b"\0" * 4, b"nothing"])
def test_what_is_no_dataset_is_malformed(content: bytes) -> None:
    with pytest.raises(Malformed):
        read_dataset(content, EXPLICIT_LITTLE)


def test_a_document_cut_anywhere_gives_what_came_before_the_cut() -> None:
    whole = read_document(FILE).model
    start = FILE.index(b"\x08\x00\x05\x00")
    for end in range(start + 24, len(FILE)):
        found = read_document(FILE[:end]).model
        assert found.keys() <= whole.keys()


@given(
    st.lists(st.tuples(st.integers(0, len(FILE) - _DATASET - 1), st.integers(0, 255)), max_size=12)
)
@settings(max_examples=150)
def test_bytes_that_were_changed_are_read_or_refused(changes: list[tuple[int, int]]) -> None:
    content = bytearray(FILE[_DATASET:])
    for position, value in changes:
        content[position] = value
    try:
        root = read_tree(read_dataset(bytes(content), EXPLICIT_LITTLE).model)
    except Malformed:
        return
    assert all(isinstance(one.value, str) for one in root.walk())


def test_an_element_that_overruns_its_item_ends_with_it() -> None:
    value = struct.pack("<HH2sH", 0x0008, 0x0104, b"LO", 60) + b"Nom "
    inside = struct.pack("<HHL", 0xFFFE, 0xE000, len(value)) + value
    name = struct.pack("<HH2sHL", 0x0040, 0xA043, b"SQ", 0, len(inside)) + inside
    flag = struct.pack("<HH2sH", 0x0040, 0xA491, b"CS", 8) + b"COMPLETE"

    model = read_dataset(name + flag, EXPLICIT_LITTLE).model

    assert text(model, sr.COMPLETION_FLAG) == "COMPLETE"


def test_a_file_needs_its_meta_information() -> None:
    head = file_head("1.2", "1.3", EXPLICIT_LITTLE)

    assert read_document(head + undefined(0)).model.keys() == {"0040A040"}
    with pytest.raises(Malformed, match="DICM"):
        read_document(undefined(0))
