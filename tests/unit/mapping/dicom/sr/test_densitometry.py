from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from tests.documents import code, coded, container, num, report, resources, words

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

MAKER = "99MAKER"


def densities(*content: Dataset) -> list[dict[str, Any]]:
    title = code("38268-9", "LN", "DXA Skeletal system Views for bone density")
    return resources(report(title, *content, VerificationFlag="VERIFIED"), "Observation")


def test_an_exam_of_regions_is_a_bmd_a_t_score_and_a_z_score_of_each() -> None:
    bmd, t_score, z_score = densities(
        container(
            code("20002", MAKER, "Left Femur"),
            container(
                code("RN", MAKER, "Neck"),
                num(code("BMD", MAKER, "BMD"), "0.701", "g/cm2"),
                num(code("TSC", MAKER, "Young Adult T-score"), "-2.60", "1"),
                num(code("ZSC", MAKER, "Age Matched Z-score"), "-1.1", "1"),
            ),
        )
    )

    site = {
        "coding": [
            {"system": "http://snomed.info/sct", "code": "29627003", "display": "Neck of femur"}
        ],
        "text": "Left Femur, Neck",
    }
    assert [one["bodySite"] for one in (bmd, t_score, z_score)] == [site] * 3
    assert bmd["code"]["coding"][0]["code"] == "440100001"
    assert bmd["valueQuantity"] == {
        "value": Decimal("0.701"),
        "unit": "g/cm2",
        "system": "http://unitsofmeasure.org",
        "code": "g/cm2",
    }
    assert t_score["code"] == {
        "coding": [
            {
                "system": "http://loinc.org",
                "code": "38263-0",
                "display": "DXA Bone density T-score",
            },
            {"code": "TSC", "display": "Young Adult T-score"},
        ],
        "text": "T-score",
    }
    assert t_score["valueQuantity"]["value"] == Decimal("-2.60")
    assert z_score["code"]["coding"][0]["code"] == "38264-8"
    assert bmd["component"][0]["valueCodeableConcept"]["coding"][0]["code"] == "7771000"
    assert bmd["method"]["coding"][0]["code"] == "300004007"


def test_a_measurement_group_of_bone_density_has_the_same_shape() -> None:
    (found,) = resources(
        report(
            code("126000"),
            container(
                code("125007"),
                words(code("112039"), "Rachis L1-L4", by="HAS OBS CONTEXT"),
                coded(code("363698007", "SCT"), code("122496007", "SCT", "Lumbar spine")),
                num(code("38263-0", "LN", "T-score"), "-2.0", "1"),
            ),
        ),
        "Observation",
    )

    assert found["bodySite"]["text"] == "Rachis L1-L4"
    assert found["bodySite"]["coding"][0]["code"] == "122496007"
    assert found["code"]["text"] == "T-score"


@pytest.mark.parametrize(
    ("exam", "region", "site", "side"),
    [
        ("AP Spine", "L1-L4", "122496007", None),
        ("Right Femur", "Total", "71341001", "24028007"),
        ("Col fémoral gauche", "Col", "29627003", "7771000"),
        ("Left Forearm", "Radius 33%", "62413002", "7771000"),
        ("Total Body", "Head", "38266002", None),
        ("Examen", "R1", None, None),
    ],
)
def test_a_region_is_known_by_its_words(
    exam: str, region: str, site: str | None, side: str | None
) -> None:
    (found,) = densities(
        container(
            code("1", MAKER, exam),
            container(code("2", MAKER, region), num(code("3", MAKER, "BMD"), "1.0", "g/cm2")),
        )
    )

    codes = [one["code"] for one in found["bodySite"].get("coding", [])]
    sides = [one["valueCodeableConcept"]["coding"][0]["code"] for one in found.get("component", [])]
    assert (codes, sides) == ([site] if site else [], [side] if side else [])
    assert found["bodySite"]["text"] == f"{exam}, {region}"


def test_an_area_that_is_no_bone_stays_a_measurement() -> None:
    (found,) = resources(
        report(code("126000"), num(code("42798000", "SCT", "Area"), "3", "cm2")), "Observation"
    )

    assert found["code"]["text"] == "Area"
