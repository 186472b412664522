from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from pydicom.dataset import Dataset

from gateway.dicom.document import read_dataset
from gateway.dicom.header import read_header
from gateway.dicom.part10 import read_file_meta
from gateway.errors import Conflict, RequiredMissing
from gateway.hl7v2.datetimes import PARIS
from gateway.mapping.dicom.holding import map_held
from gateway.mapping.dicom.key_objects import description, references_of
from gateway.mapping.dicom.sr.source import Source
from gateway.mapping.dicom.study import Context
from gateway.mapping.to_dicom.manifest import Site, manifest
from tests.documents import CT, STUDY, code, document, file_of
from tests.unit.mapping.dicom.test_holding import Held

if TYPE_CHECKING:
    from gateway.dicom.json_model import Model

AT = datetime(2026, 9, 15, 10, 0, tzinfo=PARIS)
SITE = Site(
    "https://gw.fr/dicom-web", "1.2.250.1.999.8", "Centre A", "1750000001", "GATEWAY"
)  # fmt: skip - one line
INS, IPP = "1.2.250.1.213.1.4.10", "1.2.250.1.999.2"


def issuer(oid: str) -> Dataset:
    found = Dataset()
    found.UniversalEntityID, found.UniversalEntityIDType = oid, "ISO"
    return found


def cda(
    accession: str = "ACC7", ins: str = "155999999999943", ipp: str = "R77", study: str = ""
) -> bytes:
    act = f'<id root="{study}" extension="studyInstanceUID"/>' if study else ""
    return (
        f'<ClinicalDocument xmlns="urn:hl7-org:v3"><id root="1.2.250.1.999" extension="1"/>'
        f'<recordTarget><patientRole><id root="{INS}" extension="{ins}"/>'
        f'<id root="{IPP}" extension="{ipp}"/><patient/></patientRole></recordTarget>'
        f'<inFulfillmentOf><order><id root="1.2.250.1.999.6" extension="PL7"/>'
        f'<accessionNumber xmlns="urn:oid:1.3.6.1.4.1.19376.1.4.1.6" root="1.2.250.1.999.21"'
        f' extension="{accession}"/></order></inFulfillmentOf>'
        f"<documentationOf><serviceEvent>{act}</serviceEvent></documentationOf>"
        f"</ClinicalDocument>"
    ).encode()


def an_image(number: int, **more: Any) -> Dataset:  # noqa: ANN401 - attributes
    local = Dataset()
    local.PatientID, local.IssuerOfPatientIDQualifiersSequence = "R77", [issuer(IPP)]
    found = document(
        CT,
        Modality="CT",
        AccessionNumber="ACC7",
        StudyDescription="SCANNER THORACIQUE",
        IssuerOfAccessionNumberSequence=[issuer("1.2.250.1.999.21")],
        PatientID="155999999999943",
        IssuerOfPatientIDQualifiersSequence=[issuer(INS)],
        OtherPatientIDsSequence=[local],
        PatientBirthDate="19550601",
        PatientSex="M",
        ProcedureCodeSequence=[code("ZBQK001", "CCAM", "Scanographie du thorax")],
        SeriesDescription="Axial 1mm",
    )  # fmt: skip - an image
    found.SOPInstanceUID, found.SeriesInstanceUID = f"{STUDY}.1.{number}", f"{STUDY}.1"
    for name, value in more.items():
        setattr(found, name, value)
    return found


def header(dataset: Dataset) -> Model:
    content = file_of(dataset)
    meta = read_file_meta(content)
    return read_header(content[meta.dataset_offset :], meta.transfer_syntax).attributes


def written(*images: Dataset, report: bytes = b"") -> bytes:
    return manifest([header(one) for one in images], report or cda(), SITE, AT)


def dataset_of(content: bytes) -> Source:
    meta = read_file_meta(content)
    return Source(read_dataset(content[meta.dataset_offset :], meta.transfer_syntax), "", "")


def test_a_manifest_lists_the_images_of_a_study_and_where_they_are() -> None:
    source = dataset_of(written(an_image(1), an_image(2)))

    found = references_of(source.model)
    assert [one.sop_instance for one in found] == [f"{STUDY}.1.1", f"{STUDY}.1.2"]
    assert {(one.study, one.series, one.sop_class) for one in found} == {(STUDY, f"{STUDY}.1", CT)}
    assert found[0].retrieve_url == f"https://gw.fr/dicom-web/studies/{STUDY}/series/{STUDY}.1"
    assert found[0].location == "1.2.250.1.999.8"
    assert source.root.term == ("DCM", "113030")
    assert description(source.root) == (
        f"Examen : SCANNER THORACIQUE\nActe = Scanographie du thorax\nSérie-{STUDY}.1 : CT @ :"
        " Axial 1mm"
    )


def test_a_manifest_reads_back_as_the_study_it_lists() -> None:
    content = written(an_image(1), an_image(2))
    meta = read_file_meta(content)
    read = read_header(content[meta.dataset_offset :], meta.transfer_syntax)
    from gateway.fhir.wire import dumps  # noqa: PLC0415 - of this test

    one = Held(read.sop_instance, read.sop_class, dumps(read.attributes))
    study = map_held([one], {one.sop_uid: content}, Context()).study
    imaging, patient = study.entries[-1].resource, study.entries[0].resource

    assert imaging["numberOfInstances"] == 3
    assert patient["identifier"][0]["system"] == f"urn:oid:{INS}"
    assert {one["value"] for one in imaging["identifier"]} >= {"ACC7"}


def test_the_same_study_gives_the_same_manifest() -> None:
    assert written(an_image(1)) == written(an_image(1))


def test_letters_that_latin_1_lacks_are_written_in_unicode() -> None:
    latin, unicode_ = written(an_image(1)), written(an_image(1, SeriesDescription="Cœur"))

    assert dataset_of(latin).model["00080005"]["Value"] == ["ISO_IR 100"]
    assert dataset_of(unicode_).model["00080005"]["Value"] == ["ISO_IR 192"]
    assert "Cœur" in description(dataset_of(unicode_).root)


@pytest.mark.parametrize(
    ("report", "sentence"),
    [
        (cda(accession="ACC8"), "accession number of the images"),
        (cda(ins="299999999999934"), "patient of the images"),
        (cda(ipp="R78"), "patient of the images"),
        (cda(study="1.2.3"), "Study Instance UID"),
    ],
)
def test_a_manifest_of_another_examination_than_the_report_is_refused(
    report: bytes, sentence: str
) -> None:
    with pytest.raises(Conflict, match=sentence):
        written(an_image(1), report=report)


def test_one_image_of_another_accession_number_is_enough_to_refuse() -> None:
    with pytest.raises(Conflict, match="accession number"):
        written(an_image(1), an_image(2, AccessionNumber="ACC9"))


def test_a_report_of_the_study_is_taken() -> None:
    assert written(an_image(1), report=cda(study=STUDY))


def test_images_without_ins_make_no_manifest() -> None:
    with pytest.raises(RequiredMissing, match="INS"):
        written(an_image(1, PatientID="R77", IssuerOfPatientIDQualifiersSequence=[]))


def test_images_or_reports_without_accession_number_make_no_manifest() -> None:
    with pytest.raises(RequiredMissing, match="accession number"):
        written(an_image(1, AccessionNumber=""))
    with pytest.raises(RequiredMissing, match="accession number"):
        written(an_image(1), report=b'<ClinicalDocument xmlns="urn:hl7-org:v3"/>')


def test_a_study_without_images_makes_no_manifest() -> None:
    with pytest.raises(RequiredMissing, match="no images"):
        written(document("1.2.840.10008.5.1.4.1.1.88.22"))
