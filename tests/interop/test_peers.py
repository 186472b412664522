"""`scripts/peers.py` says what is missing and how to install it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scripts import peers

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine on which nothing is installed."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("GATEWAY_SHARED", str(tmp_path))
    monkeypatch.setattr(peers, "_ELSEWHERE", ())
    monkeypatch.setattr(peers, "_POSTGRESQL", tmp_path)


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(("no_skip", "status"), [("", 0), ("1", 1)])
def test_what_is_missing_is_named_with_its_package(
    no_skip: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_NO_SKIP", no_skip)
    said: list[str] = []

    assert peers.main(said.append) == status
    assert said == [
        "initdb      missing: apt-get install postgresql",
        "storescu    missing: apt-get install dcmtk",
        "echoscu     missing: apt-get install dcmtk",
        "storescp    missing: apt-get install dcmtk",
        "dcmdump     missing: apt-get install dcmtk",
        "dcmodify    missing: apt-get install dcmtk",
        "Orthanc     missing: apt-get install orthanc",
        "pdftotext   missing: apt-get install poppler-utils",
        "chromium    missing: apt-get install chromium",
        "corpus      missing: set GATEWAY_SHARED to the directory that holds corpus/",
    ]


def test_what_is_there_is_named_with_its_version(
    bare: None,  # noqa: ARG001 - only this program is installed
    tmp_path: Path,
) -> None:
    program = tmp_path / "storescu"
    program.write_text("#!/bin/sh\necho '$dcmtk: storescu v3.6.7 2022-04-22 $'\n", "utf-8")
    program.chmod(0o755)
    said: list[str] = []
    peers.main(said.append)

    assert said[1] == "storescu    3.6.7"
