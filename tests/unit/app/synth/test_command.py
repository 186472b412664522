"""`gateway synth` as it is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.app.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path


def test_a_region_is_made_once_and_its_packages_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GATEWAY_DATA_DIR", str(tmp_path))
    assert main(["synth", "--patients", "60", "--episodes", "30", "--structures", "12"]) == 0
    assert "resources within" in capsys.readouterr().err
    assert main(["statement", "--year", "2021"]) == 0
    assert capsys.readouterr().out.startswith("year_start,year_end,programme")
    assert main(["synth", "--patients", "60"]) == 1
    assert "already holds a synthetic region" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--patients", "0"], "at least one patient"),
        (["--patients", "10", "--episodes", "11"], "more episodes than patients"),
        (["--patients", "1000001"], "no more test identities"),
    ],
)
def test_a_region_that_cannot_be_is_refused(
    given: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GATEWAY_DATA_DIR", str(tmp_path))
    assert main(["synth", *given]) == 1
    assert said in capsys.readouterr().err
