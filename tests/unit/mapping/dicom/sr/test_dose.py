from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.documents import (
    DOSE_SR,
    STUDY_URL,
    SUBJECT,
    code,
    coded,
    container,
    image,
    item,
    num,
    report,
    resources,
    uid,
    words,
)

DCM = "http://dicom.nema.org/resources/ontology/DCM"
SCT = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"
TITLE = code("113701", meaning="X-Ray Radiation Dose Report")


def observations(*content: Any, **more: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - items
    return resources(report(TITLE, *content, sop_class=DOSE_SR, **more))


def component(term: str, meaning: str, value: Any, unit: str) -> dict[str, Any]:  # noqa: ANN401 - a number
    said = {"coding": [{"system": DCM, "code": term, "display": meaning}], "text": meaning}
    return {
        "code": said,
        "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit},
    }


def test_a_ct_dose_report_is_its_events_and_its_total() -> None:
    event, total = observations(
        words(
            code("121014", meaning="Device Observer Manufacturer"), "SYNTH", by="HAS OBS CONTEXT"
        ),
        words(code("121015", meaning="Device Observer Model Name"), "CT1", by="HAS OBS CONTEXT"),
        words(code("121016", meaning="Serial Number"), "SN1", by="HAS OBS CONTEXT"),
        item("DATETIME", code("113809"), DateTime="20260915091500", by="HAS OBS CONTEXT"),
        item("DATETIME", code("113810"), DateTime="20260915091530", by="HAS OBS CONTEXT"),
        container(
            code("113811", meaning="CT Accumulated Dose Data"),
            num(code("113812", meaning="Total Number of Irradiation Events"), "1", "{events}"),
            num(code("113813", meaning="CT Dose Length Product Total"), "415.82", "mGycm"),
        ),
        container(
            code("113819", meaning="CT Acquisition"),
            words(code("125203", meaning="Acquisition Protocol"), "Thorax"),
            coded(code("123014", meaning="Target Region"), code("T-D3000", "SRT", "Chest")),
            uid(code("113769", meaning="Irradiation Event UID"), "1.2.3.4"),
            container(
                code("113829", meaning="CT Dose"),
                num(code("113830", meaning="Mean CTDIvol"), "15.45", "mGy"),
                num(code("113838", meaning="DLP"), "29.67", "mGy.cm"),
            ),
        ),
    )

    assert event == {
        "resourceType": "Observation",
        "identifier": [
            {"system": "urn:passerelle:observation", "value": event["identifier"][0]["value"]},
            {"system": "urn:dicom:uid", "value": "urn:oid:1.2.3.4"},
        ],
        "partOf": [{"reference": STUDY_URL}],
        "status": "final",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                        "code": "imaging",
                        "display": "Imaging",
                    }
                ]
            }
        ],
        "subject": {"reference": SUBJECT},
        "effectiveDateTime": "2026-09-15T09:30:00+02:00",
        "code": {
            "coding": [{"system": DCM, "code": "113819", "display": "CT Acquisition"}],
            "text": "CT Acquisition",
        },
        "bodySite": {
            "coding": [{"system": SCT, "code": "51185008", "display": "Chest"}],
            "text": "Chest",
        },
        "method": {"text": "Thorax"},
        "device": {"type": "Device", "identifier": {"value": "SN1"}, "display": "SYNTH CT1"},
        "derivedFrom": [{"reference": STUDY_URL}],
        "component": [
            component("113830", "Mean CTDIvol", Decimal("15.45"), "mGy"),
            component("113838", "DLP", Decimal("29.67"), "mGy.cm"),
        ],
    }
    assert total["code"]["coding"][0]["code"] == "73569-6"
    assert total["valueString"] == "Nombre d'expositions : 1 ; PDL total : 415,8 mGy.cm"
    assert total["effectivePeriod"] == {
        "start": "2026-09-15T09:15:00+02:00",
        "end": "2026-09-15T09:15:30+02:00",
    }
    assert [one["valueQuantity"]["value"] for one in total["component"]] == [1, Decimal("415.82")]
    assert len(total["hasMember"]) == 1


def test_a_projection_dose_report_says_its_totals_as_french_readers_know_them() -> None:
    total, *_ = observations(
        container(
            code("113702", meaning="Accumulated X-Ray Dose Data"),
            coded(code("113764", meaning="Acquisition Plane"), code("113622")),
            container(code("122505"), num(code("122322", meaning="Calibration Factor"), "1", "1")),
            num(code("113722", meaning="Dose Area Product Total"), "1.6e-005", "Gym2"),
            num(code("113725", meaning="Dose (RP) Total"), "0.00252", "Gy"),
            num(code("113730", meaning="Total Fluoro Time"), "28", "s"),
        ),
    )

    assert total["valueString"] == (
        "PDS total : 16 cGy.cm² ; Kerma au point de référence : 2,52 mGy ; Temps de scopie : 28 s"
    )
    assert [one["code"]["coding"][0]["code"] for one in total["component"]] == [
        "113764",
        "113722",
        "113725",
        "113730",
    ]  # fmt: skip - one line
    assert total["component"][1]["valueQuantity"]["code"] == "Gy.m2"


def test_an_event_says_which_images_it_made_and_not_where_the_table_stood() -> None:
    (event,) = observations(
        container(
            code("113706", meaning="Irradiation Event X-Ray Data"),
            item("DATETIME", code("111526"), DateTime="20260915091200.5"),
            image("1.2.9", code("113795", meaning="Acquired Image")),
            num(code("122130", meaning="Dose Area Product"), "0.000001", "Gy.m2"),
            num(code("113751", meaning="Table Longitudinal Position"), "-25.9", "mm"),
            num(code("006", "99PHI", "Bottom Shutter"), "131", "mm"),
        ),
    )

    assert event["effectiveDateTime"] == "2026-09-15T09:12:00.5+02:00"
    assert [one["code"]["text"] for one in event["component"]] == ["Dose Area Product"]
    assert event["derivedFrom"] == [
        {
            "reference": STUDY_URL,
            "extension": [
                {"url": "urn:passerelle:extension:sop-instance", "valueUri": "urn:oid:1.2.9"}
            ],
        }
    ]


def test_a_breast_dose_is_said_by_its_side() -> None:
    side = coded(
        code("G-C171", "SRT", "Laterality"),
        code("T-04030", "SRT", "Left breast"),
        by="HAS CONCEPT MOD",
    )  # fmt: skip - what it is, on one line
    dose = code("111637", meaning="Accumulated Average Glandular Dose")
    (total,) = observations(container(code("113702"), num(dose, "1.30", "mGy", side)))

    assert total["valueString"] == "Dose glandulaire moyenne cumulée (Left breast) : 1,3 mGy"
    assert total["component"][0]["code"]["text"].endswith(", Left breast")


@pytest.mark.parametrize(
    ("flags", "status"),
    [
        ({}, "final"),
        ({"CompletionFlag": "PARTIAL"}, "preliminary"),
        ({"CompletionFlag": "PARTIAL", "PreliminaryFlag": "FINAL"}, "final"),
        ({"PreliminaryFlag": "PRELIMINARY"}, "preliminary"),
    ],
)
def test_the_status_is_what_the_flags_say(flags: dict[str, str], status: str) -> None:
    (total,) = observations(container(code("113702", meaning="Accumulated")), **flags)

    assert (total["status"], total["valueString"]) == (status, "Accumulated")


def test_each_plane_has_a_total_of_its_own() -> None:
    found = observations(container(code("113702")), container(code("113702")))

    assert len({one["identifier"][0]["value"] for one in found}) == 2
