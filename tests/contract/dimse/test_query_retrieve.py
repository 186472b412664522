"""C-FIND, C-GET and C-MOVE with pynetdicom as the peer."""

from __future__ import annotations

import time
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pynetdicom import AE, build_role, evt
from pynetdicom.pdu_primitives import SOPClassExtendedNegotiation

from gateway.dimse.query_retrieve import (
    PATIENT_ROOT_FIND,
    STUDY_ROOT_FIND,
    STUDY_ROOT_GET,
    STUDY_ROOT_MOVE,
)
from gateway.dimse.service_classes import query_retrieve
from gateway.settings import DicomDestination
from gateway.store.catalogue.catalogue import reject
from tests.conftest import free_port
from tests.dicom_door import CT, EXPLICIT, IMPLICIT, Place, a_door, a_place, an_image, file_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.dimse.server import DimseServer
    from gateway.store.api import Store

RESTRICTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
    "code": "V",
}


@pytest.fixture
def place(sqlite_store: Store, tmp_path: Path) -> Place:
    made = a_place(sqlite_store, tmp_path)
    made.hold(an_image(number=1), an_image(number=2), an_image(series=2, Modality="SR"))
    made.hold(an_image("1.2.4", PatientID="4712", PatientName="MARTIN^Paul"), syntax=IMPLICIT)
    return made


def destination() -> DicomDestination:
    return DicomDestination("pacs", "PACS", "127.0.0.1", free_port(), timeout=10.0)


@pytest.fixture
def pacs() -> DicomDestination:
    return destination()


@pytest.fixture
def door(place: Place, pacs: DicomDestination) -> Iterator[DimseServer]:
    services = query_retrieve(place.holdings, "GATEWAY", [pacs], {"OLD": "ISO_IR 100"})
    with a_door(place, services) as opened:
        yield opened


def keys(level: str, **more: Any) -> Dataset:  # noqa: ANN401 - values of attributes
    asked = Dataset()
    asked.SpecificCharacterSet = "ISO_IR 192"
    asked.QueryRetrieveLevel = level
    for name, value in more.items():
        setattr(asked, name, value)
    return asked


def associate(door: DimseServer, *contexts: str, calling: str = "WS", **more: Any) -> Any:  # noqa: ANN401 - pynetdicom is untyped
    caller = AE(ae_title=calling)
    caller.dimse_timeout = 20
    for one in contexts:
        caller.add_requested_context(one, [EXPLICIT, IMPLICIT])
    return caller.associate("127.0.0.1", door.port, ae_title="GATEWAY", **more)


def find(door: DimseServer, asked: Dataset, root: str = STUDY_ROOT_FIND) -> list[Any]:
    association = associate(door, root)
    answers = list(association.send_c_find(asked, root))
    association.release()
    return answers


def test_matches_come_one_by_one_with_what_was_asked_for(door: DimseServer) -> None:
    asked = keys("STUDY", PatientName="lefevre*", StudyInstanceUID="", ModalitiesInStudy="")
    (status, match), (last, _) = find(door, asked)

    assert (status.Status, last.Status) == (0xFF00, 0)
    assert str(match.PatientName) == "LEFÈVRE^Zoé"
    assert match.StudyInstanceUID == "1.2.3"
    assert list(match.ModalitiesInStudy) == ["CT", "SR"]
    assert (match.QueryRetrieveLevel, match.RetrieveAETitle) == ("STUDY", "GATEWAY")


def test_patients_series_and_images_are_answered_too(door: DimseServer) -> None:
    patients = find(door, keys("PATIENT", PatientID=""), PATIENT_ROOT_FIND)
    series = find(door, keys("SERIES", StudyInstanceUID="1.2.3", SeriesInstanceUID=""))
    below = {"StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.3.1", "SOPInstanceUID": ""}
    images = find(door, keys("IMAGE", **below))

    assert [one.PatientID for _, one in patients[:-1]] == ["4711", "4712"]
    assert [one.SeriesInstanceUID for _, one in series[:-1]] == ["1.2.3.1", "1.2.3.2"]
    assert [one.SOPInstanceUID for _, one in images[:-1]] == ["1.2.3.1.1", "1.2.3.1.2"]


def test_a_key_that_is_not_matched_is_said_not_to_be(door: DimseServer) -> None:
    (status, match), _ = find(door, keys("STUDY", StudyInstanceUID="1.2.3", PatientWeight="70"))

    assert status.Status == 0xFF01
    assert match.PatientWeight is None


@pytest.mark.parametrize("level", ["", "PATIENT", "ROOM"])
def test_a_level_that_the_model_has_not_is_refused(door: DimseServer, level: str) -> None:
    ((status, _),) = find(door, keys(level, PatientID=""))

    assert status.Status == 0xA900
    assert "0008,0052" in status.ErrorComment


@pytest.mark.filterwarnings("ignore:Invalid value for VR DA")
def test_a_key_that_is_no_date_is_refused(door: DimseServer) -> None:
    ((status, _),) = find(door, keys("STUDY", StudyDate="yesterday"))

    assert status.Status == 0xA900
    assert "0008,0020" in status.ErrorComment


def test_a_peer_gets_the_character_set_that_it_needs(door: DimseServer) -> None:
    association = associate(door, STUDY_ROOT_FIND, calling="OLD")
    (_, match), _ = association.send_c_find(
        keys("STUDY", PatientID="4711", PatientName=""), STUDY_ROOT_FIND
    )
    association.release()

    assert match.SpecificCharacterSet == "ISO_IR 100"
    assert str(match.PatientName) == "LEFÈVRE^Zoé"


def test_a_labelled_study_and_a_rejected_object_are_no_answer(
    place: Place, door: DimseServer
) -> None:
    with place.store.transaction() as tx:
        reject(tx, "9.9", ["1.2.3.1.1"])
        tx.put(
            {
                "resourceType": "ImagingStudy",
                "id": "s1",
                "meta": {"security": [RESTRICTED]},
                "status": "available",
                "identifier": [{"system": "urn:dicom:uid", "value": "urn:oid:1.2.4"}],
                "subject": {"reference": "Patient/p1"},
            }
        )

    studies = find(door, keys("STUDY", StudyInstanceUID="", NumberOfStudyRelatedInstances=""))
    assert [one.StudyInstanceUID for _, one in studies[:-1]] == ["1.2.3"]
    assert studies[0][1].NumberOfStudyRelatedInstances == 2


def test_a_label_that_comes_later_hides_what_was_shown_before(place: Place) -> None:
    study = {
        "resourceType": "ImagingStudy",
        "id": "s1",
        "status": "available",
        "identifier": [{"system": "urn:dicom:uid", "value": "urn:oid:1.2.4"}],
        "subject": {"reference": "Patient/p1"},
    }
    holdings, seen = place.holdings, []
    for labels in ([], [RESTRICTED], []):
        with place.store.transaction() as tx:
            tx.put({**study, "meta": {"security": labels}} if labels else study)
        seen.append((holdings.visible(["1.2.4"]), holdings.visible(["1.2.3", "1.2.4"])))

    shown, hidden = ({"1.2.4"}, {"1.2.3", "1.2.4"}), (set[str](), {"1.2.3"})
    assert seen == [shown, hidden, shown]


def test_images_of_a_hidden_patient_are_hidden_before_their_study_is_known(place: Place) -> None:
    person = {
        "resourceType": "Patient",
        "id": "p1",
        "meta": {"security": [RESTRICTED]},
        "identifier": [{"system": "urn:oid:1.2.250.1.999.1", "value": "666"}],
    }
    with place.store.transaction() as tx:
        tx.put(person)
    place.hold(an_image("1.8.1", PatientID="666"))
    assert place.holdings.visible(["1.8.1", "1.2.3"]) == {"1.2.3"}


def test_a_query_is_cancelled(place: Place, door: DimseServer) -> None:
    place.hold(*(an_image(f"1.9.{number}") for number in range(300)))
    association = associate(door, STUDY_ROOT_FIND)
    answers = association.send_c_find(keys("STUDY", StudyInstanceUID=""), STUDY_ROOT_FIND, 7)
    next(answers)
    association.send_c_cancel(7, query_model=STUDY_ROOT_FIND)
    statuses = [status.Status for status, _ in answers]
    association.release()

    # It may have been answered whole before the cancel was read.
    assert statuses[-1] in (0xFE00, 0)
    assert set(statuses[:-1]) == {0xFF00}


def get(door: DimseServer, asked: Dataset, syntax: str = EXPLICIT) -> tuple[list[Any], list[Any]]:
    kept: list[Any] = []

    def store(event: Any) -> int:  # noqa: ANN401 - pynetdicom is untyped
        kept.append((event.context.transfer_syntax, event.request.DataSet.getvalue()))
        return 0

    caller = AE(ae_title="WS")
    caller.add_requested_context(STUDY_ROOT_GET, EXPLICIT)
    caller.add_requested_context(CT, syntax)
    association = caller.associate(
        "127.0.0.1",
        door.port,
        ae_title="GATEWAY",
        ext_neg=[build_role(CT, scp_role=True)],
        evt_handlers=[(evt.EVT_C_STORE, store)],
    )
    answers = list(association.send_c_get(asked, STUDY_ROOT_GET))
    association.release()
    return answers, kept


def test_objects_come_back_as_they_are_stored(door: DimseServer) -> None:
    answers, kept = get(door, keys("SERIES", StudyInstanceUID="1.2.3", SeriesInstanceUID="1.2.3.1"))

    final = answers[-1][0]
    assert final.Status == 0
    assert final.NumberOfCompletedSuboperations == 2
    assert [one[0].Status for one in answers] == [0xFF00, 0]
    expected = [file_of(an_image(number=number)) for number in (1, 2)]
    assert all(whole.endswith(raw) for whole, (_, raw) in zip(expected, kept, strict=True))


def test_an_object_is_written_in_the_syntax_that_is_taken(door: DimseServer) -> None:
    answers, kept = get(door, keys("STUDY", StudyInstanceUID="1.2.4"))

    assert answers[-1][0].Status == 0
    found = dcmread(BytesIO(kept[0][1]), force=True)
    assert (str(found.PatientName), len(found.PixelData)) == ("MARTIN^Paul", 10240)


def test_nobody_retrieves_without_naming_something(door: DimseServer) -> None:
    answers, _ = get(door, keys("STUDY", StudyInstanceUID=""))

    assert [one[0].Status for one in answers] == [0xA900]


def test_nothing_is_a_success_of_nothing(door: DimseServer) -> None:
    answers, _ = get(door, keys("STUDY", StudyInstanceUID="1.99"))

    assert answers[-1][0].Status == 0
    assert answers[-1][0].NumberOfCompletedSuboperations == 0


def test_a_peer_that_goes_inside_a_retrieval_leaves_the_door_open(door: DimseServer) -> None:
    caller = AE(ae_title="WS")
    caller.add_requested_context(STUDY_ROOT_GET, EXPLICIT)
    caller.add_requested_context(CT, EXPLICIT)
    # It has gone: no answer comes to it, and it would wait for half a minute.
    caller.dimse_timeout = 1

    def go(event: Any) -> int:  # noqa: ANN401 - pynetdicom is untyped
        event.assoc.abort()
        return 0

    association = caller.associate(
        "127.0.0.1",
        door.port,
        ext_neg=[build_role(CT, scp_role=True)],
        evt_handlers=[(evt.EVT_C_STORE, go)],
    )
    list(association.send_c_get(keys("STUDY", StudyInstanceUID="1.2.3"), STUDY_ROOT_GET))

    assert len(find(door, keys("STUDY", StudyInstanceUID="1.2.3"))) == 2


def move(door: DimseServer, asked: Dataset, to: str) -> list[Any]:
    association = associate(door, STUDY_ROOT_MOVE)
    answers = list(association.send_c_move(asked, to, STUDY_ROOT_MOVE))
    association.release()
    return answers


def test_objects_are_moved_to_a_destination_that_is_known(
    door: DimseServer, pacs: DicomDestination
) -> None:
    kept: list[Any] = []

    def store(event: Any) -> int:  # noqa: ANN401 - pynetdicom is untyped
        kept.append((event.request.MoveOriginatorApplicationEntityTitle, event.encoded_dataset()))
        return 0

    server: Any = AE(ae_title="PACS")
    server.add_supported_context(CT, EXPLICIT)
    listening = server.start_server(
        ("127.0.0.1", pacs.port), block=False, evt_handlers=[(evt.EVT_C_STORE, store)]
    )
    try:
        moved = move(door, keys("STUDY", StudyInstanceUID=["1.2.3", "1.2.4"]), "PACS")
    finally:
        listening.shutdown()

    assert moved[-1][0].Status == 0
    assert moved[-1][0].NumberOfCompletedSuboperations == 4
    assert {title for title, _ in kept} == {"WS"}


def test_a_destination_that_is_not_known_or_not_there_is_said_to_be(door: DimseServer) -> None:
    asked = keys("STUDY", StudyInstanceUID="1.2.3")
    began = time.monotonic()

    ((unknown, _),) = move(door, asked, "NOBODY")
    *_, (absent, listed) = move(door, asked, "PACS")

    assert unknown.Status == 0xA801
    assert absent.Status == 0xA702
    assert absent.NumberOfFailedSuboperations == 3
    assert len(listed.FailedSOPInstanceUIDList) == 3
    assert time.monotonic() > began


def test_dates_and_times_are_combined_where_that_is_agreed(place: Place, door: DimseServer) -> None:
    place.hold(an_image("1.2.5", StudyDate="20260916", StudyTime="0300"))
    asked = keys("STUDY", StudyDate="20260915-20260917", StudyTime="1000-1800", StudyInstanceUID="")
    combined = SOPClassExtendedNegotiation()
    combined.sop_class_uid = STUDY_ROOT_FIND
    combined.service_class_application_information = b"\x01\x01"
    association = associate(door, STUDY_ROOT_FIND, ext_neg=[combined])
    agreed = [
        one[1].StudyInstanceUID
        for one in list(association.send_c_find(asked, STUDY_ROOT_FIND))[:-1]
    ]
    association.release()

    assert agreed == ["1.2.5"]
    assert find(door, asked)[-1][0].Status == 0
    assert len(find(door, asked)) == 1
