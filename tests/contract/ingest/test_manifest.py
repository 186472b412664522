"""The manifest of a study that is held: what it lists, and when there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.errors import Conflict, NotFound, RequiredMissing
from gateway.ingest.manifest import study_manifest
from gateway.mapping.dicom.key_objects import references_of
from tests.contract.ingest.test_studies import Centre, a_note
from tests.documents import STUDY
from tests.unit.mapping.to_dicom.test_manifest import AT, SITE, an_image, cda, dataset_of

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.store.api import Store


@pytest.fixture
def centre(store: Store, tmp_path: Path) -> Centre:
    made = Centre(store, tmp_path)
    made.send_all(an_image(1), an_image(2), an_image(3), a_note("113001", f"{STUDY}.1.2"))
    return made


def listed(centre: Centre, report: bytes, study: str = "") -> list[str]:
    content = study_manifest(
        centre.store, centre.objects, report, SITE, AT, study_uid=study
    )  # fmt: skip - one call
    return [one.sop_instance for one in references_of(dataset_of(content).model)]


def test_a_manifest_lists_what_is_held_without_what_was_rejected(centre: Centre) -> None:
    assert listed(centre, cda(study=STUDY)) == [f"{STUDY}.1.1", f"{STUDY}.1.3"]
    assert listed(centre, cda(), STUDY) == [f"{STUDY}.1.1", f"{STUDY}.1.3"]


@pytest.mark.parametrize(
    ("report", "study", "refusal"),
    [
        (cda(), "", RequiredMissing),
        (cda(), "1.2.3.4", NotFound),
        (cda("OTHER"), STUDY, Conflict),
        (cda(ins="255999999999943"), STUDY, Conflict),
    ],
    ids=["no study named", "study not held", "another accession number", "another patient"],
)
def test_there_is_no_manifest_of_what_is_not_the_same(
    centre: Centre, report: bytes, study: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        listed(centre, report, study)
