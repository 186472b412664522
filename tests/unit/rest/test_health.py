from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.rest.health import readiness

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from tests.unit.rest.conftest import Caller


def told(answer: httpx.Response) -> tuple[int, str, object]:
    return answer.status_code, answer.headers["content-type"], answer.json()


def test_live_says_that_the_process_hears(caller: Caller) -> None:
    answer = caller.ask("GET", "/health/live", headers={"accept": "text/html"})
    assert told(answer) == (200, "application/json", {"status": "up", "version": "1.2.3"})


def test_ready_says_what_was_looked_at(caller: Caller) -> None:
    assert told(caller.ask("GET", "/health/ready")) == (
        200,
        "application/json",
        {"status": "ready", "not_ready": [], "checked": ["database", "mllp", "objects"]},
    )


def test_a_door_that_is_not_ready_is_named(caller: Caller) -> None:
    caller.doors["dimse"] = "restarting"
    answer = caller.ask("GET", "/health/ready")
    assert (answer.status_code, answer.json()["not_ready"]) == (
        503,
        [{"name": "dimse", "why": "restarting"}],
    )


def test_objects_that_cannot_be_written_are_named(caller: Caller, tmp_path: Path) -> None:
    (tmp_path / "objects").write_bytes(b"a file where a directory should be")
    states = readiness(replace(caller.ports, doors=dict))
    assert states == {"database": "ready", "objects": "The object store cannot be written."}
