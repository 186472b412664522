from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.settings import Retention, Sender, SettingsError
from gateway.settings.peers import read_peers

if TYPE_CHECKING:
    from pathlib import Path


def test_rules_of_the_journal_are_read_in_their_order(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(
        'strict_flags = true\naccession_system = "urn:x"\n'
        '[[journal_retention]]\ntypes = ["ADT"]\noriginal_days = 30\n'
        '[[journal_retention]]\nstates = ["refused"]\nentry_days = 90\n'
        '[[mllp_senders]]\napplication = "RIS"\nstrict = true\n'
        '[countries]\n"RIS|CENTRE" = "FRA"\n',
        "utf-8",
    )
    peers = read_peers(file)
    assert peers.journal_retention == (
        Retention(types=("ADT",), original_days=30),
        Retention(states=("refused",), entry_days=90),
    )
    assert peers.mllp_senders == (Sender("RIS", strict=True),)
    assert (peers.strict_flags, peers.accession_system) == (True, "urn:x")
    assert peers.countries == {"RIS|CENTRE": "FRA"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('states = ["lost"]', "states: lost is not one of"),
        ("original_days = 0", "original_days must be a number above 0"),
        ("entry_days = 1.5", "entry_days must be a whole number"),
        ('types = "ADT"', "types must be a list of texts"),
        ("days = 3", "journal_retention: days is not a name that is known here"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_in_words(line: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(f"[[journal_retention]]\n{line}\n", "utf-8")
    with pytest.raises(SettingsError, match=words):
        read_peers(file)
