"""A report that comes after the modality has said that the exam is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydicom.dataset import Dataset

from gateway.ingest.procedure_step import ProcedureStepIngest, nobody, study_changed
from gateway.ingest.worklist import WorklistIngest
from tests.contract.ingest import story
from tests.contract.ingest.test_studies import FINDINGS, Centre, an_image
from tests.documents import STUDY, code, report

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.dicom.json_model import Model
    from gateway.store.api import Store

WHO = {
    "PatientID": "R77",
    "IssuerOfPatientID": "CENTRE",
    "PatientName": "DURAND^Zoé",
    "PatientBirthDate": "19800101",
    "AccessionNumber": "ACC1",
}
VERIFIED = {"CompletionFlag": "COMPLETE", "VerificationFlag": "VERIFIED"}
ORDER = story.message(
    story.header("ORM^O01^ORM_O01", "ORM9"),
    story.CENTRE_PID.replace("CENTRE&1.2.250.1.999.2&ISO", "CENTRE"),
    "ORC|NW|PL1^LGC|FI1^RIS",
    "OBR|1|PL1^LGC|FI1^RIS|30620-9^CT rachis lombaire^LN||||||||||||||ACC1||||||CT",
)


@pytest.fixture
def centre(sqlite_store: Store, tmp_path: Path) -> Centre:
    """Return a centre whose modality has done what was ordered."""
    sqlite_store.watch(study_changed)
    found = Centre(sqlite_store, tmp_path)
    assert b"MSA|AA" in found.send(ORDER)
    steps = ProcedureStepIngest(
        sqlite_store,
        found.linking,
        accession_system="",
        catch_up=WorklistIngest(sqlite_store, {}).catch_up,
        announce=nobody,
    )
    steps.create(f"{STUDY}.5", performed(), "CT1")
    steps.change(f"{STUDY}.5", model(PerformedProcedureStepStatus="COMPLETED"), "CT1")
    found.send_all(an_image(1, **WHO))
    assert standing(found) == ("completed", "completed", "completed")
    return found


def model(**attributes: object) -> Model:
    dataset = Dataset()
    for name, value in attributes.items():
        setattr(dataset, name, value)
    said: Model = dataset.to_json_dict()
    return said


def performed() -> Model:
    scheduled = Dataset()
    scheduled.StudyInstanceUID, scheduled.AccessionNumber = STUDY, "ACC1"
    return model(
        PerformedProcedureStepStatus="IN PROGRESS",
        PerformedProcedureStepStartDate="20260915",
        PerformedProcedureStepStartTime="091500",
        PerformedStationAETitle="CT1",
        Modality="CT",
        ScheduledStepAttributesSequence=[scheduled],
        **{name: value for name, value in WHO.items() if name != "AccessionNumber"},
    )


def standing(centre: Centre) -> tuple[Any, ...]:
    kinds = ("ServiceRequest", "Task", "Procedure")
    return tuple(centre.one(kind)["status"] for kind in kinds)


def order(centre: Centre) -> list[dict[str, str]]:
    return [{"reference": f"ServiceRequest/{centre.one('ServiceRequest')['id']}"}]


def a_message(centre: Centre) -> None:
    said = story.report("F").replace(b"CENTRE&1.2.250.1.999.2&ISO", b"CENTRE")
    assert b"MSA|AA" in centre.send(said)


def a_structured_report(centre: Centre) -> None:
    centre.send_all(report(code("18748-4", "LN"), FINDINGS, **VERIFIED, **WHO))


@pytest.mark.parametrize("arrive", [a_message, a_structured_report])
def test_a_report_that_comes_after_the_exam_is_of_its_order(centre: Centre, arrive: Any) -> None:  # noqa: ANN401 - either
    arrive(centre)

    found, study = centre.one("DiagnosticReport"), centre.one("ImagingStudy")
    assert found["status"] == "final"
    assert [one["reference"] for one in found["basedOn"]] == [order(centre)[0]["reference"]]
    assert found["imagingStudy"] == [{"reference": f"ImagingStudy/{study['id']}"}]
    assert study["basedOn"] == order(centre)
    assert centre.one("Procedure")["basedOn"] == order(centre)
    assert standing(centre) == ("completed", "completed", "completed")
    subjects = {
        centre.one(kind)["subject"]["reference"]
        for kind in ("ServiceRequest", "Procedure", "ImagingStudy", "DiagnosticReport")
    }
    assert len(subjects) == 1


@pytest.mark.parametrize("status", ["P", "C"])
def test_what_is_under_way_in_a_report_opens_no_order_again(centre: Centre, status: str) -> None:
    said = story.report(status).replace(b"CENTRE&1.2.250.1.999.2&ISO", b"CENTRE")
    assert b"MSA|AA" in centre.send(said)

    assert centre.one("DiagnosticReport")["basedOn"][0] == order(centre)[0]
    assert standing(centre) == ("completed", "completed", "completed")
