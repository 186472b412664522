from __future__ import annotations

from gateway.dicom.dataset import Bulk, Dataset
from gateway.ingest.headers import Headers


def read(header: int, pixels: int = 1000) -> Dataset:
    bulk = {"7FE00010": Bulk(header, header + pixels, "OW", fragments=False, whole=True)}
    return Dataset({}, bulk, bytes(header + pixels), little=True, transfer_syntax="1.2")


def test_what_was_read_is_remembered_without_its_bytes() -> None:
    headers = Headers(most=100)
    headers.keep("a", read(40))

    found = headers.get("a")
    assert found is not None
    assert (found.buffer, found.bulk) == (b"", read(40).bulk)
    assert headers.get("b") is None


def test_what_nobody_asked_for_the_longest_gives_way() -> None:
    headers = Headers(most=100)
    for name in ("a", "b"):
        headers.keep(name, read(40))
    headers.get("a")
    headers.keep("c", read(40))

    assert [name for name in "abc" if headers.get(name)] == ["a", "c"]


def test_a_header_that_is_larger_than_all_is_not_kept() -> None:
    headers = Headers(most=100)
    headers.keep("a", read(40))
    headers.keep("large", read(101))

    assert headers.get("large") is None
    assert headers.get("a") is not None
