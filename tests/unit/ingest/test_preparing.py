"""The process that reads messages ahead: what it gives back, and what its end costs."""

from __future__ import annotations

import os
import pickle
import signal
from typing import TYPE_CHECKING

import pytest

from gateway.errors import RequiredMissing
from gateway.fhir.wire import Digits, dumps
from gateway.hl7v2.message import Message
from gateway.ingest.preparing import Preparing
from gateway.mapping.hl7v2 import Context, map_message

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.mapping.entry import Mapped

REPORT = (
    b"MSH|^~\\&|RIS|CENTRE|P|P|20260312101500||ORU^R01^ORU_R01|%d|P|2.5.1|||||FRA|UNICODE UTF-8\r"
    b"PID|||4711^^^CENTRE&1.2.250.1.999.1&ISO^PI||MARTIN^JEANNE^^^^^L||19560812|F\r"
    b"OBR|1|D1^CABINET|A1^RIS|24627-2^Scanner^LN|||20260312090000|||||||||||||||20260312101500||CT|F\r"
    b"OBX|1|NM|21889-1^Taille^LN||12,50|mm|||||F\r"
)
UNREADABLE = b"MSH|^~\\&|RIS|CENTRE|P|P|20260312101500||ADT^A28^ADT_A05|1|P|2.5.1\r"


def _mapped(raw: bytes) -> Mapped:
    return map_message(Message.parse(raw), Context())


@pytest.fixture
def preparing() -> Iterator[Preparing]:
    made = Preparing(lambda: _mapped)
    yield made
    made.close()


def _wait(preparing: Preparing, raw: bytes) -> Mapped | None:
    awaited = preparing.prepare(raw)
    assert awaited is not None
    return awaited()


def test_the_other_process_maps_as_this_one_does(preparing: Preparing) -> None:
    assert _wait(preparing, REPORT % 1) == _mapped(REPORT % 1)


def test_answers_come_in_the_order_of_the_questions(preparing: Preparing) -> None:
    awaited = [preparing.prepare(REPORT % number) for number in range(20)]
    found = [one() for one in awaited if one is not None]
    assert found == [_mapped(REPORT % number) for number in range(20)]


def test_what_cannot_be_mapped_is_left_to_who_answers(preparing: Preparing) -> None:
    with pytest.raises(RequiredMissing):
        _mapped(UNREADABLE)
    assert _wait(preparing, UNREADABLE) is None
    assert _wait(preparing, REPORT % 2) is not None


def _deaf(_raw: bytes) -> Mapped:
    os.kill(os.getpid(), signal.SIGKILL)
    return _mapped(REPORT % 0)


def test_its_death_leaves_nobody_waiting() -> None:
    preparing = Preparing(lambda: _deaf)
    awaited = [preparing.prepare(REPORT % number) for number in range(5)]
    assert [one() for one in awaited if one is not None] == [None] * sum(map(bool, awaited))
    assert preparing.prepare(REPORT % 6) is None
    preparing.close()


def test_digits_stay_as_they_were_typed() -> None:
    typed = {"value": Digits("0.000000010")}
    assert dumps(pickle.loads(pickle.dumps(typed))) == b'{"value":0.000000010}'  # noqa: S301 - our own
