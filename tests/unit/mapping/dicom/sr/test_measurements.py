from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.mapping.dicom.documents import map_document
from gateway.mapping.dicom.sr import measurements
from tests.documents import (
    STUDY_URL,
    SUBJECT,
    code,
    coded,
    container,
    file_of,
    image,
    item,
    num,
    report,
    resources,
    uid,
    words,
)

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

SCT = "http://snomed.info/sct"
DIAMETER = code("81827009", "SCT", "Diameter")
SITE = code("363698007", "SCT", "Finding Site")
LUNG = code("39607008", "SCT", "Lung")


def observations(*content: Dataset) -> list[dict[str, Any]]:
    title = code("126000", meaning="Imaging Measurement Report")
    return resources(report(title, *content), "Observation")


def modifier(name: Dataset, value: Dataset, *below: Dataset) -> Dataset:
    return coded(name, value, *below, by="HAS CONCEPT MOD")


def test_a_measurement_group_holds_its_measurements() -> None:
    member, group = observations(
        container(
            code("125007", meaning="Measurement Group"),
            words(code("112039"), "Nodule 1", by="HAS OBS CONTEXT"),
            uid(code("112040"), "1.2.77", by="HAS OBS CONTEXT"),
            coded(code("276214006", "SCT"), code("49755003", "SCT", "Abnormal structure")),
            coded(code("121071"), code("27925004", "SCT", "Nodule")),
            coded(
                SITE,
                LUNG,
                coded(
                    code("272741003", "SCT"), code("7771000", "SCT", "Left"), by="HAS CONCEPT MOD"
                ),
                by="HAS CONCEPT MOD",
            ),
            num(
                DIAMETER,
                "10.0",
                "mm",
                coded(
                    code("370129005", "SCT"), code("126030", meaning="Manual"), by="HAS CONCEPT MOD"
                ),
                coded(code("121402"), code("17621005", "SCT", "Normal"), by="HAS PROPERTIES"),
            ),
            coded(code("121403", meaning="Significance"), code("371928007", "SCT", "None")),
            item(
                "SCOORD", code("111030"), image("1.2.9", by="SELECTED FROM"), GraphicType="CIRCLE"
            ),
        )
    )  # fmt: skip - the tree as it stands

    site = {
        "coding": [{"system": SCT, "code": "39607008", "display": "Lung"}],
        "text": "Lung, Left",
    }
    assert group["code"]["coding"][0]["code"] == "49755003"
    assert group["valueCodeableConcept"]["text"] == "Nodule"
    assert group["bodySite"] == member["bodySite"] == site
    assert group["identifier"][1:] == [
        {"system": "urn:dicom:uid", "value": "urn:oid:1.2.77"},
        {"system": "urn:passerelle:tracking-identifier", "value": "Nodule 1"},
    ]
    assert [one["code"]["text"] for one in group["component"]] == ["Significance", "272741003"]
    assert group["derivedFrom"][0]["extension"][0]["valueUri"] == "urn:oid:1.2.9"
    assert len(group["hasMember"]) == 1
    assert member["code"]["text"] == "Diameter"
    assert member["valueQuantity"] == {
        "value": 10.0,
        "unit": "mm",
        "system": "http://unitsofmeasure.org",
        "code": "mm",
    }
    assert member["method"]["text"] == "Manual"
    assert member["interpretation"][0]["text"] == "Normal"
    assert member["status"] == "final"


def test_a_measurement_is_of_the_site_that_stands_above_it() -> None:
    (found,) = observations(
        container(
            code("121070", meaning="Findings"),
            coded(SITE, code("10200004", "SCT", "Liver"), by="HAS CONCEPT MOD"),
            container(
                code("1", "99X", "Dims"), num(code("410668003", "SCT", "Length"), "142", "mm")
            ),
        )
    )

    assert found["bodySite"]["text"] == "Liver"


def test_a_measurement_has_its_own_uid_and_time() -> None:
    own = num(DIAMETER, "1", "mm")
    own.ObservationDateTime, own.ObservationUID = "20260101100000", "1.2.88"

    (found,) = observations(own)

    assert found["identifier"][1] == {"system": "urn:dicom:uid", "value": "urn:oid:1.2.88"}
    assert found["effectiveDateTime"] == "2026-01-01T10:00:00+02:00"


def test_a_measurement_without_value_says_why() -> None:
    absent = item("NUM", DIAMETER)
    absent.NumericValueQualifierCodeSequence = [code("114009", meaning="Value out of range")]

    found, without = observations(absent, item("NUM", None))

    assert found["dataAbsentReason"]["text"] == "Value out of range"
    assert without["dataAbsentReason"]["coding"][0]["code"] == "unknown"
    assert without["code"] == {"text": "NUM"}


def test_what_the_code_says_no_component_says_again() -> None:
    (found,) = observations(num(DIAMETER, "1", "mm", words(DIAMETER, "encore")))

    assert "component" not in found


def test_ten_thousand_measurements_are_not_ten_thousand_resources() -> None:
    dataset = report(code("126000"), *(num(DIAMETER, "1", "mm") for _ in range(4100)))

    mapped = map_document(file_of(dataset), SUBJECT, STUDY_URL)

    assert len(mapped.entries) == measurements.MOST + 1
    assert [one.code for one in mapped.warnings] == ["too-long"]
