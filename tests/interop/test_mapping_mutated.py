"""Whatever becomes of a message on its way, what is stored of it is valid R4 and no fault of ours.

The sample messages are changed at random, by a fixed seed, and all go into one store: later ones
find what earlier ones have left.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

import pytest

from gateway.app import assembly
from gateway.fhir.validation import validate
from gateway.settings import read_settings
from gateway.store.journal import JournalFilter
from gateway.store.migrate import migrate
from gateway.store.records import JournalState
from tests.interop.test_mapping_corpus import MESSAGES, pytestmark

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.store.api import Store

__all__ = ["pytestmark"]
_ROUNDS: Final = 250
_LARGEST: Final = 60_000
_EVENTS: Final = (
    *("ADT^A01", "ADT^A08", "ADT^A12", "ADT^A28", "ADT^A31", "ADT^A40", "ADT^A44", "ADT^A45"),
    *("ADT^A47", "ADT^Z99", "ORU^R01", "MDM^T02", "MDM^T11", "SIU^S12", "SIU^S15", "SIU^S26"),
    *("REF^I12", "ORM^O01", "OMG^O19", "OMI^O23", "ORR^O02", "RRI^I12", "ZAM^Z01"),
)
_VALUES: Final = (
    *("", '""', "^", "&", "~", "\\", "\\E\\", "\\X41\\", "\\.br\\", "A  B", "\t", "\x00", "é"),
    *("20261399", "20260230", "2026", "20260101120000.1234+0100", "20260101+9999", "2026-01-01"),
    *("1e999", "-1", "1,5", "<5", ">=3,5", "1:128", "5-6", "NM", "F", "X", "C", "D", "W", "CA"),
    *("a^b&c~d", "1.2.3&4^5", "^^^AUTH&1.2.250&ISO^INS", "<script>", "urn:oid:1", "A" * 300),
)


class Mutations:
    """Changes lines of a message, by a fixed seed."""

    def __init__(self, seed: int, lines: list[list[str]]) -> None:
        self._random = random.Random(seed)
        self._lines = lines
        self._ways = (self._field, self._field, self._event, self._leave, self._twice, self._graft)

    def next(self) -> bytes:
        lines = list(self._random.choice(self._lines))
        for _ in range(self._random.randint(1, 5)):
            self._random.choice(self._ways)(lines)
        return "\r".join(lines).encode()

    def _field(self, lines: list[str]) -> None:
        place = self._random.randrange(len(lines))
        fields = lines[place].split("|")
        number = self._random.randrange(2, len(fields) + 3)
        fields += [""] * (number + 1 - len(fields))
        parts = fields[number].split("^")
        parts[self._random.randrange(len(parts))] = self._random.choice(_VALUES)
        fields[number] = "^".join(parts)
        lines[place] = "|".join(fields)

    def _event(self, lines: list[str]) -> None:
        fields = lines[0].split("|")
        fields[8] = self._random.choice(_EVENTS)
        lines[0] = "|".join(fields)

    def _leave(self, lines: list[str]) -> None:
        if len(lines) > 1:
            del lines[self._random.randrange(1, len(lines))]

    def _twice(self, lines: list[str]) -> None:
        lines.insert(self._place(lines), self._random.choice(lines[1:] or lines))

    def _graft(self, lines: list[str]) -> None:
        lines.insert(self._place(lines), self._random.choice(self._random.choice(self._lines)[1:]))

    def _place(self, lines: list[str]) -> int:
        return self._random.randint(1, len(lines))


def _lines(path: Path) -> list[str]:
    text = path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\r").replace("\n", "\r")
    return [line for line in text.split("\r") if line]


@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_stored_of_mutated_messages_is_valid(seed: int, tmp_path: Path) -> None:
    settings = read_settings({"GATEWAY_DATA_DIR": str(tmp_path)})
    migrate(settings.database_url)
    base = assembly.found(settings)
    try:
        _send_and_judge(base, seed)
    finally:
        base.close()


def _send_and_judge(base: assembly.Foundation, seed: int) -> None:
    messages = assembly.build_messages(base)
    usable = [_lines(path) for path in MESSAGES if path.stat().st_size < _LARGEST]
    mutations = Mutations(seed, [lines for lines in usable if len(lines) > 1])

    with base.store.together():
        for _ in range(_ROUNDS):
            messages.receive(mutations.next(), "test")

    assert base.store.journal(JournalFilter(states=(JournalState.FAILED,))) == []
    stored = _resources(base.store)
    assert len(stored) > _ROUNDS
    faults = {
        (one["resourceType"], issue.expression, issue.text)
        for one in stored
        for issue in validate(one)
        if issue.severity == "error"
    }
    assert faults == set()


def _resources(store: Store) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    last = 0
    while page := store.changes(last, limit=500):
        found += [one.resource for one in page if not one.deleted]
        last = page[-1].seq
    return found
