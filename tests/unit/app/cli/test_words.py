from __future__ import annotations

from argparse import ArgumentTypeError

import pytest

from gateway.app.cli.main import main
from gateway.app.cli.words import in_words, local_time


def test_a_fault_of_the_system_names_the_file_and_says_why() -> None:
    assert in_words(FileNotFoundError(2, "No such file or directory", "x.hl7")) == (
        "x.hl7: No such file or directory"
    )
    assert in_words(ConnectionRefusedError(111, "Connection refused")) == "Connection refused"
    assert in_words(OSError("no route")) == "no route"


def test_a_time_is_one_of_this_machine() -> None:
    assert local_time("2026-03-12").replace(tzinfo=None).isoformat() == "2026-03-12T00:00:00"
    with pytest.raises(ArgumentTypeError, match="'hier' is no time: write 2026-03-12"):
        local_time("hier")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["journal", "list", "--state", "lost"], "choose from"),
        (["journal", "list", "--since", "hier"], "'hier' is no time"),
        (["deliveries", "list", "--state", "lost"], "choose from"),
    ],
)
def test_an_option_that_is_misused_says_what_would_do(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("Passerelle ")
