from __future__ import annotations

import hashlib
import os
import time
from typing import TYPE_CHECKING

import pytest

from gateway.dicom.header import HEAD_BYTES
from gateway.errors import Unavailable
from gateway.ingest.spool import SpoolFile, prepare

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("size", [0, 10, HEAD_BYTES - 4, HEAD_BYTES, 3 * HEAD_BYTES + 1])
def test_a_file_is_written_hashed_and_its_head_kept(tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    file = SpoolFile(tmp_path, b"head")
    for start in range(0, size, 100_000):
        file.write(memoryview(content)[start : start + 100_000])
    file.finish()

    assert file.path.read_bytes() == b"head" + content
    assert file.sha256 == hashlib.sha256(b"head" + content).hexdigest()
    assert file.size == size + 4
    assert content.startswith(file.dataset_head)
    assert len(file.dataset_head) >= min(size, HEAD_BYTES - 4)


def test_a_small_object_has_no_file(tmp_path: Path) -> None:
    file = SpoolFile(tmp_path, b"head", small=100)
    file.write(b"a" * 96)
    file.finish()

    assert (file.content, list(tmp_path.iterdir())) == (b"head" + b"a" * 96, [])
    assert file.sha256 == hashlib.sha256(b"head" + b"a" * 96).hexdigest()


def test_an_object_that_is_not_small_has_one(tmp_path: Path) -> None:
    file = SpoolFile(tmp_path, b"head", small=100)
    file.write(b"a" * 97)
    file.finish()

    assert (file.content, file.path.stat().st_size) == (None, 101)


def test_a_discarded_file_is_gone(tmp_path: Path) -> None:
    file = SpoolFile(tmp_path, b"head")
    file.finish()
    file.discard()

    assert list(tmp_path.iterdir()) == []


def test_a_fault_of_the_disk_is_told_at_the_end(tmp_path: Path) -> None:
    file = SpoolFile(tmp_path / "missing", b"head")
    file.write(bytes(2 * HEAD_BYTES))

    with pytest.raises(Unavailable, match="The spool cannot be written"):
        file.finish()


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    old, young, other = (tmp_path / name for name in ("dimse-old", "dimse-young", "tmp-old"))
    for path in (old, young, other):
        path.touch()
    for path in (old, other):
        os.utime(path, (0, time.time() - 2 * 86400))

    prepare(tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["dimse-young"]
