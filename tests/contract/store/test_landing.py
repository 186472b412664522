"""Small objects land with their rows and are brought to the object store, on each database."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from gateway.errors import NotFound
from gateway.store.landing import STEP, Landing
from gateway.store.objects import FileObjects

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.store.api import Store

AT = datetime(2026, 9, 15, 10, tzinfo=UTC)
CONTENT = b"DICM" * 100
NAME = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def files(tmp_path: Path) -> FileObjects:
    return FileObjects(tmp_path / "objects")


def land(store: Store, *contents: bytes) -> list[str]:
    names = [hashlib.sha256(one).hexdigest() for one in contents]
    with store.transaction() as tx:
        for name, content in zip(names, contents, strict=True):
            tx.land(name, content, AT)
    return names


def test_what_has_landed_is_read_before_and_after_it_is_brought_away(
    store: Store, files: FileObjects
) -> None:
    landing = Landing(files, store)
    land(store, CONTENT)
    with pytest.raises(NotFound):
        files.read(NAME)

    before = landing.read(NAME)
    moved = landing.bring_away(AT + timedelta(seconds=1))

    assert (before, moved, landing.read(NAME)) == (CONTENT, 1, CONTENT)
    assert (files.read(NAME), store.landed(NAME)) == (CONTENT, None)


def test_what_has_just_landed_waits(store: Store, files: FileObjects) -> None:
    landing = Landing(files, store)
    land(store, CONTENT)

    assert (landing.bring_away(AT), store.landed(NAME)) == (0, CONTENT)


def test_much_is_brought_away_in_steps(store: Store, files: FileObjects) -> None:
    landing = Landing(files, store)
    contents = [str(number).encode() for number in range(STEP + 3)]
    names = land(store, *contents)
    moved = [landing.bring_away(AT + timedelta(seconds=1)) for _ in range(3)]

    assert moved == [STEP, 3, 0]
    assert [files.read(name) for name in names] == contents


def test_what_was_interrupted_is_done_again(store: Store, files: FileObjects) -> None:
    # Brought there, and the machine was lost before the row was lifted.
    land(store, CONTENT)
    files.put(CONTENT)
    landing = Landing(files, store)

    assert landing.bring_away(AT + timedelta(seconds=1)) == 1
    assert (landing.read(NAME), store.landed(NAME)) == (CONTENT, None)


def test_what_lands_twice_is_there_once(store: Store, files: FileObjects) -> None:
    land(store, CONTENT, CONTENT)
    land(store, CONTENT)

    assert Landing(files, store).bring_away(AT + timedelta(seconds=1)) == 1


def test_what_a_lost_machine_left_half_written_is_written_again(
    tmp_path: Path, files: FileObjects
) -> None:
    files.put(CONTENT)
    (found,) = tmp_path.glob("objects/??/*")
    found.write_bytes(CONTENT[:7])
    draft = tmp_path / "draft"
    draft.write_bytes(CONTENT)
    files.adopt(draft, NAME)

    assert files.read(NAME) == CONTENT
