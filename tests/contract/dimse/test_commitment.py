"""Storage commitment by what the store has, on the same association and on a new one."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, evt

from gateway.delivery.dicom_channel import DicomChannel
from gateway.delivery.dicom_outgoing import DicomOutgoing
from gateway.delivery.worker import Worker
from gateway.dicom.sop_classes import STORAGE_COMMITMENT
from gateway.dimse.courier import DimseCourier
from gateway.dimse.service_classes import commitment
from gateway.settings import DicomDestination
from tests.conftest import free_port
from tests.dicom_door import AT, CT, Place, a_door, a_place, an_image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.dimse.server import DimseServer
    from gateway.store.api import Store

INSTANCE = "1.2.840.10008.1.20.1.1"
MR = "1.2.840.10008.5.1.4.1.1.4"


@pytest.fixture
def place(sqlite_store: Store, tmp_path: Path) -> Place:
    made = a_place(sqlite_store, tmp_path)
    made.hold(an_image(number=1), an_image(number=2), an_image(number=3))
    return made


@pytest.fixture
def modality() -> DicomDestination:
    return DicomDestination("ct", "CT1", "127.0.0.1", free_port(), timeout=10.0)


@pytest.fixture
def door(place: Place, modality: DicomDestination) -> Iterator[DimseServer]:
    outgoing = DicomOutgoing(place.store, place.objects, [modality])
    with a_door(place, commitment(outgoing)) as opened:
        yield opened


def request(*references: tuple[str, str]) -> Dataset:
    asked = Dataset()
    asked.TransactionUID = "1.2.3.999"
    asked.ReferencedSOPSequence = []
    for sop_class, uid in references:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, uid
        asked.ReferencedSOPSequence.append(item)
    return asked


class Told:
    """What a peer was told of its request."""

    def __init__(self) -> None:
        self.events: list[tuple[int, Dataset]] = []
        self.rung = threading.Event()

    def take(self, event: Any) -> tuple[int, None]:  # noqa: ANN401 - pynetdicom is untyped
        self.events.append((event.event_type, event.event_information))
        return 0, None

    def answered(self, _event: Any) -> None:  # noqa: ANN401 - as above
        """Go on when the answer to the event is out: a release that overtakes it is a fault."""
        if self.events:
            self.rung.set()


def ask(door: DimseServer, asked: Dataset, *, calling: str, wait: bool) -> tuple[int, Told]:
    told = Told()
    caller = AE(ae_title=calling)
    caller.add_requested_context(STORAGE_COMMITMENT)
    association = caller.associate(
        "127.0.0.1",
        door.port,
        ae_title="GATEWAY",
        evt_handlers=[
            (evt.EVT_N_EVENT_REPORT, told.take),
            (evt.EVT_DATA_SENT, told.answered),
        ],
    )
    status, _ = association.send_n_action(asked, 1, STORAGE_COMMITMENT, INSTANCE)
    if wait:
        assert told.rung.wait(20)
    association.release()
    return status.Status, told


def test_whoever_has_no_address_is_told_at_once(door: DimseServer) -> None:
    held = [(CT, "1.2.3.1.1"), (CT, "1.2.3.1.2")]
    status, told = ask(door, request(*held), calling="OTHER", wait=True)

    ((event, result),) = told.events
    assert (status, event) == (0, 1)
    assert result.TransactionUID == "1.2.3.999"
    assert [one.ReferencedSOPInstanceUID for one in result.ReferencedSOPSequence] == [
        "1.2.3.1.1",
        "1.2.3.1.2",
    ]


def test_what_is_not_held_is_not_committed(place: Place, door: DimseServer) -> None:
    with place.store.transaction() as tx:
        (name,) = tx.held_instance("1.2.3.1.3")
    place.objects.delete(name, before=4102444800.0)
    asked = request((CT, "1.2.3.1.1"), (MR, "1.2.3.1.2"), (CT, "1.2.3.1.3"), (CT, "9.9"))
    _, told = ask(door, asked, calling="OTHER", wait=True)

    ((event, result),) = told.events
    assert event == 2
    assert [one.ReferencedSOPInstanceUID for one in result.ReferencedSOPSequence] == ["1.2.3.1.1"]
    assert [one.FailureReason for one in result.FailedSOPSequence] == [0x0119, 0x0110, 0x0112]


def test_a_request_without_references_is_refused(door: DimseServer) -> None:
    status, told = ask(door, request(), calling="OTHER", wait=False)

    assert status == 0x0120
    assert told.events == []


def test_whoever_is_known_is_called_for_the_result(
    place: Place, door: DimseServer, modality: DicomDestination
) -> None:
    status, on_the_same = ask(door, request((CT, "1.2.3.1.1")), calling="CT1", wait=False)
    courier = DimseCourier(modality, "GATEWAY", place.holdings)
    channel = DicomChannel(place.store, place.objects, place.holdings, [modality], {"ct": courier})
    clock = [AT.replace(year=2100)]
    worker = Worker(place.store, [channel], clock=lambda: clock[0], chance=lambda: 0.5)
    worker.run_once()
    (waiting,) = place.store.deliveries()

    told = Told()
    listener: Any = AE(ae_title="CT1")
    listener.add_supported_context(STORAGE_COMMITMENT, scu_role=False, scp_role=True)
    listening = listener.start_server(
        ("127.0.0.1", modality.port),
        block=False,
        evt_handlers=[(evt.EVT_N_EVENT_REPORT, told.take)],
    )
    try:
        clock[0] = AT.replace(year=2101)
        worker.run_once()
        # It has lost the answer, and asks once more.
        ask(door, request((CT, "1.2.3.1.1")), calling="CT1", wait=False)
        worker.run_once()
    finally:
        listening.shutdown()
        worker.close()

    assert (status, on_the_same.events) == (0, [])
    assert (waiting.state.value, waiting.failure) == ("waiting", "unreachable")
    assert [event for event, _ in told.events] == [1, 1]
    assert [one.state.value for one in place.store.deliveries()] == ["sent"]
