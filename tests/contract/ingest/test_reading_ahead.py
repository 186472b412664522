"""Messages that are read by another process while those before them are written."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from gateway.hl7v2.message import Message
from gateway.ingest.message_queue import MessageQueue
from gateway.ingest.preparing import Preparing
from gateway.mapping.hl7v2 import Context, map_message
from tests.contract.ingest import story
from tests.contract.ingest.story import Gateway

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.mapping.entry import Mapped
    from gateway.store.api import Store

CONNECTIONS, MESSAGES = 8, 40


def _prepare(raw: bytes) -> Mapped:
    return map_message(Message.parse(raw), Context())


def _wrong(_raw: bytes) -> Mapped:
    raise RuntimeError


def _order(number: int) -> bytes:
    """Return an order of one patient; every tenth names none and is to be refused."""
    patient = story.IDENTITY.split(b"\r")[2].decode() if number % 10 else "NTE|1"
    return story.message(
        story.header("ORM^O01^ORM_O01", f"ORM{number}"),
        patient,
        f"ORC|NW|P{number}^CAB",
        f"OBR|1|P{number}^CAB||24627-2^Scanner^LN",
    )


def _send(store: Store, place: Path, preparing: Preparing) -> list[bytes]:
    queue = MessageQueue(store, Gateway(store, place).messages, preparing=preparing)
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        answers = list(pool.map(lambda n: queue.receive(_order(n), "test"), range(MESSAGES)))
    preparing.close()
    return [answer.split(b"MSA|")[1][:2] for answer in answers]


def _expected() -> list[bytes]:
    return [b"AA" if number % 10 else b"AE" for number in range(MESSAGES)]


def test_each_connection_hears_of_its_own_message(sqlite_store: Store, tmp_path: Path) -> None:
    preparing = Preparing(lambda: _prepare)
    assert _send(sqlite_store, tmp_path, preparing) == _expected()
    assert len(sqlite_store.history("ServiceRequest")) == MESSAGES - MESSAGES // 10
    assert len(sqlite_store.history("Patient")) == 1


def test_a_reader_that_fails_costs_nothing_but_time(sqlite_store: Store, tmp_path: Path) -> None:
    preparing = Preparing(lambda: _wrong)
    assert _send(sqlite_store, tmp_path, preparing) == _expected()
