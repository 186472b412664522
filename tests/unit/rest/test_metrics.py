from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.unit.rest.conftest import Caller


def test_metrics_are_what_the_composition_root_gathers(caller: Caller) -> None:
    answer = caller.ask("GET", "/metrics")
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (
        200,
        b"up 1\n",
        "text/plain; version=0.0.4; charset=utf-8",
    )
