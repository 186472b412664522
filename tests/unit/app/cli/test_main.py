"""The command line loads the family of the command that is named, and knows them all."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gateway.app.cli.main import _FAMILIES, main


@pytest.mark.parametrize("word", [word for words in _FAMILIES.values() for word in words])
def test_each_command_is_found_in_its_file(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([word, "--help"])
    assert ended.value.code == 0
    assert f"gateway {word}" in capsys.readouterr().out


def test_every_command_of_every_file_is_in_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    told = capsys.readouterr().out
    listed = {
        line.split()[0] for line in told.splitlines() if line.startswith("    ") and line[4] != " "
    }
    assert listed == {word for words in _FAMILIES.values() for word in words}


def test_serving_loads_no_library_that_one_door_alone_needs() -> None:
    """Doors are forked from it: what it has loaded, each of them waits for and holds."""
    code = "import sys, gateway.app.cli.serve; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    wanted = {
        "fastapi",
        "uvicorn",
        "numpy",
        "pydicom",
        "pynetdicom",
        "reportlab",
        "alembic",
        "boto3",
    }
    assert wanted & set(loaded.stdout.split()) == set()


def test_the_dimse_door_opens_without_the_codecs() -> None:
    code = "import sys, gateway.app.dicom, gateway.app.dimse; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    assert {"numpy", "pydicom", "pynetdicom"} & set(loaded.stdout.split()) == set()
