from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest

from gateway.app.log import start_logging

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def the_loggers_as_they_were() -> Iterator[None]:
    root, gateway = logging.getLogger(), logging.getLogger("gateway")
    kept = (root.handlers[:], root.level, gateway.level)
    yield
    root.handlers[:], root.level, gateway.level = kept


def test_an_event_is_one_json_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging("json", "mllp")
    logging.getLogger("gateway.mllp").info("hl7.message", extra={"control_id": "C1", "ms": 2.5})
    (line,) = capsys.readouterr().err.splitlines()
    told = json.loads(line)
    assert told.pop("at").endswith("+00:00")
    assert told == {
        "level": "info",
        "door": "mllp",
        "event": "hl7.message",
        "control_id": "C1",
        "ms": 2.5,
    }


def test_of_an_exception_only_its_kind_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging("json", "http")
    try:
        int("DURAND Zoé")
    except ValueError:
        logging.getLogger("gateway.http").exception("http.failed")
    printed = capsys.readouterr().err
    assert json.loads(printed)["exception"] == "ValueError"
    assert "DURAND" not in printed


def test_a_person_reads_text_with_the_level_when_it_matters(
    capsys: pytest.CaptureFixture[str],
) -> None:
    start_logging("text", "dimse")
    log = logging.getLogger("gateway.dimse")
    log.info("dimse.echo", extra={"calling": "CT1"})
    log.warning("dimse.refused")
    quiet, loud = (line[9:] for line in capsys.readouterr().err.splitlines())
    assert (quiet, loud) == ("dimse    dimse.echo calling=CT1", "dimse    WARNING dimse.refused")


def test_libraries_are_heard_only_when_they_warn(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging("json", "http")
    logging.getLogger("somebody.else").info("chatter")
    assert capsys.readouterr().err == ""
