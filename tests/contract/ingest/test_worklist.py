"""Orders, appointments and patients as they change, and the worklist that follows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.delivery.schedule import Schedule
from gateway.dicom.json_model import Model, items, text
from gateway.dicom.query import Level, Query
from gateway.ingest.worklist import WorklistIngest
from tests.unit.mapping.to_dicom.test_worklist import ORDER, PATIENT

if TYPE_CHECKING:
    from gateway.store.api import Store


def ask(store: Store, keys: Model | None = None) -> list[Model]:
    schedule = Schedule(store, WorklistIngest(store, {}).catch_up)
    return list(schedule.entries(Query(Level.STUDY, keys or {}), lambda one: one))


def put(store: Store, *resources: dict[str, Any]) -> None:
    with store.transaction() as tx:
        for one in resources:
            tx.put(one)


def test_the_worklist_is_what_the_resources_say_now(store: Store) -> None:
    put(store, PATIENT, ORDER)
    first = ask(store)
    put(store, {**PATIENT, "birthDate": "1956-08-13"})
    second = ask(store)
    put(store, {**ORDER, "status": "revoked"})

    assert [text(one, 0x00100030) for one in first] == ["19560812"]
    assert [text(one, 0x00100030) for one in second] == ["19560813"]
    assert ask(store) == []


def test_an_appointment_moves_a_step(store: Store) -> None:
    booked = {
        "resourceType": "Appointment",
        "id": "a1",
        "status": "booked",
        "start": "2026-07-08T09:15:00+02:00",
        "basedOn": [{"reference": "ServiceRequest/o1"}],
        "participant": [{"actor": {"reference": "Patient/p1"}, "status": "accepted"}],
    }
    put(store, PATIENT, ORDER, booked)
    day = {"00400002": {"vr": "DA", "Value": ["20260708"]}}
    asked = {"00400100": {"vr": "SQ", "Value": [day]}}
    found = ask(store, asked)
    put(store, {**booked, "start": "2026-07-09T09:15:00+02:00"})

    assert [text(items(one, 0x00400100)[0], 0x00400003) for one in found] == ["091500"]
    assert ask(store, asked) == []


def test_a_study_that_was_named_later_is_the_study_of_the_step(store: Store) -> None:
    put(store, PATIENT, ORDER)
    assert len(ask(store)) == 1
    study = {
        "resourceType": "ImagingStudy",
        "id": "s1",
        "status": "registered",
        "identifier": [{"system": "urn:dicom:uid", "value": "urn:oid:1.2.3.4"}],
        "subject": {"reference": "Patient/p1"},
        "basedOn": [{"reference": "ServiceRequest/o1"}],
    }
    put(store, study)

    (entry,) = ask(store, {"0020000D": {"vr": "UI", "Value": ["1.2.3.4"]}})
    assert text(entry, 0x00080050) == "A2001"


def test_an_order_that_cannot_be_read_keeps_no_other_from_modalities(store: Store) -> None:
    put(store, PATIENT, {**ORDER, "id": "odd", "priority": ["routine"]}, ORDER)

    assert len(ask(store)) == 1


@pytest.mark.parametrize("hidden", ["patient", "order"])
def test_what_a_label_hides_is_not_told_of(store: Store, hidden: str) -> None:
    system = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
    label = {"security": [{"system": system, "code": "V"}]}
    put(store, PATIENT, ORDER)
    assert len(ask(store)) == 1
    put(store, {**(PATIENT if hidden == "patient" else ORDER), "meta": label})

    assert ask(store) == []
