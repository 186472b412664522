"""Several processes on one DICOM port: a study is complete whoever has received its objects."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from pydicom.uid import generate_uid

from tests.e2e.modality import image, stored
from tests.e2e.process import GatewayProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

# pynetdicom leaves sockets to the collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
OBJECTS = 16


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    place = tmp_path_factory.mktemp("workers") / "data"
    made = GatewayProcess(place, {"GATEWAY_DICOM_WORKERS": "2"}).start()
    yield made
    assert made.stop() == 0


def test_objects_of_a_study_come_to_several_processes_and_make_one_study(
    gateway: GatewayProcess,
) -> None:
    study, series = generate_uid(), generate_uid()
    images = [image(StudyInstanceUID=study, SeriesInstanceUID=series) for _ in range(OBJECTS)]
    with ThreadPoolExecutor(8) as senders:
        statuses = list(senders.map(lambda one: stored(gateway, one), images))
    address = f"/fhir/ImagingStudy?identifier=urn:dicom:uid|urn:oid:{study}"
    deadline = time.monotonic() + 30
    count = 0
    while count < OBJECTS and time.monotonic() < deadline:
        entries = gateway.get(address).get("entry", [])
        count = entries[0]["resource"]["numberOfInstances"] if entries else 0
        time.sleep(0.1)
    lines = [
        json.loads(one) for one in gateway.log.read_text("utf-8").splitlines() if one[0] == "{"
    ]
    doors = {one["door"] for one in lines if one.get("event") == "dimse.instance"}

    assert statuses == [[0]] * OBJECTS
    assert count == OBJECTS
    # The system spreads associations by their ports: sixteen to one process are one in 32768.
    assert doors == {"dimse-1", "dimse-2"}
