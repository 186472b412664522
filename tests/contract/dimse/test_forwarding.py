"""Objects that are forwarded, to a receiver that cannot take them now or never will."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pynetdicom import AE, evt

from gateway.delivery.failures import CourierFailure, Refused, Unreachable
from gateway.dicom.query import Level, Query
from gateway.dimse.courier import DimseCourier
from gateway.settings import DicomDestination
from tests.conftest import free_port
from tests.dicom_door import CT, a_place, an_image

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.store.api import Store


@pytest.mark.parametrize(
    ("status", "failure"), [(0xA700, Unreachable), (0xC000, Refused), (0x0110, Refused)]
)
def test_a_receiver_without_room_gets_it_later(
    sqlite_store: Store, tmp_path: Path, status: int, failure: type[CourierFailure]
) -> None:
    place = a_place(sqlite_store, tmp_path)
    place.hold(an_image())
    pacs = DicomDestination("pacs", "PACS", "127.0.0.1", free_port(), timeout=10.0)
    instances = list(place.holdings.instances(Query(Level.STUDY, {})))
    listener: Any = AE(ae_title="PACS")
    listener.add_supported_context(CT)
    handlers: list[Any] = [(evt.EVT_C_STORE, lambda _: status)]
    listening = listener.start_server(("127.0.0.1", pacs.port), block=False, evt_handlers=handlers)
    try:
        with pytest.raises(failure) as raised:
            DimseCourier(pacs, "GATEWAY", place.holdings).send(instances)
    finally:
        listening.shutdown()

    assert raised.type is failure
