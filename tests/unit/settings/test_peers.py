from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.settings import Peers, Sender, SettingsError
from gateway.settings.peers import read_peers

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = """
mllp_allow = ["10.0.0.0/8", "::1"]
mllp_folders = ["depot"]
mllp_connections_per_address = 20
mllp_block_seconds = 5.5

[[mllp_senders]]
application = "RIS"
facility = "PORT"
addresses = ["10.1.0.0/16"]
certificates = ["ris.port.example"]
acknowledgement = "original"

[[mllp_senders]]
application = "LGC"
"""


def read(folder: Path, text: str) -> Peers:
    file = folder / "gateway.toml"
    file.write_text(text, "utf-8")
    return read_peers(file)


def test_lists_and_limits_are_read(tmp_path: Path) -> None:
    assert read(tmp_path, WHOLE) == Peers(
        mllp_allow=("10.0.0.0/8", "::1"),
        mllp_folders=("depot",),
        mllp_connections_per_address=20,
        mllp_block_seconds=5.5,
        mllp_senders=(
            Sender("RIS", "PORT", ("10.1.0.0/16",), ("ris.port.example",), "original"),
            Sender("LGC"),
        ),
    )


def test_without_a_file_there_are_defaults(tmp_path: Path) -> None:
    assert read_peers(tmp_path / "gateway.toml") == Peers()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("mllp_allow = 'all'", "mllp_allow must be a list of texts."),
        ("mllp_allow = [1]", "mllp_allow must be a list of texts."),
        ("mllp_allow = ['hospital']", "hospital is neither an address nor a network."),
        ("mllp_connections = 1.5", "mllp_connections must be a whole number."),
        ("mllp_connections = 0", "mllp_connections must be a number above 0."),
        ("mllp_connections = true", "mllp_connections must be a number above 0."),
        ("mllp_senders = ['RIS']", "mllp_senders must be written [[mllp_senders]]"),
        ("[[mllp_senders]]\napplication = 1", "mllp_senders: application must be a text."),
        ("[[mllp_senders]]\naddresses = '::1'", "mllp_senders: addresses must be a list of texts."),
        ("[[mllp_senders]]\naddresses = ['x']", "x is neither an address nor a network."),
        (
            "[[mllp_senders]]\nacknowledgement = 'never'",
            "acknowledgement must be original or enhanced",
        ),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, text)
    assert str(caught.value) == f"gateway.toml: {why}"


def test_an_unknown_name_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="mllp_sender"):
        read(tmp_path, "mllp_sender = 1")
    with pytest.raises(SettingsError, match="adress"):
        read(tmp_path, "[[mllp_senders]]\nadress = 'x'")
