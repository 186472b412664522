"""MPPS with pynetdicom as the modality: what it says becomes Procedure and Task at once."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE

from gateway.delivery.dicom_channel import DicomChannel
from gateway.delivery.dicom_outgoing import DicomOutgoing
from gateway.delivery.endpoints import suspend
from gateway.delivery.schedule import Schedule
from gateway.delivery.worker import Worker
from gateway.dicom.json_model import Model, items, text
from gateway.dicom.query import Level, Query
from gateway.dicom.sop_classes import MPPS, MPPS_RETRIEVE
from gateway.dimse.service_classes import procedure_steps
from gateway.ingest.linking import Linking
from gateway.ingest.procedure_step import ProcedureStepIngest, study_changed
from gateway.ingest.worklist import WorklistIngest
from gateway.mapping.study_uid import own_study_uid
from gateway.settings import DicomDestination
from tests.dicom_door import AT, Place, a_door, a_place
from tests.unit.mapping.to_dicom.test_worklist import ORDER, PATIENT, numbered

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.dimse.server import DimseServer
    from gateway.store.api import Store

CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
UID = "1.2.826.0.1.3680043.8.498.7"
STUDY = own_study_uid(ORDER)
RIS = DicomDestination("ris", "RIS", "127.0.0.1", 104, send=("procedure-steps",))


@pytest.fixture
def place(sqlite_store: Store, tmp_path: Path) -> Place:
    with sqlite_store.transaction() as tx:
        tx.put(PATIENT)
        tx.put(ORDER)
    sqlite_store.watch(Linking().changed)
    sqlite_store.watch(study_changed)
    return a_place(sqlite_store, tmp_path)


@pytest.fixture
def door(place: Place) -> Iterator[DimseServer]:
    steps = ProcedureStepIngest(
        place.store,
        Linking(),
        accession_system="",
        catch_up=WorklistIngest(place.store, {}).catch_up,
        announce=DicomOutgoing(place.store, place.objects, [RIS]).announce,
    )
    with a_door(place, procedure_steps(steps)) as opened:
        yield opened


def created(study: str = STUDY, accession: str = "A2001") -> Dataset:
    scheduled = Dataset()
    scheduled.StudyInstanceUID = study
    scheduled.AccessionNumber = accession
    scheduled.ScheduledProcedureStepID = "F1"
    step = Dataset()
    step.PerformedProcedureStepStatus = "IN PROGRESS"
    step.PerformedProcedureStepStartDate = "20260706"
    step.PerformedProcedureStepStartTime = "091500"
    step.PerformedProcedureStepID = "PPS1"
    step.PerformedProcedureStepDescription = "Scanner"
    step.PerformedStationAETitle = "CT1"
    step.Modality = "CT"
    step.PatientID = "4711"
    step.PatientName = "LEFEVRE^Zoe"
    step.ScheduledStepAttributesSequence = [scheduled]
    return step


def ended(status: str = "COMPLETED") -> Dataset:
    step = Dataset()
    step.PerformedProcedureStepStatus = status
    step.PerformedProcedureStepEndDate = "20260706"
    step.PerformedProcedureStepEndTime = "093000"
    if status == "DISCONTINUED":
        reason = Dataset()
        reason.CodeValue, reason.CodingSchemeDesignator = "110513", "DCM"
        reason.CodeMeaning = "Discontinued for unspecified reason"
        step.PerformedProcedureStepDiscontinuationReasonCodeSequence = [reason]
    return step


def tell(door: DimseServer, verb: str, dataset: Dataset, uid: str = UID) -> Any:  # noqa: ANN401 - a dataset of pynetdicom
    caller = AE(ae_title="CT1")
    caller.add_requested_context(MPPS)
    association = caller.associate("127.0.0.1", door.port, ae_title="GATEWAY")
    status, _ = getattr(association, verb)(dataset, MPPS, uid)
    association.release()
    return status


def all_of(place: Place, kind: str) -> list[dict[str, Any]]:
    newest = {one.id: one for one in reversed(place.store.history(kind, limit=100))}
    return [one.resource for one in newest.values() if not one.deleted]


def planned(place: Place) -> list[Model]:
    schedule = Schedule(place.store, WorklistIngest(place.store, {}).catch_up)
    return list(schedule.entries(Query(Level.STUDY), lambda one: one))


def test_a_step_that_begins_shows_at_the_order(place: Place, door: DimseServer) -> None:
    assert tell(door, "send_n_create", created()).Status == 0

    (procedure,), (task,) = all_of(place, "Procedure"), all_of(place, "Task")
    assert (procedure["status"], task["status"]) == ("in-progress", "in-progress")
    assert task["businessStatus"]["text"] == "Examen en cours"
    assert task["focus"] == {"reference": "ServiceRequest/o1"}
    assert procedure["basedOn"] == [{"reference": "ServiceRequest/o1"}]
    assert procedure["subject"] == {"reference": "Patient/p1"}
    assert procedure["performedPeriod"] == {"start": "2026-07-06T09:15:00+02:00"}
    (entry,) = planned(place)
    assert text(items(entry, 0x00400100)[0], 0x00400020) == "STARTED"


def test_a_step_that_is_done_leaves_the_worklist(place: Place, door: DimseServer) -> None:
    tell(door, "send_n_create", created())
    assert tell(door, "send_n_set", ended()).Status == 0

    (procedure,), (task,) = all_of(place, "Procedure"), all_of(place, "Task")
    (order,) = all_of(place, "ServiceRequest")
    assert (procedure["status"], task["status"]) == ("completed", "completed")
    assert order["status"] == "completed"
    assert procedure["performedPeriod"]["end"] == "2026-07-06T09:30:00+02:00"
    assert planned(place) == []


def test_a_step_that_is_broken_off_says_why_and_is_planned_again(
    place: Place, door: DimseServer
) -> None:
    tell(door, "send_n_create", created())
    assert tell(door, "send_n_set", ended("DISCONTINUED")).Status == 0

    (procedure,), (task,) = all_of(place, "Procedure"), all_of(place, "Task")
    assert (procedure["status"], task["status"]) == ("stopped", "failed")
    assert procedure["statusReason"]["coding"][0]["code"] == "110513"
    assert task["statusReason"] == procedure["statusReason"]
    assert all_of(place, "ServiceRequest")[0]["status"] == "active"
    assert len(planned(place)) == 1


def test_a_step_that_is_done_after_one_broken_off_ends_the_order(
    place: Place, door: DimseServer
) -> None:
    tell(door, "send_n_create", created())
    tell(door, "send_n_set", ended("DISCONTINUED"))
    tell(door, "send_n_create", created(), f"{UID}.2")
    tell(door, "send_n_set", ended(), f"{UID}.2")

    assert all_of(place, "ServiceRequest")[0]["status"] == "completed"
    assert planned(place) == []


def test_an_order_with_another_step_to_do_stays_open(place: Place, door: DimseServer) -> None:
    with place.store.transaction() as tx:
        tx.put(
            {
                "resourceType": "Task",
                "id": "t2",
                "status": "requested",
                "intent": "order",
                "focus": {"reference": "ServiceRequest/o1"},
                "for": {"reference": "Patient/p1"},
            }
        )
    tell(door, "send_n_create", created())
    tell(door, "send_n_set", ended())

    assert all_of(place, "ServiceRequest")[0]["status"] == "active"
    assert len(planned(place)) == 1


def test_an_order_that_was_revoked_stays_so(place: Place, door: DimseServer) -> None:
    tell(door, "send_n_create", created())
    with place.store.transaction() as tx:
        tx.put({**ORDER, "status": "revoked"})
    tell(door, "send_n_set", ended())

    assert all_of(place, "ServiceRequest")[0]["status"] == "revoked"
    assert all_of(place, "Procedure")[0]["status"] == "completed"


def test_a_second_step_of_an_order_that_is_done_is_of_that_order(
    place: Place, door: DimseServer
) -> None:
    tell(door, "send_n_create", created())
    tell(door, "send_n_set", ended())
    tell(door, "send_n_create", created(accession=""), f"{UID}.2")

    based = [one["basedOn"] for one in all_of(place, "Procedure")]
    assert based == [[{"reference": "ServiceRequest/o1"}]] * 2


def test_an_order_that_comes_later_is_that_of_the_step_and_the_study(
    place: Place, door: DimseServer
) -> None:
    tell(door, "send_n_create", created("1.2.3.4", "LATE"))
    tell(door, "send_n_set", ended())
    (step,) = all_of(place, "Procedure")
    accession = numbered("ACSN", "LATE")
    study = {
        "resourceType": "ImagingStudy",
        "id": "s1",
        "status": "available",
        "identifier": [{"system": "urn:dicom:uid", "value": "urn:oid:1.2.3.4"}, accession],
        "subject": step["subject"],
    }
    late = {**ORDER, "id": "o2", "identifier": [accession], "subject": step["subject"]}
    for one in (study, late):
        with place.store.transaction() as tx:
            tx.put(one)

    (procedure,) = all_of(place, "Procedure")
    (task,) = all_of(place, "Task")
    orders = {one["id"]: one["status"] for one in all_of(place, "ServiceRequest")}
    assert procedure["basedOn"] == [{"reference": "ServiceRequest/o2"}]
    assert task["focus"] == {"reference": "ServiceRequest/o2"}
    assert orders == {"o1": "active", "o2": "completed"}


def test_a_step_that_nobody_planned_is_kept_too(place: Place, door: DimseServer) -> None:
    assert tell(door, "send_n_create", created("1.2.3.4", "NONE")).Status == 0

    (procedure,) = all_of(place, "Procedure")
    assert "basedOn" not in procedure
    assert procedure["subject"]["reference"].startswith("Patient/")


def test_the_same_message_again_changes_nothing(place: Place, door: DimseServer) -> None:
    statuses = [tell(door, "send_n_create", created()).Status for _ in range(2)]
    statuses += [tell(door, "send_n_set", ended()).Status for _ in range(2)]

    assert statuses == [0, 0, 0, 0]
    assert all_of(place, "Procedure")[0]["meta"]["versionId"] == "2"


def test_what_cannot_be_is_refused(door: DimseServer) -> None:
    unknown = tell(door, "send_n_set", ended())
    late = tell(door, "send_n_create", ended())
    tell(door, "send_n_create", created())
    other = created()
    other.PatientID = "4712"
    duplicate = tell(door, "send_n_create", other)
    tell(door, "send_n_set", ended())
    over = tell(door, "send_n_set", ended("DISCONTINUED"))

    assert [one.Status for one in (unknown, late, duplicate, over)] == [
        0x0112,
        0x0106,
        0x0111,
        0x0110,
    ]
    assert over.ErrorID == 0xA710


def test_a_step_is_read_back(door: DimseServer) -> None:
    tell(door, "send_n_create", created())
    caller = AE(ae_title="WS")
    caller.add_requested_context(MPPS_RETRIEVE)
    association = caller.associate("127.0.0.1", door.port)
    status, found = association.send_n_get([], MPPS_RETRIEVE, UID)
    association.release()

    assert status.Status == 0
    assert found is not None
    assert found.PerformedProcedureStepStatus == "IN PROGRESS"


def test_a_study_points_to_the_procedure_that_made_it(place: Place, door: DimseServer) -> None:
    tell(door, "send_n_create", created())
    study = {
        "resourceType": "ImagingStudy",
        "id": "s1",
        "status": "available",
        "identifier": [{"system": "urn:dicom:uid", "value": f"urn:oid:{STUDY}"}],
        "subject": {"reference": "Patient/p1"},
    }
    with place.store.transaction() as tx:
        tx.put(study)

    (procedure,), (held,) = all_of(place, "Procedure"), all_of(place, "ImagingStudy")
    assert held["procedureReference"] == {"reference": f"Procedure/{procedure['id']}"}


class Told:
    """A courier that keeps what it was told: no network is meant here."""

    peer = "RIS@127.0.0.1:104"

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    def create_step(self, uid: str, attributes: Model) -> None:
        self.said.append((uid, text(attributes, 0x00400252)))

    def set_step(self, uid: str, attributes: Model) -> None:
        self.said.append((uid, text(attributes, 0x00400252)))

    def report_commitment(self, result: Model, *, complete: bool) -> None:
        raise NotImplementedError

    def send(self, instances: Any) -> str:  # noqa: ANN401 - nothing is sent
        raise NotImplementedError


def test_each_message_goes_on_to_whom_it_is_forwarded(place: Place, door: DimseServer) -> None:
    tell(door, "send_n_create", created())
    tell(door, "send_n_set", ended())
    told = Told()
    worker = working(place, told)
    worker.run_once()
    worker.run_once()
    worker.close()

    assert told.said == [(UID, "IN PROGRESS"), (UID, "COMPLETED")]
    assert {one.state.value for one in place.store.deliveries()} == {"sent"}


def working(place: Place, told: Told) -> Worker:
    channel = DicomChannel(place.store, place.objects, place.holdings, [RIS], {"ris": told})
    years = itertools.count(2100)
    clock = lambda: AT.replace(year=next(years))  # noqa: E731 - each look is late enough
    return Worker(place.store, [channel], clock=clock, chance=lambda: 0.5)


def test_what_is_for_a_paused_destination_waits(place: Place, door: DimseServer) -> None:
    told = Told()
    worker = working(place, told)
    suspend(place.store, RIS, paused=True)
    tell(door, "send_n_create", created())
    worker.run_once()
    held = (told.said[:], [one.state.value for one in place.store.deliveries()])
    (endpoint,) = all_of(place, "Endpoint")
    suspend(place.store, RIS, paused=False)
    worker.run_once()
    worker.close()

    assert held == ([], ["waiting"])
    assert (endpoint["id"], endpoint["status"]) == ("dicom.ris", "suspended")
    assert endpoint["address"] == "dicom://RIS@127.0.0.1:104"
    assert told.said == [(UID, "IN PROGRESS")]


def test_a_step_of_a_patient_whom_a_label_hides_is_told_to_nobody(
    place: Place, door: DimseServer
) -> None:
    tell(door, "send_n_create", created())
    label = {"security": [{"system": CONFIDENTIALITY, "code": "V"}]}
    with place.store.transaction() as tx:
        tx.put({**PATIENT, "meta": label})
    told = Told()
    worker = working(place, told)
    worker.run_once()
    worker.close()
    caller = AE(ae_title="WS")
    caller.add_requested_context(MPPS_RETRIEVE)
    association = caller.associate("127.0.0.1", door.port)
    status, _ = association.send_n_get([], MPPS_RETRIEVE, UID)
    association.release()

    assert (told.said, status.Status) == ([], 0x0112)
