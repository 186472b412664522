from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from gateway.hl7v2.acknowledgement import build_ack
from gateway.hl7v2.message import Message
from gateway.mllp.folder import STABLE_SECONDS, Folder

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 3, 5, 13, 30, 8, tzinfo=UTC)


def message(control_id: str) -> bytes:
    return f"MSH|^~\\&|RIS|||||ORU^R01|{control_id}|P|2.5\rPID|1\r".encode().replace(
        b"|||||ORU", b"||||||ORU"
    )


def answered(raw: bytes, code: str) -> bytes:
    return build_ack(Message.parse(raw), code, control_id="A", now=NOW)


class Receiver:
    """Accepts everything but what `codes` says of a control id."""

    def __init__(self, **codes: str) -> None:
        self.codes = codes
        self.received: list[str] = []

    def receive(self, raw: bytes, peer: str) -> bytes:
        assert peer == "file:depot"
        try:
            control_id = Message.parse(raw).control_id
        except Exception:  # noqa: BLE001 - whatever cannot be read
            return build_ack(None, "AE", control_id="A", now=NOW)
        self.received.append(control_id)
        codes = self.codes.get(control_id, "AA").split("+")
        return b"".join(answered(raw, code) for code in codes)

    def oversize(self, head: bytes, size: int, _peer: str) -> bytes:
        self.received.append(f"{size} bytes")
        return answered(head, "AE")


class Depot:
    """A watched folder whose clock is turned by hand."""

    def __init__(self, place: Path, receiver: Receiver) -> None:
        self.place = place / "depot"
        for name in ("in", "done", "refused"):
            (self.place / name).mkdir(parents=True, exist_ok=True)
        self.receiver = receiver
        self.now = 100.0
        self.folder = self.opened()

    def opened(self) -> Folder:
        return Folder(
            self.place,
            self.receiver.receive,
            self.receiver.oversize,
            max_bytes=10_000,
            clock=lambda: self.now,
        )

    def put(self, name: str, content: bytes) -> Path:
        file = self.place / "in" / name
        file.write_bytes(content)
        return file

    def look(self) -> int:
        """Look, and again when what was seen is stable."""
        self.folder.look()
        self.now += STABLE_SECONDS
        return self.folder.look()

    def files(self) -> dict[str, bytes]:
        return {
            f"{file.parent.name}/{file.name}": file.read_bytes()
            for file in sorted(self.place.glob("*/*"))
        }


@pytest.fixture
def depot(tmp_path: Path) -> Depot:
    return Depot(tmp_path, Receiver(bad="AE"))


def test_a_file_that_was_accepted_is_done_with_its_answers_beside(depot: Depot) -> None:
    content = message("1") + message("2")
    depot.put("lot.hl7", content)
    assert depot.look() == 1
    assert depot.files() == {
        "done/lot.hl7": content,
        "done/lot.hl7.ack": answered(message("1"), "AA") + answered(message("2"), "AA"),
    }
    assert depot.receiver.received == ["1", "2"]


@pytest.mark.parametrize(
    ("codes", "folder"),
    [("CA+AA", "done"), ("CA", "done"), ("CA+AE", "refused"), ("CE", "refused")],
)
def test_the_last_answer_in_enhanced_mode_counts(depot: Depot, codes: str, folder: str) -> None:
    depot.receiver.codes["1"] = codes
    depot.put("lot.hl7", message("1"))
    depot.look()
    assert sorted(depot.files()) == [f"{folder}/lot.hl7", f"{folder}/lot.hl7.ack"]


def test_a_file_with_a_refused_message_is_refused_and_the_others_are_in(depot: Depot) -> None:
    content = message("1") + message("bad") + message("3")
    depot.put("lot.hl7", content)
    depot.look()
    assert sorted(depot.files()) == ["refused/lot.hl7", "refused/lot.hl7.ack"]
    assert depot.files()["refused/lot.hl7.ack"].count(b"MSA|AA") == 2
    assert depot.receiver.received == ["1", "bad", "3"]


def test_a_file_that_is_no_message_is_refused(depot: Depot) -> None:
    depot.put("photo.jpg", b"\xff\xd8\xff")
    depot.look()
    assert sorted(depot.files()) == ["refused/photo.jpg", "refused/photo.jpg.ack"]


def test_a_file_that_is_too_large_is_refused_without_being_held(depot: Depot) -> None:
    depot.put("gros.hl7", message("1") * 300)
    depot.look()
    assert sorted(depot.files()) == ["refused/gros.hl7", "refused/gros.hl7.ack"]
    assert depot.receiver.received == [f"{len(message('1')) * 300} bytes"]


def test_a_file_that_still_grows_is_left_alone(depot: Depot) -> None:
    depot.put("lot.hl7", message("1"))
    depot.folder.look()
    depot.now += STABLE_SECONDS
    depot.put("lot.hl7", message("1") + message("2"))
    assert depot.folder.look() == 0
    assert depot.receiver.received == []
    depot.now += STABLE_SECONDS
    assert depot.folder.look() == 1
    assert depot.receiver.received == ["1", "2"]


@pytest.mark.parametrize("name", [".lot.hl7", "lot.hl7.part", "lot.hl7.TMP", "lot.hl7~"])
def test_a_file_under_the_name_of_a_draft_is_left_alone(depot: Depot, name: str) -> None:
    depot.put(name, message("1"))
    assert depot.look() == 0
    assert sorted(depot.files()) == [f"in/{name}"]


def test_files_are_taken_in_the_order_of_their_times(depot: Depot) -> None:
    for name in ("b", "a", "c"):
        depot.put(name, message(name))
        time.sleep(0.02)
    assert depot.look() == 3
    assert depot.receiver.received == ["b", "a", "c"]


def test_what_cannot_be_stored_stays_and_holds_up_what_is_behind(depot: Depot) -> None:
    depot.receiver.codes["1"] = "AR"
    depot.put("a", message("0") + message("1") + message("2"))
    time.sleep(0.02)
    depot.put("b", message("3"))
    depot.look()
    assert depot.receiver.received == ["0", "1"]
    depot.now += 1
    assert depot.folder.look() == 0
    del depot.receiver.codes["1"]
    depot.now += 10
    assert depot.folder.look() == 2
    assert depot.receiver.received == ["0", "1", "0", "1", "2", "3"]
    assert sorted(depot.files()) == ["done/a", "done/a.ack", "done/b", "done/b.ack"]


def test_a_file_cut_short_by_a_stop_is_taken_again(depot: Depot) -> None:
    file = depot.put("lot.hl7", message("1"))
    depot.look()
    # As if the power had gone after the answers were written and before the file was moved.
    (depot.place / "done" / "lot.hl7").rename(file)
    depot.folder = depot.opened()
    depot.look()
    assert sorted(depot.files()) == ["done/lot.hl7", "done/lot.hl7.ack"]
    assert depot.receiver.received == ["1", "1"]


def test_a_name_that_comes_again_overwrites_nothing(depot: Depot) -> None:
    for control_id in ("1", "2"):
        depot.put("lot.hl7", message(control_id))
        depot.look()
    assert sorted(depot.files()) == [
        "done/lot.hl7",
        "done/lot.hl7.2",
        "done/lot.hl7.2.ack",
        "done/lot.hl7.ack",
    ]
    assert depot.files()["done/lot.hl7.2"] == message("2")


def test_only_one_process_watches(tmp_path: Path) -> None:
    depot = Depot(tmp_path, Receiver())
    other = depot.opened()
    with depot.folder._alone() as first, other._alone() as second:
        assert (first, second) == (True, False)
    with other._alone() as second:
        assert second


def test_watching_makes_the_folders_and_ends_when_told(tmp_path: Path) -> None:
    receiver = Receiver()
    stop = threading.Event()
    folder = Folder(tmp_path / "new" / "depot", receiver.receive, receiver.oversize, max_bytes=1000)
    thread = threading.Thread(target=folder.watch, args=(stop,), daemon=True)
    thread.start()
    inbox = tmp_path / "new" / "depot" / "in"
    end = time.monotonic() + 5
    while not inbox.is_dir() and time.monotonic() < end:
        time.sleep(0.01)
    (inbox / "lot.hl7").write_bytes(message("1"))
    while not receiver.received and time.monotonic() < end + 5:
        time.sleep(0.05)
    stop.set()
    thread.join(5)
    assert receiver.received == ["1"]
    assert not thread.is_alive()
