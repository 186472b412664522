from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from gateway.delivery.recipients import (
    NOBODY,
    NOT_SENT_ANY_MORE,
    REPLACED,
    content_key,
    delivery_id,
    resource_changed,
)
from gateway.errors import PreconditionFailed
from gateway.store.api import open_store
from gateway.store.migrate import migrate
from gateway.store.records import Delivery, DeliveryState

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gateway.fhir.wire import Resource
    from gateway.store.api import Store, Transaction, Written

    Write = Callable[..., None]

PHYSICIAN, REQUESTER = "Practitioner/lecoeur", "Practitioner/garnier"
WAITING, SENT = DeliveryState.WAITING, DeliveryState.SENT
REFUSED, UNADDRESSED = DeliveryState.REFUSED, DeliveryState.UNADDRESSED


def outbox(store: Store) -> list[tuple[str, str, DeliveryState]]:
    """Recipient, reason and state of every delivery, oldest first."""
    found = reversed(store.deliveries(limit=100))
    return [(one.recipient, one.reason, one.state) for one in found]


def mark(store: Store, recipient: str, **what: object) -> None:
    with store.transaction() as tx:
        changes: Any = what
        for one in store.deliveries(limit=100):
            if one.recipient == recipient:
                tx.update_delivery(replace(one, **changes))


def without(resource: Resource, *names: str) -> Resource:
    return {name: part for name, part in resource.items() if name not in names}


def test_a_final_report_goes_to_the_treating_physician_and_the_requester(
    store: Store, write: Write, everything: list[Resource], report: Resource
) -> None:
    write(*everything, report)
    assert outbox(store) == [(PHYSICIAN, "final", WAITING), (REQUESTER, "final", WAITING)]


def test_a_delivery_names_its_report_version_and_patient(
    store: Store, write: Write, everything: list[Resource], report: Resource
) -> None:
    write(*everything, report)
    now = store.deliveries()[0].created
    assert store.deliveries()[1] == Delivery(
        id=delivery_id(report["id"], content_key(report), PHYSICIAN),
        recipient=PHYSICIAN,
        subject="Patient/pat-trois",
        focus=f"DiagnosticReport/{report['id']}",
        focus_version=1,
        channel="mail",
        reason="final",
        created=now,
        next_attempt=now,
        seq=1,
    )


@pytest.mark.parametrize("status", ["registered", "partial", "preliminary", "unknown"])
def test_a_report_that_is_not_released_goes_to_nobody(
    store: Store, write: Write, everything: list[Resource], report: Resource, status: str
) -> None:
    write(*everything, report | {"status": status})
    assert outbox(store) == []


def test_a_physician_who_is_also_the_requester_gets_it_once(
    store: Store, write: Write, everything: list[Resource], order: Resource, report: Resource
) -> None:
    write(*everything, order | {"requester": {"reference": PHYSICIAN}}, report)
    assert outbox(store) == [(PHYSICIAN, "final", WAITING)]


def test_a_role_stands_for_its_practitioner(
    store: Store, write: Write, everything: list[Resource], order: Resource, report: Resource
) -> None:
    role = {
        "resourceType": "PractitionerRole",
        "id": "role",
        "practitioner": {"reference": PHYSICIAN},
    }
    write(*everything, role, order | {"requester": {"reference": "PractitionerRole/role"}}, report)
    assert outbox(store) == [(PHYSICIAN, "final", WAITING)]


def test_whoever_the_sender_names_for_a_copy_gets_it_once(
    store: Store, write: Write, everything: list[Resource], report: Resource
) -> None:
    copies = [
        {"url": "urn:passerelle:extension:copy-to", "valueReference": {"reference": name}}
        for name in ("Practitioner/garcon", PHYSICIAN, "Practitioner/garcon")
    ]
    other = {"url": "https://else.example", "valueReference": {"reference": "Organization/none"}}
    write(*everything, report | {"extension": [*copies, other]})
    assert outbox(store) == [
        (PHYSICIAN, "final", WAITING),
        (REQUESTER, "final", WAITING),
        ("Practitioner/garcon", "final", WAITING),
    ]


PATIENT = "Patient/pat-trois"


def for_patient(report: Resource, **more: object) -> Resource:
    """Return the report, alone, with its patient as the one who shall have a copy."""
    copy = {"url": "urn:passerelle:extension:copy-to", "valueReference": {"reference": PATIENT}}
    return without(report, "basedOn") | {"extension": [copy]} | more


def test_the_patient_gets_his_report_when_its_sender_asks_for_it(
    store: Store, write: Write, everything: list[Resource], report: Resource
) -> None:
    write(*everything, for_patient(report))
    assert outbox(store) == [(PHYSICIAN, "final", WAITING), (PATIENT, "final", WAITING)]


def test_nobody_elses_report_goes_to_a_patient(
    store: Store, write: Write, everything: list[Resource], patient: Resource, report: Resource
) -> None:
    other = patient | {"id": "other"}
    write(*everything, other, for_patient(report, subject={"reference": "Patient/other"}))
    assert outbox(store) == [(PHYSICIAN, "final", WAITING)]


def test_a_label_hides_a_report_from_the_patient_alone(
    store: Store, write: Write, everything: list[Resource], report: Resource
) -> None:
    hidden = {"security": [{"system": "urn:any", "code": "INVISIBLE_PATIENT"}]}
    write(*everything, for_patient(report, meta=hidden))
    assert outbox(store) == [(PHYSICIAN, "final", WAITING), (PATIENT, "final", REFUSED)]
    assert "INVISIBLE_PATIENT" in store.deliveries()[0].last_error


def test_a_patient_whose_records_were_merged_is_sent_nothing_twice(
    store: Store, write: Write, everything: list[Resource], patient: Resource, report: Resource
) -> None:
    write(*everything, for_patient(report))
    mark(store, PATIENT, state=SENT, sent=store.deliveries()[0].created)
    survivor = {"reference": "Patient/survivor"}
    moved = for_patient(report, subject=survivor)
    moved["extension"][0]["valueReference"] = survivor
    write(patient | {"id": "survivor"}, moved)
    assert (PATIENT, "final", SENT) in outbox(store)
    assert "Patient/survivor" not in [recipient for recipient, _, _ in outbox(store)]


def test_a_physician_named_by_identifier_is_found(
    store: Store, write: Write, everything: list[Resource], patient: Resource, report: Resource
) -> None:
    named = {"identifier": {"system": "https://rpps.esante.gouv.fr", "value": "10000023084"}}
    write(*everything, patient | {"generalPractitioner": [named]}, without(report, "basedOn"))
    assert outbox(store) == [(PHYSICIAN, "final", WAITING)]


def test_a_replay_or_a_new_link_sends_nothing_twice(
    store: Store, write: Write, everything: list[Resource], report: Resource
) -> None:
    write(*everything, without(report, "imagingStudy"))
    write(report)
    write(report)
    assert outbox(store) == [(PHYSICIAN, "final", WAITING), (REQUESTER, "final", WAITING)]


def test_a_code_that_is_given_a_standard_one_later_sends_nothing_twice(
    store: Store, write: Write, everything: list[Resource], report: Resource
) -> None:
    own = {"system": "urn:passerelle:sender:RIS:CENTRE:L", "code": "GENOU"}
    standard = {"system": "http://loinc.org", "code": "24806-2", "display": "RX genou"}
    write(*everything, report | {"code": {"coding": [own]}})
    write(report | {"code": {"coding": [standard, own]}})
    assert outbox(store) == [(PHYSICIAN, "final", WAITING), (REQUESTER, "final", WAITING)]
    write(report | {"code": {"coding": [standard, own | {"code": "COUDE"}]}})
    assert len(outbox(store)) == 4


def test_a_correction_is_sent(
    store: Store, write: Write, everything: list[Resource], report: Resource
) -> None:
    write(*everything, report)
    write(report | {"status": "corrected", "conclusion": "Pas de hernie."})
    assert outbox(store)[2:] == [
        (PHYSICIAN, "corrected", WAITING),
        (REQUESTER, "corrected", WAITING),
    ]


def test_a_former_physician_who_has_the_report_learns_of_its_correction(
    store: Store, write: Write, everything: list[Resource], patient: Resource, report: Resource
) -> None:
    lone = without(report, "basedOn")
    write(*everything, lone)
    mark(store, PHYSICIAN, state=SENT)
    write(patient | {"generalPractitioner": [{"reference": REQUESTER}]})
    write(lone | {"status": "corrected"})
    assert outbox(store) == [
        (PHYSICIAN, "final", SENT),
        (REQUESTER, "corrected", WAITING),
        (PHYSICIAN, "corrected", WAITING),
    ]


def test_a_requester_known_later_gets_it_without_a_copy_for_the_others(
    store: Store, write: Write, everything: list[Resource], report: Resource
) -> None:
    write(*everything, without(report, "basedOn"))
    write(report)
    assert outbox(store) == [(PHYSICIAN, "final", WAITING), (REQUESTER, "final", WAITING)]


def test_an_order_that_names_its_requester_later_sends_the_report(
    store: Store, write: Write, everything: list[Resource], order: Resource, report: Resource
) -> None:
    write(*everything, without(order, "requester"), report)
    write(order)
    write(order | {"priority": "urgent"})
    assert outbox(store) == [(PHYSICIAN, "final", WAITING), (REQUESTER, "final", WAITING)]


def test_a_report_for_nobody_shows_in_the_outbox(
    store: Store, write: Write, everything: list[Resource], patient: Resource, report: Resource
) -> None:
    write(*everything, without(patient, "generalPractitioner"), without(report, "basedOn"))
    assert outbox(store) == [("", "final", UNADDRESSED)]
    assert store.deliveries()[0].last_error == NOBODY


def test_a_treating_physician_known_later_gets_what_was_for_nobody(
    store: Store, write: Write, everything: list[Resource], patient: Resource, report: Resource
) -> None:
    lone = without(report, "basedOn")
    write(*everything, without(patient, "generalPractitioner"), lone)
    write(patient)
    write(lone | {"imagingStudy": []})
    assert outbox(store) == [(PHYSICIAN, "final", WAITING)]
    assert store.deliveries()[0].last_error == ""


def test_a_correction_takes_the_place_of_what_nobody_could_receive(
    store: Store, write: Write, everything: list[Resource], patient: Resource, report: Resource
) -> None:
    lone = without(report, "basedOn")
    write(*everything, without(patient, "generalPractitioner"), lone)
    write(lone | {"status": "corrected"})
    write(patient)
    assert outbox(store) == [("", "final", REFUSED), (PHYSICIAN, "corrected", WAITING)]
    assert store.deliveries()[1].last_error == REPLACED


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error"])
def test_a_withdrawn_report_is_followed_by_a_notice_to_those_who_have_it(
    store: Store, write: Write, everything: list[Resource], report: Resource, status: str
) -> None:
    write(*everything, report)
    mark(store, PHYSICIAN, state=SENT)
    write(report | {"status": status})
    write(report | {"status": status, "imagingStudy": []})
    assert outbox(store) == [
        (PHYSICIAN, "final", SENT),
        (REQUESTER, "final", REFUSED),
        (PHYSICIAN, status, WAITING),
    ]
    assert store.deliveries()[1].last_error == NOT_SENT_ANY_MORE


def test_a_letter_that_may_have_arrived_is_followed_by_a_notice(
    store: Store, write: Write, everything: list[Resource], report: Resource
) -> None:
    write(*everything, without(report, "basedOn"))
    mark(store, PHYSICIAN, failure="unknown", attempts=1)
    write(without(report, "basedOn") | {"status": "cancelled"})
    assert outbox(store) == [(PHYSICIAN, "final", WAITING), (PHYSICIAN, "cancelled", WAITING)]


def test_a_withdrawn_report_that_nobody_has_makes_no_notice(
    store: Store, write: Write, everything: list[Resource], report: Resource
) -> None:
    write(*everything, report | {"status": "cancelled"})
    assert outbox(store) == []


def test_a_report_issued_anew_after_its_withdrawal_is_sent_anew(
    store: Store, write: Write, everything: list[Resource], report: Resource
) -> None:
    lone = without(report, "basedOn")
    write(*everything, lone)
    mark(store, PHYSICIAN, state=SENT)
    write(lone | {"status": "cancelled"})
    write(lone)
    assert outbox(store) == [
        (PHYSICIAN, "final", SENT),
        (PHYSICIAN, "cancelled", WAITING),
        (PHYSICIAN, "final", WAITING),
    ]


def test_a_report_issued_anew_is_sent_though_its_first_issue_was_stopped(
    store: Store, write: Write, everything: list[Resource], report: Resource
) -> None:
    lone = without(report, "basedOn")
    write(*everything, lone)
    write(lone | {"status": "cancelled"})
    write(lone)
    write(lone | {"imagingStudy": []})
    assert outbox(store) == [(PHYSICIAN, "final", REFUSED), (PHYSICIAN, "final", WAITING)]


@pytest.mark.parametrize("code", ["V", "MASQUE_PS"])
def test_a_label_holds_the_report_back_with_its_reason(
    store: Store, write: Write, everything: list[Resource], report: Resource, code: str
) -> None:
    labelled = without(report, "basedOn") | {"meta": {"security": [{"code": code}]}}
    write(*everything, labelled)
    assert outbox(store) == [(PHYSICIAN, "final", REFUSED)]
    assert code in store.deliveries()[0].last_error


def test_the_label_of_a_document_of_the_report_holds_it_back(
    store: Store, write: Write, everything: list[Resource], report: Resource
) -> None:
    document = {
        "resourceType": "DocumentReference",
        "id": "document",
        "status": "current",
        "securityLabel": [{"coding": [{"code": "MASQUE_PS"}]}],
        "context": {"related": [{"reference": f"DiagnosticReport/{report['id']}"}]},
        "content": [],
    }
    write(*everything, document, without(report, "basedOn"))
    assert outbox(store) == [(PHYSICIAN, "final", REFUSED)]


def test_a_report_that_is_linked_while_it_is_written_is_queued_as_linked(
    tmp_path: Path, everything: list[Resource], patient: Resource, report: Resource
) -> None:
    def link(tx: Transaction, written: Written) -> None:
        if written.stored.type == "DiagnosticReport" and "basedOn" not in written.resource:
            tx.put(written.resource | {"basedOn": report["basedOn"]})

    url = f"sqlite:///{tmp_path / 'linked.db'}"
    migrate(url)
    linked = open_store(url)
    linked.watch(link)
    linked.watch(resource_changed)
    with linked.transaction() as tx:
        for one in [*everything, without(patient, "generalPractitioner")]:
            tx.put(one)
        tx.put(without(report, "basedOn"))
    assert outbox(linked) == [(REQUESTER, "final", WAITING)]
    linked.close()


def test_the_report_and_its_deliveries_are_kept_or_lost_together(
    store: Store, everything: list[Resource], report: Resource
) -> None:
    with pytest.raises(PreconditionFailed), store.transaction() as tx:  # noqa: PT012 - what is undone
        for resource in [*everything, report]:
            tx.put(resource)
        tx.put(everything[0], expected=7)
    assert outbox(store) == []
