"""One process a door: started together, restarted when it dies, drained on SIGTERM.

Doors are forked from a process that has already imported what they share, so that all of them
are up in well under two seconds and share that memory.
"""

from __future__ import annotations

import json
import logging
import os
import selectors
import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    # Runs one door until the event is set; calls the function once it listens.
    Door = Callable[[threading.Event, Callable[[], None]], None]

_log = logging.getLogger("gateway.serve")
# A door that dies is started again at once, then ever later.
_BACK_OFF: Final = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
# A door that lived this long starts again from the front of the table.
_STEADY_SECONDS: Final = 60.0
_DRAIN_SECONDS: Final = 25.0
_FAULT: Final = 70


@dataclass(slots=True)
class _Process:
    name: str
    door: Door
    pid: int = 0
    started: float = 0.0
    restarts: int = 0
    due: float = 0.0
    ready: bool = False
    ever_ready: bool = False


@dataclass(slots=True)
class Supervisor:
    """Keeps the doors open; `state_file` tells other processes how each of them is."""

    doors: dict[str, Door]
    state_file: Path
    announce: Callable[[float], None]
    _processes: dict[str, _Process] = field(default_factory=dict)
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _stopping: bool = False
    _lifeline: tuple[int, int] = (-1, -1)

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT and return the exit status."""
        began = time.monotonic()
        self._lifeline = os.pipe()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        self._processes = {name: _Process(name, door) for name, door in self.doors.items()}
        # An older run's file says nothing about this one.
        self._write_state()
        for process in self._processes.values():
            self._start(process)
        announced = False
        while not self._stopping:
            self._wait(0.2)
            if not announced and all(one.ever_ready for one in self._processes.values()):
                announced = True
                self.announce(time.monotonic() - began)
            if not self._reap():
                self._stopping = True
                self._drain()
                return 1
        return self._drain()

    def _stop(self, _number: int, _frame: object) -> None:
        self._stopping = True

    def _start(self, process: _Process) -> None:
        reader, writer = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            os.close(reader)
            self._child(process, writer)
        os.close(writer)
        process.pid, process.started, process.ready = pid, time.monotonic(), False
        self._selector.register(reader, selectors.EVENT_READ, process)

    def _child(self, process: _Process, writer: int) -> NoReturn:
        status = _FAULT
        try:
            os.close(self._lifeline[1])
            stop = threading.Event()
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda _number, _frame: stop.set())
            threading.Thread(target=self._watch_parent, daemon=True).start()
            process.door(stop, lambda: os.close(writer) if os.write(writer, b"1") else None)
            status = 0
        except Exception as fault:  # noqa: BLE001 - the last stop of a door's process
            # No trace: it may quote the patient.
            _log.error("door.died", extra={"kind": type(fault).__name__, "why": _why(fault)})
        finally:
            sys.stderr.flush()
            os._exit(status)

    def _watch_parent(self) -> None:
        # Nothing is ever written: the read ends when the parent is gone, however it went.
        os.read(self._lifeline[0], 1)
        os.kill(os.getpid(), signal.SIGTERM)

    def _wait(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            process: _Process = key.data
            if os.read(key.fd, 1):
                process.ready = process.ever_ready = True
                self._write_state()
            self._selector.unregister(key.fd)
            os.close(key.fd)
        now = time.monotonic()
        for process in self._processes.values():
            if process.pid == 0 and process.due <= now and not self._stopping:
                self._start(process)

    def _reap(self) -> bool:
        """Notice who died; False when a door could not even start."""
        for process in self._processes.values():
            if process.pid == 0 or os.waitpid(process.pid, os.WNOHANG)[0] == 0:
                continue
            process.pid, process.ready = 0, False
            if self._stopping:
                continue
            self._write_state()
            if not process.ever_ready:
                return False
            if time.monotonic() - process.started > _STEADY_SECONDS:
                process.restarts = 0
            pause = _BACK_OFF[min(process.restarts, len(_BACK_OFF) - 1)]
            process.restarts += 1
            process.due = time.monotonic() + pause
            _log.warning("door.restarted", extra={"name_": process.name, "in_seconds": pause})
        return True

    def _drain(self) -> int:
        for process in self._processes.values():
            if process.pid:
                os.kill(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + _DRAIN_SECONDS
        for process in self._processes.values():
            while process.pid and os.waitpid(process.pid, os.WNOHANG)[0] == 0:
                if time.monotonic() > deadline:
                    os.kill(process.pid, signal.SIGKILL)
                time.sleep(0.02)
        self.state_file.unlink(missing_ok=True)
        return 0

    def _write_state(self) -> None:
        states = {
            one.name: "ready" if one.ready else "starting" for one in self._processes.values()
        }
        # Read by other processes at any moment: replaced whole.
        draft = self.state_file.with_suffix(".new")
        try:
            draft.write_text(json.dumps(states), "utf-8")
            draft.replace(self.state_file)
        except OSError as fault:
            # A full disk must not take the doors down: they say themselves what they cannot do.
            _log.warning("doors.state", extra={"why": _why(fault)})


def _why(fault: Exception) -> str:
    # Only what the operating system says about addresses and files.
    return str(fault) if isinstance(fault, OSError) else ""
