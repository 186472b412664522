from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from gateway.app.background import jobs_of
from gateway.app.doors import DOORS, door_states, open_doors
from gateway.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("workers", "only", "names"),
    [
        (1, DOORS, ["http", "mllp", "dimse", "delivery"]),
        (2, DOORS, ["http-1", "http-2", "mllp", "dimse-1", "dimse-2", "delivery"]),
        (2, ("mllp",), ["mllp"]),
    ],
)
def test_one_process_a_door_and_one_a_worker(
    workers: int, only: tuple[str, ...], names: list[str]
) -> None:
    assert list(open_doors(Settings(http_workers=workers, dicom_workers=workers), only)) == names


@pytest.mark.parametrize(
    ("opened", "carriers"),
    [
        (
            DOORS,
            {"dimse": ["studies", "landing"], "delivery": ["indexing", "metadata", "retention"]},
        ),
        (("http", "mllp"), {"mllp": ["landing"]}),
        (("http",), {"http": ["landing"]}),
    ],
)
def test_each_job_has_one_door_that_carries_it(
    opened: tuple[str, ...], carriers: dict[str, list[str]]
) -> None:
    found = {door: jobs_of(door, opened) for door in opened}
    assert {door: jobs for door, jobs in found.items() if jobs} == carriers


def written(place: Path, pid: int, content: str) -> Path:
    (place / "run").mkdir(exist_ok=True)
    file = place / "run" / f"doors-{pid}.json"
    file.write_text(content, "utf-8")
    return file


@pytest.mark.parametrize(
    ("content", "states"),
    [
        ('{"mllp": "ready", "dimse": "starting"}', {"mllp": "ready", "dimse": "starting"}),
        ('{"mllp": "re', {}),
    ],
    ids=["serving", "half a file"],
)
def test_the_state_of_the_doors_is_what_their_supervisor_wrote(
    content: str, states: dict[str, str], tmp_path: Path
) -> None:
    written(tmp_path, os.getpid(), content)
    assert door_states(Settings(data_dir=tmp_path)) == states


def test_two_supervisors_each_tell_of_their_own_doors(tmp_path: Path) -> None:
    written(tmp_path, os.getpid(), '{"mllp": "ready"}')
    written(tmp_path, os.getppid(), '{"http": "starting"}')
    assert door_states(Settings(data_dir=tmp_path)) == {"mllp": "ready", "http": "starting"}


def test_a_supervisor_that_died_tells_nothing(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    file = written(tmp_path, gone.pid, '{"mllp": "ready"}')
    assert door_states(Settings(data_dir=tmp_path)) == {}
    assert not file.exists()


def test_without_a_supervisor_there_are_no_doors(tmp_path: Path) -> None:
    assert door_states(Settings(data_dir=tmp_path)) == {}
