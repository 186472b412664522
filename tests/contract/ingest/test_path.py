"""Identity, order, images and report find each other in whatever order they arrive."""

from __future__ import annotations

import itertools
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from gateway.store.landing import SMALL_BYTES
from gateway.store.objects import FileObjects
from gateway.store.records import DeliveryState, JournalState
from tests.contract.ingest import story
from tests.contract.ingest.story import Gateway

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gateway.store.api import Store

STEPS: dict[str, Callable[[Gateway], object]] = {
    "identity": lambda gateway: gateway.send(story.IDENTITY),
    "order": lambda gateway: gateway.send(story.ORDER),
    "images": lambda gateway: gateway.images(1, 2),
    "report": lambda gateway: gateway.send(story.report()),
}


@pytest.fixture
def gateway(store: Store, tmp_path: Path) -> Gateway:
    return Gateway(store, tmp_path)


def only(gateway: Gateway, resource_type: str) -> dict[str, Any]:
    found = gateway.all(resource_type)
    assert len(found) == 1, [one["id"] for one in found]
    return found[0]


def in_use(gateway: Gateway) -> dict[str, Any]:
    found = [one for one in gateway.all("Patient") if one.get("active", True)]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("order", list(itertools.permutations(STEPS)), ids="-".join)
def test_whatever_comes_first_all_speak_of_one_patient_one_order_one_exam(
    order: tuple[str, ...], gateway: Gateway
) -> None:
    for step in order:
        answer = STEPS[step](gateway)
        if isinstance(answer, bytes):
            assert b"MSA|AA" in answer, answer

    patient = in_use(gateway)
    subject = {"reference": f"Patient/{patient['id']}"}
    request = only(gateway, "ServiceRequest")
    study = only(gateway, "ImagingStudy")
    report = only(gateway, "DiagnosticReport")
    assert [one["subject"]["reference"] for one in (request, study, report)] == [
        subject["reference"]
    ] * 3
    based_on = [{"reference": f"ServiceRequest/{request['id']}"}]
    assert [item["reference"] for item in report["basedOn"]] == [based_on[0]["reference"]]
    assert [item["reference"] for item in study["basedOn"]] == [based_on[0]["reference"]]
    assert [item["reference"] for item in report["imagingStudy"]] == [f"ImagingStudy/{study['id']}"]
    numbers = {(one["system"], one["value"]) for one in patient["identifier"]}
    assert numbers == {
        ("urn:oid:1.2.250.1.999.1", "42"),
        ("urn:oid:1.2.250.1.999.2", "R77"),
        ("urn:oid:1.2.250.1.213.1.4.10", "279035121518989"),
    }
    doctor = only(gateway, "Practitioner")
    deliveries = gateway.store.deliveries()
    assert [(one.recipient, one.state) for one in deliveries] == [
        (f"Practitioner/{doctor['id']}", DeliveryState.WAITING)
    ]


def test_a_replay_of_everything_changes_nothing(gateway: Gateway) -> None:
    for step in STEPS.values():
        step(gateway)
    before = [one.seq for one in gateway.store.history(limit=1000)]
    for number in (1, 2, 3):
        entry = gateway.store.journal_entry(number)
        assert entry is not None
        if entry.raw is not None:
            gateway.messages.receive(entry.raw, "replay", replay_of=number)
    gateway.studies.run_once()
    assert [one.seq for one in gateway.store.history(limit=1000)] == before
    assert len(gateway.store.deliveries()) == 1


def test_the_same_message_again_gets_the_same_answer_and_is_not_processed(
    gateway: Gateway,
) -> None:
    first = gateway.send(story.report())
    assert gateway.send(story.report()) == first
    assert [one.state for one in gateway.store.journal()] == [
        JournalState.DUPLICATE,
        JournalState.PROCESSED,
    ]


def test_another_message_under_the_same_control_id_is_processed_with_a_warning(
    gateway: Gateway,
) -> None:
    gateway.send(story.report("P"))
    answer = gateway.send(story.report("F"))
    assert b"MSA|AA|ORU1" in answer
    assert b"used for another message" in answer
    assert only(gateway, "DiagnosticReport")["status"] == "final"


def test_a_lower_status_never_overwrites_a_higher_one(gateway: Gateway) -> None:
    gateway.send(story.report("C", control_id="1"))
    answer = gateway.send(story.report("F", control_id="2"))
    assert b"MSA|AA|2" in answer
    assert only(gateway, "DiagnosticReport")["conclusion"] == "Conclusion C."
    assert gateway.store.journal()[0].state is JournalState.SUPERSEDED


def test_an_earlier_issue_of_the_same_status_loses(gateway: Gateway) -> None:
    gateway.send(story.report("F", control_id="1", issued="20260110120000"))
    gateway.send(story.report("F", control_id="2", issued="20260110110000"))
    assert only(gateway, "DiagnosticReport")["meta"]["versionId"] == "1"


def test_a_correction_is_a_new_version_and_a_new_delivery(gateway: Gateway) -> None:
    gateway.send(story.IDENTITY)
    gateway.send(story.ORDER)
    gateway.send(story.report("F", control_id="1"))
    gateway.send(story.report("C", control_id="2", issued="20260110113000"))
    assert only(gateway, "DiagnosticReport")["status"] == "corrected"
    assert len(gateway.store.deliveries()) == 2


def test_a_corrected_report_leaves_only_its_own_document_current(gateway: Gateway) -> None:
    """A CDA of each version has a number of its own: nothing but the report ties them."""
    for status, number in (("F", 1), ("C", 2)):
        cda = f'<ClinicalDocument><id root="1.2.250.1.999.{number}"/></ClinicalDocument>'
        encoded = b64encode(cda.encode()).decode()
        document = f"OBX|2|ED|18748-4^CR^LN||^TEXT^XML^Base64^{encoded}||||||{status}\r"
        answer = gateway.send(story.report(status, control_id=str(number)) + document.encode())
        assert b"MSA|AA" in answer, answer

    documents = gateway.all("DocumentReference")
    assert {one["masterIdentifier"]["value"]: one["status"] for one in documents} == {
        "urn:oid:1.2.250.1.999.1": "superseded",
        "urn:oid:1.2.250.1.999.2": "current",
    }


def test_a_report_for_an_unknown_order_makes_the_order_known(gateway: Gateway) -> None:
    answer = gateway.send(story.report())
    assert b"MSA|AA" in answer
    request = only(gateway, "ServiceRequest")
    assert only(gateway, "DiagnosticReport")["basedOn"][0]["reference"] == (
        f"ServiceRequest/{request['id']}"
    )
    assert [one.state for one in gateway.store.deliveries()] == [DeliveryState.UNADDRESSED]


def test_images_that_come_later_make_a_new_version(gateway: Gateway) -> None:
    gateway.images(1)
    gateway.images(2)
    study = only(gateway, "ImagingStudy")
    assert (study["numberOfInstances"], study["meta"]["versionId"]) == (2, "2")


def test_numbers_without_authority_do_not_join_two_different_people(gateway: Gateway) -> None:
    gateway.send(story.ORDER)
    stranger = (
        story.report().replace(b"DURAND^Zo\xc3\xa9", b"MOREAU^Paul").replace(b"|F\rORC", b"|M\rORC")
    )
    gateway.send(stranger)
    requests = gateway.all("ServiceRequest")
    assert len(requests) == 2
    assert len(gateway.all("Patient")) == 2


@pytest.mark.parametrize(
    ("raw", "code", "err", "state"),
    [
        (b"hello", b"AE", b"100", JournalState.UNREADABLE),
        (
            story.report().replace(b"ORU^R01^ORU_R01", b"ZZZ^Z99^ZZZ"),
            b"AE",
            b"200",
            JournalState.REFUSED,
        ),
        (
            story.report().replace(b"ORU^R01^ORU_R01", b"ORU^Z99^ZZZ"),
            b"AE",
            b"201",
            JournalState.REFUSED,
        ),
        (story.report().replace(b"PID|", b"XID|"), b"AE", b"101", JournalState.REFUSED),
        (story.report("Q"), b"AE", b"103", JournalState.REFUSED),
        (story.report().replace(b"|ORU1|", b"||"), b"AE", b"101", JournalState.REFUSED),
    ],
    ids=["garbage", "unknown type", "unknown event", "no PID", "bad status", "no control id"],
)
def test_what_cannot_be_accepted_is_refused_with_its_reason_and_kept(
    raw: bytes, code: bytes, err: bytes, state: JournalState, gateway: Gateway
) -> None:
    answer = gateway.send(raw)
    segments = answer.split(b"\r")
    assert segments[1].startswith(b"MSA|" + code)
    assert err + b"^" in segments[2]
    entry = gateway.store.journal_entry(gateway.store.journal()[0].id)
    assert entry is not None
    assert (entry.state, entry.raw) == (state, raw)
    assert gateway.all("DiagnosticReport") == []


def test_a_wrong_charset_is_read_and_reported(gateway: Gateway) -> None:
    latin = story.report().decode().replace("UNICODE UTF-8", "8859/1").encode()
    answer = gateway.send(latin)
    assert b"MSA|AA" in answer
    names = [patient["name"][0]["given"] for patient in gateway.all("Patient")]
    assert names == [["Zoé"]]
    assert gateway.store.journal()[0].issues[0].severity == "warning"


def test_an_accession_number_of_two_studies_is_told_and_both_are_kept(gateway: Gateway) -> None:
    named = "OBX|2|HD|^Study Instance UID||1.2.826.0.1.{}||||||F"
    first, second = (
        story.report(control_id=control) + story.message(named.format(number))
        for control, number in (("ORU1", 1), ("ORU2", 2))
    )

    answers = [gateway.send(one) for one in (first, second, first)]

    assert [b"|AA|" in one for one in answers] == [True] * 3
    told = [b"ACC1 is also that of another study" in one for one in answers]
    assert told == [False, True, False]
    assert len(gateway.all("ImagingStudy")) == 2


def test_a_report_that_is_cancelled_takes_its_results_with_it(gateway: Gateway) -> None:
    size = b"OBX|2|NM|21889-1^Taille^LN||12|mm|||||F\r"
    gateway.send(story.report() + size)
    assert [one["status"] for one in gateway.all("Observation")] == ["final"]
    gateway.send(story.report("X", control_id="ORU2", issued="20260110120000"))
    assert [one["status"] for one in gateway.all("DiagnosticReport")] == ["cancelled"]
    assert [one["status"] for one in gateway.all("Observation")] == ["cancelled"]


@pytest.mark.parametrize("size", [SMALL_BYTES, SMALL_BYTES + 1])
def test_a_document_is_there_with_the_commit_that_names_it(
    size: int, gateway: Gateway, tmp_path: Path
) -> None:
    content = b"%PDF-1.7" + bytes(size - 8)
    body = b64encode(content).decode()
    document = f"OBX|9|ED|18748-4^CR^LN||^application^pdf^Base64^{body}||||||F\r"
    assert b"MSA|AA" in gateway.send(story.report() + document.encode())

    (digest,) = (one["meta"]["source"].rpartition(":")[2] for one in gateway.all("Binary"))
    assert gateway.objects.read(digest) == content
    files = FileObjects(tmp_path / "objects")
    # A small one has landed with the commit, and is brought away behind it.
    assert gateway.objects.bring_away(datetime.now(UTC) + timedelta(hours=1)) == int(
        size <= SMALL_BYTES
    )
    assert files.read(digest) == content
    assert gateway.store.landed(digest) is None
