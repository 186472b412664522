from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from gateway.dicom.header import read_header
from gateway.dicom.part10 import read_file_meta
from gateway.fhir.validation import validate
from gateway.fhir.wire import dumps, loads
from gateway.mapping.dicom.holding import MappedStudy, map_held
from gateway.mapping.dicom.study import Context
from tests.documents import (
    CT,
    ENHANCED_SR,
    KEY_OBJECTS,
    STUDY,
    code,
    document,
    file_of,
    report,
    selection,
    words,
)

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

MANIFEST = code("113030", meaning="Manifest")


@dataclass(frozen=True)
class Held:
    sop_uid: str
    sop_class: str
    header: bytes
    calling_ae: str = "CT1"


def held(dataset: Dataset) -> tuple[Held, bytes]:
    content = file_of(dataset)
    meta = read_file_meta(content)
    header = read_header(content[meta.dataset_offset :], meta.transfer_syntax)
    return Held(header.sop_instance, header.sop_class, dumps(header.attributes)), content


def an_image(number: int) -> Dataset:
    found = document(CT, Modality="CT", SeriesInstanceUID=f"{STUDY}.1", InstanceNumber=number)
    found.SOPInstanceUID = f"{STUDY}.1.{number}"
    return found


def study_of(*datasets: Dataset, **context: Any) -> MappedStudy:  # noqa: ANN401 - of a Context
    pairs = [held(one) for one in datasets]
    files = {one.sop_uid: content for one, content in pairs if one.sop_class != CT}
    return map_held([one for one, _ in pairs], files, Context(**context))


def imaging_study(mapped: MappedStudy) -> dict[str, Any]:
    found: dict[str, Any] = loads(dumps(mapped.study.entries[-1].resource))
    assert validate(found) == ()
    return found


def rejection(title: str, *uids: str) -> Dataset:
    found = selection(code(title, meaning="Rejected"), *uids)
    found.SOPInstanceUID = f"{STUDY}.9.7"
    return found


def test_a_study_and_its_report_are_mapped_apart() -> None:
    mapped = study_of(an_image(1), report(code("18748-4", "LN"), words(code("121071"), "RAS")))

    assert imaging_study(mapped)["numberOfInstances"] == 2
    (document_,) = mapped.documents
    assert document_.entries[-1].resource["imagingStudy"] == [{"reference": mapped.study.study}]
    assert document_.entries[-1].resource["subject"] == {"reference": mapped.study.subject}


def test_a_rejection_note_hides_what_it_rejects_and_itself() -> None:
    mapped = study_of(an_image(1), an_image(2), rejection("113001", f"{STUDY}.1.2"))
    found = imaging_study(mapped)

    assert [one["uid"] for one in found["series"][0]["instance"]] == [f"{STUDY}.1.1"]
    assert (found["status"], found["numberOfSeries"], found["numberOfInstances"]) == (
        "available",
        1,
        1,
    )  # fmt: skip - one line
    (note,) = mapped.rejections
    assert note.instances == (f"{STUDY}.1.2", f"{STUDY}.9.7")


@pytest.mark.parametrize(
    ("title", "status"),
    [
        ("113001", "cancelled"),
        ("113037", "entered-in-error"),
        ("113038", "entered-in-error"),
        ("113039", "cancelled"),
    ],
)
def test_a_study_of_which_everything_was_rejected_is_not_available(title: str, status: str) -> None:
    found = imaging_study(study_of(an_image(1), rejection(title, f"{STUDY}.1.1")))

    assert (found["status"], found["numberOfInstances"]) == (status, 0)
    assert "series" not in found


def test_a_rejected_report_was_said_in_error() -> None:
    sr = report(code("18748-4", "LN"), words(code("121071"), "RAS"), VerificationFlag="VERIFIED")

    mapped = study_of(an_image(1), sr, rejection("113038", sr.SOPInstanceUID))

    (entry,) = mapped.documents[0].entries
    assert entry.resource["status"] == "entered-in-error"
    assert mapped.documents[0].objects == ()


def test_a_manifest_lists_images_that_are_held_elsewhere() -> None:
    uids = (f"{STUDY}.1.1", f"{STUDY}.1.2")
    text = f"Examen : SCANNER\nActe = Scanner\nSérie-{STUDY}.1 : CT @ : Axial 1mm"
    manifest = selection(
        MANIFEST,
        *uids,
        retrieve_url=f"https://pacs.fr/rs/studies/{STUDY}/series/{STUDY}.1",
        children=[words(code("113012"), text)],
    )  # fmt: skip - a manifest
    mapped = study_of(manifest)
    found = imaging_study(mapped)

    endpoint = next(one for one in mapped.study.entries if "connectionType" in one.resource)
    assert endpoint.resource["address"] == "https://pacs.fr/rs"
    assert found["status"] == "available"
    assert [one["code"] for one in found["modality"]] == ["CT"]
    assert found["numberOfInstances"] == 3
    listed = next(one for one in found["series"] if one["uid"] == f"{STUDY}.1")
    assert listed["modality"]["code"] == "CT"
    assert listed["description"] == "Axial 1mm"
    assert listed["endpoint"] == [{"reference": endpoint.full_url}]
    assert [one["uid"] for one in listed["instance"]] == list(uids)


def test_images_that_are_here_are_not_listed_again() -> None:
    mapped = study_of(an_image(1), selection(MANIFEST, f"{STUDY}.1.1", f"{STUDY}.1.2"))

    series = imaging_study(mapped)["series"]
    (images,) = [one for one in series if one["uid"] == f"{STUDY}.1"]
    assert [one["uid"] for one in images["instance"]] == [f"{STUDY}.1.1", f"{STUDY}.1.2"]
    assert images["numberOfInstances"] == 2


def test_a_manifest_of_another_study_adds_nothing_to_this_one() -> None:
    mapped = study_of(selection(MANIFEST, "1.2.9", study="1.2.3"))

    assert imaging_study(mapped)["numberOfInstances"] == 1


def test_a_study_says_where_it_is_fetched_and_seen() -> None:
    mapped = study_of(
        an_image(1), dicomweb="https://gw.fr/dicom-web", viewer="https://gw.fr/viewer?s={study}"
    )
    endpoints = [one for one in mapped.study.entries if one.resource["resourceType"] == "Endpoint"]

    assert imaging_study(mapped)["endpoint"] == [{"reference": one.full_url} for one in endpoints]
    assert endpoints[0].resource == {
        "resourceType": "Endpoint",
        "identifier": [{"system": "urn:passerelle:endpoint", "value": "dicom-web"}],
        "status": "active",
        "connectionType": {
            "system": "http://terminology.hl7.org/CodeSystem/endpoint-connection-type",
            "code": "dicom-wado-rs",
            "display": "DICOM WADO-RS",
        },
        "payloadType": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/endpoint-payload-type",
                        "code": "none",
                        "display": "None",
                    }
                ]
            }
        ],
        "payloadMimeType": ["application/dicom"],
        "address": "https://gw.fr/dicom-web",
    }
    assert endpoints[1].resource["address"] == f"https://gw.fr/viewer?s={STUDY}"
    assert endpoints[1].resource["payloadMimeType"] == ["text/html"]


@pytest.mark.parametrize("sop_class", [ENHANCED_SR, KEY_OBJECTS])
def test_a_document_that_cannot_be_read_costs_only_itself(sop_class: str) -> None:
    one, _ = held(document(sop_class))

    mapped = map_held([one], {one.sop_uid: b"no DICOM"}, Context())

    assert imaging_study(mapped)["numberOfInstances"] == 1
    assert mapped.documents[0].entries == ()
    assert mapped.documents[0].warnings[0].code == "structure"
