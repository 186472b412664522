"""A watched folder: files of HL7 v2 messages in, acknowledgements beside them out.

    in/NAME           what somebody puts there; taken once it has not changed for a moment
    done/NAME         every message of it was accepted
    refused/NAME      at least one was not
    .../NAME.ack      the acknowledgements, one behind the other

A file is moved after its messages are committed and its acknowledgements written: what was cut
short by a stop is taken again, and its messages are answered as the duplicates they are.
"""

from __future__ import annotations

import fcntl
import logging
import os
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from gateway.hl7v2.batch import read_batch
from gateway.hl7v2.framing import HEAD_BYTES
from gateway.hl7v2.message import Message

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator
    from pathlib import Path

_log: Final = logging.getLogger("gateway.mllp")
# A file is whole when size and time have not changed for so long.
STABLE_SECONDS: Final = 2.0
_LOOK_SECONDS: Final = 0.5
# What could not be stored is tried again after so long.
_AGAIN_SECONDS: Final = 10.0
# Names under which programs write what they rename when it is whole.
_PARTIAL: Final = (".part", ".partial", ".filepart", ".tmp", ".temp", ".crdownload", ".swp", "~")
_ACCEPTED: Final = "AA"
_COMMITTED: Final = "CA"
_LATER: Final = "AR"

State = tuple[int, int]


class Folder:
    """Watches `in/` of one folder; only one process at a time does, whoever comes first."""

    def __init__(
        self,
        place: Path,
        receive: Callable[[bytes, str], bytes],
        oversize: Callable[[bytes, int, str], bytes],
        *,
        max_bytes: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Hand messages to `receive`, which answers each in the original mode after the commit.

        `oversize` takes the head and the size of a file over `max_bytes`.
        """
        self._in, self._done, self._refused = (place / name for name in ("in", "done", "refused"))
        self._lock = place / ".lock"
        self._receive = receive
        self._oversize = oversize
        self._max_bytes = max_bytes
        self._clock = clock
        # What was seen of each file: its state, and since when.
        self._seen: dict[str, tuple[State, float]] = {}
        self._not_before: dict[str, float] = {}

    def watch(self, stop: threading.Event) -> None:
        """Take what comes until `stop` is set; a fault of the file system is an event."""
        while not stop.is_set():
            try:
                with self._alone() as alone:
                    while alone and not stop.wait(_LOOK_SECONDS):
                        self.look(stop)
            except OSError as fault:
                _log.error("folder.failed", extra={"why": fault.strerror})
            stop.wait(_AGAIN_SECONDS)

    def look(self, stop: threading.Event | None = None) -> int:
        """Take every file that is whole, in the order of their times; give how many."""
        now = self._clock()
        files = sorted(self._files(), key=lambda file: (file[1][1], file[0].name))
        self._seen = {path.name: self._since(path.name, state, now) for path, state in files}
        taken = 0
        for path, _ in files:
            if stop is not None and stop.is_set():
                break
            if now - self._seen[path.name][1] < STABLE_SECONDS:
                # A later file may be about the same patient: order is kept.
                break
            if self._not_before.get(path.name, now) > now:
                break
            if not self._take(path):
                break
            taken += 1
        return taken

    def _files(self) -> Iterator[tuple[Path, State]]:
        for path in self._in.iterdir():
            if path.name.startswith(".") or path.name.lower().endswith(_PARTIAL):
                continue
            with suppress(FileNotFoundError):
                status = path.stat()
                if path.is_file():
                    yield path, (status.st_size, status.st_mtime_ns)

    def _since(self, name: str, state: State, now: float) -> tuple[State, float]:
        seen = self._seen.get(name)
        return seen if seen is not None and seen[0] == state else (state, now)

    def _take(self, path: Path) -> bool:
        """Take one file; False when it must wait, and what is behind it too."""
        begun = time.monotonic()
        answers, codes = self._answered(path)
        if _LATER in codes:
            # Not stored: the file stays, and what is behind it waits.
            self._not_before[path.name] = self._clock() + _AGAIN_SECONDS
            _log.warning("folder.postponed", extra={"messages": len(codes)})
            return False
        self._not_before.pop(path.name, None)
        fine = all(code == _ACCEPTED for code in codes)
        self._put_away(path, self._done if fine else self._refused, answers)
        event = "folder.done" if fine else "folder.refused"
        milliseconds = round((time.monotonic() - begun) * 1000, 1)
        _log.info(event, extra={"messages": len(codes), "milliseconds": milliseconds})
        return True

    def _answered(self, path: Path) -> tuple[bytes, list[str]]:
        """Return the answers to all messages of a file, and the code of each."""
        peer = f"file:{path.parent.parent.name}"
        size = path.stat().st_size
        if size > self._max_bytes:
            with path.open("rb") as file:
                answer = self._oversize(file.read(HEAD_BYTES), size, peer)
            return answer, [_code(answer)]
        content = path.read_bytes()
        answers: list[bytes] = []
        # A file without any header is one message that cannot be read: the journal has it.
        for message in read_batch(content).messages or (content,):
            answers.append(self._receive(message, peer))
            if _code(answers[-1]) == _LATER:
                break
        return b"".join(answers), [_code(answer) for answer in answers]

    def _put_away(self, path: Path, folder: Path, answers: bytes) -> None:
        target = _free(folder, path.name)
        ack = target.with_name(f"{target.name}.ack")
        draft = ack.with_name(f".{ack.name}.new")
        with draft.open("wb") as file:
            file.write(answers)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(ack)
        path.replace(target)
        for place in (folder, path.parent):
            _sync(place)

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Make the folders, and hold the lock that says who watches."""
        for place in (self._in, self._done, self._refused):
            place.mkdir(parents=True, exist_ok=True)
        with self._lock.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True


def _code(answer: bytes) -> str:
    """Return MSA-1 of what was answered last: in enhanced mode the commit goes before."""
    if not answer:
        # A duplicate of what was accepted from a sender that wanted no answer.
        return _ACCEPTED
    told = Message.parse(answer).all("MSA")
    code = told[-1].text(1) if told else ""
    # A sender that wants the commit alone, and has it.
    return _ACCEPTED if code == _COMMITTED else code


def _free(folder: Path, name: str) -> Path:
    """Return a name that nothing has in `folder` yet, nor its acknowledgement."""
    target, number = folder / name, 1
    while target.exists():
        number += 1
        target = folder / f"{name}.{number}"
    return target


def _sync(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
