"""Studies with reports, measurements, notes and manifests, as objects come in and are settled."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from gateway.dicom.header import InstanceHeader, read_header
from gateway.dicom.instance import ReceivedInstance
from gateway.dicom.part10 import read_file_meta
from gateway.errors import Malformed
from gateway.ingest.instance import InstanceIngest
from gateway.ingest.study import StudyIngest
from gateway.mapping.dicom.study import Context
from gateway.store.journal import JournalFilter
from gateway.store.records import JournalState
from tests.contract.ingest.story import Gateway, message
from tests.documents import (
    CT,
    DOSE_SR,
    PDF,
    STUDY,
    code,
    container,
    document,
    file_of,
    num,
    report,
    selection,
    words,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset

    from gateway.store.api import Store

LATER = datetime(2026, 9, 16, tzinfo=UTC)
FINDINGS = words(code("121071"), "RAS")


class Centre(Gateway):
    """A gateway to which a modality sends."""

    def __init__(self, store: Store, place: Path) -> None:
        super().__init__(store, place)
        self.place = place
        self.receiving = InstanceIngest(store, self.objects, clock=self.clock)
        self.studies = StudyIngest(
            store,
            self.objects,
            self.linking,
            context=Context(dicomweb="http://gw/dicom-web"),
            quiet_seconds=0,
            clock=lambda: LATER + timedelta(days=1),
        )

    def store_object(self, dataset: Dataset) -> int:
        content = file_of(dataset)
        meta = read_file_meta(content)
        header = read_header(content[meta.dataset_offset :], meta.transfer_syntax)
        return self.receiving.receive(self._received(content, header))

    def refused(self, content: bytes, refusal: Malformed) -> int:
        received = self._received(content, InstanceHeader("", "", CT, "1.2.3", {}), refusal)
        return self.receiving.receive(received)

    def _received(
        self, content: bytes, header: InstanceHeader, refusal: Malformed | None = None
    ) -> ReceivedInstance:
        path = self.place / f"spool-{next(self.ticks)}"
        path.write_bytes(content)
        return ReceivedInstance(
            sop_class=header.sop_class,
            sop_instance=header.sop_instance,
            transfer_syntax="1.2.840.10008.1.2.1",
            calling_ae="CT1",
            called_ae="GATEWAY",
            peer="127.0.0.1",
            path=path,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            header=header,
            refusal=refusal,
        )

    def send_all(self, *datasets: Dataset) -> None:
        assert [self.store_object(one) for one in datasets] == [0] * len(datasets)
        self.studies.run_once()

    def one(self, resource_type: str) -> dict[str, Any]:
        (found,) = self.all(resource_type)
        return found

    def journal(self, *states: JournalState) -> list[Any]:
        return list(self.store.journal(JournalFilter(states=states)))


@pytest.fixture
def centre(store: Store, tmp_path: Path) -> Centre:
    return Centre(store, tmp_path)


def an_image(number: int, **more: Any) -> Dataset:  # noqa: ANN401 - attributes
    found = document(CT, Modality="CT", InstanceNumber=number, AccessionNumber="ACC7")
    found.SOPInstanceUID, found.SeriesInstanceUID = f"{STUDY}.1.{number}", f"{STUDY}.1"
    for name, value in more.items():
        setattr(found, name, value)
    return found


def a_note(title: str, *uids: str) -> Dataset:
    found = selection(code(title), *uids, Modality="KO")
    found.SOPInstanceUID = f"{STUDY}.9.7"
    return found


def test_a_study_with_report_and_dose_becomes_resources_that_know_each_other(
    centre: Centre,
) -> None:
    dose = report(
        code("113701"),
        container(code("113811"), num(code("113813", meaning="DLP Total"), "415.8", "mGy.cm")),
        sop_class=DOSE_SR,
    )
    dose.SOPInstanceUID = f"{STUDY}.9.2"
    centre.send_all(
        an_image(1),
        dose,
        report(code("18748-4", "LN"), FINDINGS, num(code("81827009", "SCT"), "3", "mm")),
    )  # fmt: skip - what came

    study = centre.one("ImagingStudy")
    endpoint = centre.one("Endpoint")
    found = centre.one("DiagnosticReport")
    here = {"reference": f"ImagingStudy/{study['id']}"}
    assert study["endpoint"] == [{"reference": f"Endpoint/{endpoint['id']}"}]
    assert found["imagingStudy"] == [here]
    assert found["subject"] == study["subject"]
    observations = {one["id"]: one for one in centre.all("Observation")}
    assert len(observations) == 2
    assert all(one["partOf"] == [here] for one in observations.values())
    assert observations[found["result"][0]["reference"].removeprefix("Observation/")]
    page = found["presentedForm"][0]
    assert page["url"] == f"Binary/{centre.one('Binary')['id']}"


def test_settling_again_changes_nothing(centre: Centre) -> None:
    sr = report(code("18748-4", "LN"), FINDINGS)
    centre.send_all(an_image(1), sr)
    before = {one["id"]: one["meta"] for one in centre.all("DiagnosticReport")}

    centre.send_all(an_image(2))

    assert {one["id"]: one["meta"] for one in centre.all("DiagnosticReport")} == before
    assert centre.one("ImagingStudy")["numberOfInstances"] == 3


def test_a_restart_and_another_process_forget_nothing(centre: Centre, store: Store) -> None:
    assert centre.store_object(an_image(1)) == 0
    other = StudyIngest(
        store,
        centre.objects,
        centre.linking,
        context=Context(),
        quiet_seconds=0,
        clock=lambda: LATER + timedelta(days=1),
    )  # fmt: skip - another process

    assert (other.run_once(), centre.studies.run_once()) == (1, 0)
    assert centre.one("ImagingStudy")["status"] == "available"


def test_a_rejection_note_takes_images_away_with_a_new_version(centre: Centre) -> None:
    centre.send_all(an_image(1), an_image(2))
    before = centre.one("ImagingStudy")

    centre.send_all(a_note("113001", f"{STUDY}.1.2"))

    after = centre.one("ImagingStudy")
    assert int(after["meta"]["versionId"]) > int(before["meta"]["versionId"])
    assert [one["uid"] for one in after["series"][0]["instance"]] == [f"{STUDY}.1.1"]
    assert after["numberOfSeries"] == 1


def test_a_study_that_was_rejected_whole_comes_back_with_new_images(centre: Centre) -> None:
    centre.send_all(an_image(1), a_note("113038", f"{STUDY}.1.1"))
    emptied = centre.one("ImagingStudy")
    assert (emptied["status"], "series" in emptied) == ("entered-in-error", False)

    centre.send_all(an_image(2))

    study = centre.one("ImagingStudy")
    assert (study["status"], study["numberOfInstances"]) == ("available", 1)


def test_a_rejected_report_is_said_in_error(centre: Centre) -> None:
    sr = report(code("18748-4", "LN"), FINDINGS, VerificationFlag="VERIFIED")
    centre.send_all(an_image(1), sr)
    assert centre.one("DiagnosticReport")["status"] == "final"

    centre.send_all(a_note("113037", sr.SOPInstanceUID))

    assert centre.one("DiagnosticReport")["status"] == "entered-in-error"


def test_an_order_that_comes_later_is_what_study_and_report_are_based_on(centre: Centre) -> None:
    who = {"IssuerOfPatientID": "CENTRE", "PatientBirthDate": "19550601"}
    sr = report(code("18748-4", "LN"), FINDINGS, AccessionNumber="ACC7", **who)
    centre.send_all(an_image(1, **who), sr)
    order = message(
        "MSH|^~\\&|RIS|CENTRE|G|G|20260916||ORM^O01^ORM_O01|9|P|2.5|||||FRA|UNICODE UTF-8",
        "PID|||R77^^^CENTRE||LEFÈVRE^François^^^^^L||19550601|M",
        "ORC|NW|PL7^RIS|FI7^RIS",
        "OBR|1|PL7^RIS|FI7^RIS|30620-9^CT^LN||||||||||||||ACC7",
    )
    centre.send(order)

    reference = {"reference": f"ServiceRequest/{centre.one('ServiceRequest')['id']}"}
    assert reference in centre.one("ImagingStudy")["basedOn"]
    centre.send_all(an_image(2, **who))
    assert reference in centre.one("DiagnosticReport")["basedOn"]


def test_an_encapsulated_pdf_is_a_document_with_its_bytes(centre: Centre) -> None:
    pdf = document(PDF, EncapsulatedDocument=b"%PDF-1.7", DocumentTitle="CR", Modality="DOC")
    centre.send_all(an_image(1), pdf)

    found = centre.one("DocumentReference")
    binary = centre.one("Binary")
    assert found["content"][0]["attachment"]["url"] == f"Binary/{binary['id']}"
    digest = binary["meta"]["source"].removeprefix("urn:sha256:")
    assert centre.objects.read(digest) == b"%PDF-1.7"


def test_another_patient_under_the_same_study_uid_is_refused_and_kept(centre: Centre) -> None:
    centre.send_all(an_image(1))
    stranger = an_image(2, PatientID="R78", PatientName="MARTIN^Paul")

    assert centre.store_object(stranger) == 0xC000

    (entry,) = centre.journal(JournalState.REFUSED)
    assert entry.issues[0].text == "The study is held with another patient (0010,0020)."
    assert (entry.kind, entry.answer, entry.control_id) == (
        "C-STORE",
        "C000",
        stranger.SOPInstanceUID,
    )  # fmt: skip - one line
    assert centre.objects.read(entry.object) == file_of(stranger)
    centre.studies.run_once()
    assert centre.one("ImagingStudy")["numberOfInstances"] == 1
    assert centre.one("Patient")["name"][0]["family"] == "LEFÈVRE"


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        ({}, {"PatientID": ""}, 0),
        ({"PatientID": ""}, {}, 0),
        ({}, {"PatientName": "LEFEVRE^Francois"}, 0),
        ({}, {"PatientID": "R78"}, 0xC000),
        ({"PatientBirthDate": "19550601"}, {"PatientID": "8", "PatientBirthDate": "19550601"}, 0),
        ({}, {"PatientID": "9", "IssuerOfPatientID": "RIS"}, 0),
        ({}, {"PatientID": "9", "IssuerOfPatientID": "RIS", "PatientName": "MARTIN"}, 0xC000),
    ],
)
def test_who_may_be_the_patient_of_a_study(
    centre: Centre, first: dict[str, str], second: dict[str, str], status: int
) -> None:
    assert centre.store_object(an_image(1, **first)) == 0
    assert centre.store_object(an_image(2, **second)) == status


def test_what_the_door_cannot_read_is_in_the_journal_with_its_bytes(centre: Centre) -> None:
    refusal = Malformed("The object has no Study Instance UID.")

    assert centre.refused(b"not an object", refusal) == 0xC000

    (entry,) = centre.journal(JournalState.REFUSED)
    assert [one.text for one in entry.issues] == ["The object has no Study Instance UID."]
    assert centre.objects.read(entry.object) == b"not an object"


def test_another_object_under_the_same_uid_is_kept_aside(centre: Centre) -> None:
    assert centre.store_object(an_image(1)) == 0
    assert centre.store_object(an_image(1, StudyDescription="autre")) == 0

    (entry,) = centre.journal(JournalState.REFUSED)
    assert (entry.answer, entry.issues[0].code) == ("0000", "conflict")
    centre.studies.run_once()
    assert centre.one("ImagingStudy")["numberOfInstances"] == 1


def test_a_report_that_cannot_be_read_costs_only_itself(centre: Centre) -> None:
    broken = document(DOSE_SR)
    broken.SOPClassUID = PDF
    centre.send_all(an_image(1), broken)

    assert centre.one("ImagingStudy")["numberOfInstances"] == 2
    assert centre.all("DocumentReference") == []
