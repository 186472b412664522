from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import pytest
from fhir.resources.R4B.imagingstudy import ImagingStudy
from fhir.resources.R4B.patient import Patient
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Issue
from gateway.fhir.wire import dumps
from gateway.mapping.dicom.holding import map_held
from gateway.mapping.dicom.study import Context, StudyInstance, map_study
from gateway.mapping.entry import Key, Link, LinkKind, Mapped, Write

CT, KOS = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.88.59"
DCM = "http://dicom.nema.org/resources/ontology/DCM"
SNOMED = "http://snomed.info/sct"
V2_0203 = "http://terminology.hl7.org/CodeSystem/v2-0203"
FR_0203 = "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203"
STUDY = "1.2.250.1.999.5"

VRS = {
    "00080051": "SQ",
    "00081032": "SQ",
    "00100024": "SQ",
    "00101002": "SQ",
    "00400275": "SQ",
    "00400026": "SQ",
    "00080096": "SQ",
    "00401101": "SQ",
    "0040A370": "SQ",
    "0040A043": "SQ",
    "00100010": "PN",
    "00080090": "PN",
    "00081050": "PN",
    "00081060": "PN",
    "00081070": "PN",
}  # fmt: skip - a VR a tag


def model(**attributes: Any) -> dict[str, Any]:  # noqa: ANN401 - values of any VR
    """Return a DICOM JSON model; a name is `x` and the tag."""
    found = {}
    for name, value in attributes.items():
        tag = name[1:].upper()
        values = value if isinstance(value, list) else [value]
        if VRS.get(tag) == "PN":
            values = [{"Alphabetic": one} for one in values]
        found[tag] = {"vr": VRS.get(tag, "LO"), "Value": values}
    return found


def issuer(oid: str) -> dict[str, Any]:
    return model(x00400032=oid, x00400033="ISO")


def an_image(number: int = 1, series: int = 2, **more: Any) -> StudyInstance:  # noqa: ANN401 - as above
    attributes = model(
        x00080016=CT,
        x00080018=f"{STUDY}.{series}.{number}",
        x00080060="CT",
        x00100010="LEFÈVRE^François",
        x00100020="155999999999943",
        x00100021="ASIP-SANTE-INS-NIR",
        x00100024=issuer("1.2.250.1.213.1.4.10"),
        x0020000d=STUDY,
        x0020000e=f"{STUDY}.{series}",
        x00200011=series,
        x00200013=number,
    )
    return StudyInstance(attributes | model(**more), "CENTRE")


def resource(mapped: Mapped, resource_type: str) -> dict[str, Any]:
    return next(
        entry.resource
        for entry in mapped.entries
        if entry.resource["resourceType"] == resource_type
    )


def mapped_study(*study: StudyInstance) -> dict[str, Any]:
    return resource(map_study(study, Context("urn:site:accession")), "ImagingStudy")


def test_a_study_becomes_an_imaging_study_with_series_and_instances() -> None:
    study = map_study(
        [
            an_image(
                2,
                x00080008=["ORIGINAL", "PRIMARY"],
                x00080020="20260915",
                x00080030="091500",
                x00080201="+0200",
                x00080050="SC1",
                x00080051=issuer("1.2.250.1.999.21"),
                x00081030="SCANNER THORACIQUE",
                x0008103e="Axial",
                x00180015="CHEST",
            ),
            an_image(1),
        ],
        Context(),
    )
    patient, imaging = study.entries

    assert imaging.resource == {
        "resourceType": "ImagingStudy",
        "identifier": [
            {
                "type": {
                    "coding": [{"system": DCM, "code": "110180", "display": "Study Instance UID"}]
                },
                "system": "urn:dicom:uid",
                "value": f"urn:oid:{STUDY}",
            },
            {
                "type": {
                    "coding": [
                        {"system": V2_0203, "code": "ACSN"},
                        {"system": DCM, "code": "121022", "display": "Accession Number"},
                    ]
                },
                "system": "urn:oid:1.2.250.1.999.21",
                "value": "SC1",
            },
        ],
        "status": "available",
        "modality": [{"system": DCM, "code": "CT"}],
        "subject": {"reference": patient.full_url},
        "started": "2026-09-15T09:15:00+02:00",
        "numberOfSeries": 1,
        "numberOfInstances": 2,
        "description": "SCANNER THORACIQUE",
        "series": [
            {
                "uid": f"{STUDY}.2",
                "number": 2,
                "modality": {"system": DCM, "code": "CT"},
                "description": "Axial",
                "numberOfInstances": 2,
                "bodySite": {"system": SNOMED, "code": "816094009", "display": "Chest"},
                "instance": [
                    {
                        "uid": f"{STUDY}.2.1",
                        "sopClass": {
                            "system": "urn:ietf:rfc:3986",
                            "code": f"urn:oid:{CT}",
                            "display": "CT Image Storage",
                        },
                        "number": 1,
                    },
                    {
                        "uid": f"{STUDY}.2.2",
                        "sopClass": {
                            "system": "urn:ietf:rfc:3986",
                            "code": f"urn:oid:{CT}",
                            "display": "CT Image Storage",
                        },
                        "number": 2,
                        "title": "ORIGINAL\\PRIMARY",
                    },
                ],
            }
        ],
    }
    assert (imaging.keys, imaging.write) == (
        (Key("urn:dicom:uid", f"urn:oid:{STUDY}"),),
        Write.ASSERT,
    )
    assert study.links == (
        Link(LinkKind.STUDY, "urn:dicom:uid", f"urn:oid:{STUDY}"),
        Link(LinkKind.ACCESSION, "urn:oid:1.2.250.1.999.21", "SC1"),
    )
    assert (study.subject, study.study) == (patient.full_url, imaging.full_url)
    assert study.warnings == ()


def test_the_patient_is_mentioned_by_ins_first_and_by_every_other_number() -> None:
    other = model(x00100020="IPP1", x00100021="CENTRE", x00100024=issuer("1.2.250.1.999.2"))
    local_first = an_image(
        x00100020="IPP2",
        x00100021="",
        x00100024=[],
        x00100030="19550601",
        x00100040="M",
        x00101002=[
            other,
            model(x00100020="155999999999943", x00100024=issuer("1.2.250.1.213.1.4.8")),
        ],
    )
    entry = map_study([local_first], Context()).entries[0]

    assert entry.resource == {
        "resourceType": "Patient",
        "identifier": [
            {
                "use": "official",
                "type": {"coding": [{"system": FR_0203, "code": "INS-NIR"}]},
                "system": "urn:oid:1.2.250.1.213.1.4.8",
                "value": "155999999999943",
            },
            {
                "use": "usual",
                "type": {"coding": [{"system": V2_0203, "code": "PI"}]},
                "system": "urn:passerelle:sender:CENTRE",
                "value": "IPP2",
            },
            {
                "use": "usual",
                "type": {"coding": [{"system": V2_0203, "code": "PI"}]},
                "system": "urn:oid:1.2.250.1.999.2",
                "value": "IPP1",
                "assigner": {"display": "CENTRE"},
            },
        ],
        "name": [{"family": "LEFÈVRE", "given": ["François"]}],
        "gender": "male",
        "birthDate": "1955-06-01",
    }
    assert [key.value for key in entry.keys] == ["155999999999943", "IPP2", "IPP1"]
    assert entry.write is Write.MENTION


@pytest.mark.parametrize(
    ("name", "qualifier", "system"),
    [
        ("ASIP-SANTE-INS-NIR", [], "urn:oid:1.2.250.1.213.1.4.8"),
        ("ASIP-SANTE-INS-NIA", [], "urn:oid:1.2.250.1.213.1.4.9"),
        ("1.2.250.1.999.3", [], "urn:oid:1.2.250.1.999.3"),
        ("RIS & Cie", [], "urn:passerelle:namespace:RIS%20%26%20Cie"),
        ("RIS", issuer("1.2.250.1.999.3"), "urn:oid:1.2.250.1.999.3"),
        ("RIS", model(x00400032="https://ris.fr/ipp", x00400033="URI"), "https://ris.fr/ipp"),
        ("", [], "urn:passerelle:sender:CENTRE"),
    ],
)
def test_a_patient_number_is_of_its_issuer(
    name: str,
    qualifier: Any,  # noqa: ANN401 - an item or none
    system: str,
) -> None:
    image = an_image(x00100021=name, x00100024=qualifier)

    assert map_study([image], Context()).entries[0].keys == (Key(system, "155999999999943"),)


def test_images_without_patient_are_held_under_the_study_and_it_is_said() -> None:
    study = map_study([an_image(x00100020="", x00100010="")], Context())

    assert study.entries[0].resource == {"resourceType": "Patient"}
    assert study.entries[0].keys == (Key("urn:dicom:uid", f"urn:oid:{STUDY}"),)
    assert study.warnings == (
        Issue(
            "The images name no patient (0010,0020): the patient is known by the study alone.",
            "ImagingStudy.subject",
            severity="warning",
            code="required",
        ),
    )


def test_two_patients_in_one_study_are_reported() -> None:
    study = map_study([an_image(1), an_image(2, x00100020="260057599999996")], Context())

    assert study.entries[0].keys[0].value == "155999999999943"
    assert [issue.code for issue in study.warnings] == ["conflict"]


def test_order_numbers_come_from_the_request_with_their_issuers() -> None:
    request = model(
        x00080050="SC1",
        x00402016="P1",
        x00400026=issuer("1.2.250.1.999.31"),
        x00402017="F1",
    )
    study = map_study([an_image(x00080050="SC1", x00400275=request)], Context("urn:site"))

    assert study.links[1:] == (
        Link(LinkKind.ACCESSION, "urn:site", "SC1"),
        Link(LinkKind.PLACER, "urn:oid:1.2.250.1.999.31", "P1"),
        Link(LinkKind.FILLER, "", "F1"),
    )
    assert [
        (item.get("system"), item["value"])
        for item in resource(study, "ImagingStudy")["identifier"][1:]
    ] == [("urn:site", "SC1"), ("urn:oid:1.2.250.1.999.31", "P1"), (None, "F1")]


def test_an_accession_number_with_and_without_issuer_is_one() -> None:
    request = model(x00080050="SC1", x00080051=issuer("1.2.250.1.999.21"))
    study = map_study([an_image(x00080050="SC1", x00400275=request)], Context("urn:site"))

    assert study.links[1:] == (Link(LinkKind.ACCESSION, "urn:oid:1.2.250.1.999.21", "SC1"),)


def test_a_referring_physician_with_rpps_is_a_practitioner() -> None:
    code = model(x00080100="810002909371", x00080102="L", x00080104="RPPS")
    study = map_study(
        [an_image(x00080090="DURAND^Luc", x00080096=model(x00401101=code))], Context()
    )
    practitioner = study.entries[1]

    assert practitioner.keys == (
        Key("https://rpps.esante.gouv.fr", "10002909371"),
        Key("urn:oid:1.2.250.1.71.4.2.1", "810002909371"),
    )
    assert practitioner.resource["name"] == [{"family": "DURAND", "given": ["Luc"]}]
    assert resource(study, "ImagingStudy")["referrer"] == {
        "reference": practitioner.full_url,
        "display": "Luc DURAND",
    }


def test_persons_without_number_are_named() -> None:
    study = mapped_study(
        an_image(x00080090="DURAND^Luc", x00081060="ROCHE^Anne", x00081070=["MANIP^Paul"])
    )

    assert study["referrer"] == {"display": "Luc DURAND"}
    assert study["interpreter"] == [{"display": "Anne ROCHE"}]
    assert [one["actor"] for one in study["series"][0]["performer"]] == [{"display": "Paul MANIP"}]


def test_reason_and_procedure_come_from_the_request_when_the_image_has_none() -> None:
    code = model(x00080100="ZBQK001", x00080102="CCAM", x00080104="Scanographie du thorax")
    request = model(x00321064=code, x00321060="Scanner", x00401002="Nodule à contrôler")
    request["00321064"]["vr"] = "SQ"
    study = mapped_study(an_image(x00400275=request))

    assert study["procedureCode"] == [
        {
            "coding": [
                {
                    "system": "https://smt.esante.gouv.fr/terminologie-ccam",
                    "code": "ZBQK001",
                    "display": "Scanographie du thorax",
                }
            ],
            "text": "Scanographie du thorax",
        }
    ]
    assert study["reasonCode"] == [{"text": "Nodule à contrôler"}]
    assert study["description"] == "Scanner"


@pytest.mark.parametrize(
    ("date", "time", "offset", "started"),
    [
        ("20260915", "091500", "+0200", "2026-09-15T09:15:00+02:00"),
        ("20260115", "091500", "", "2026-01-15T09:15:00+01:00"),
        ("20260915", "0915", "", "2026-09-15T09:15:00+02:00"),
        ("20260915", "091500.123000", "+0000", "2026-09-15T09:15:00.123000+00:00"),
        ("2026.09.15", "09:15:00", "", "2026-09-15T09:15:00+02:00"),
        ("20260915", "", "+0200", "2026-09-15"),
        ("20260915", "99", "", "2026-09-15"),
        ("20260915", "996100", "", "2026-09-15"),
        ("20261399", "091500", "", None),
        ("hier", "091500", "", None),
    ],
)
def test_a_study_starts_in_its_own_zone_or_in_french_time(
    date: str, time: str, offset: str, started: str | None
) -> None:
    study = mapped_study(an_image(x00080020=date, x00080030=time, x00080201=offset))

    assert study.get("started") == started


@pytest.mark.parametrize(
    ("sides", "code"),
    [(("L", "L"), "7771000"), (("R", "R"), "24028007"), (("L", "R"), "51440002")],
)
def test_a_series_has_the_side_of_its_images(sides: tuple[str, str], code: str) -> None:
    study = mapped_study(*(an_image(n, x00200062=side) for n, side in enumerate(sides)))

    assert study["series"][0]["laterality"]["code"] == code


def test_an_unpaired_organ_has_no_side_and_an_unknown_region_its_name() -> None:
    series = mapped_study(an_image(x00200060="U", x00180015="MACHIN"))["series"][0]

    assert series["bodySite"] == {"display": "MACHIN"}
    assert "laterality" not in series


def test_manifests_are_series_but_no_modality_of_the_study() -> None:
    manifest = an_image(1, series=59, x00080016=KOS, x00080060="KO")
    study = mapped_study(manifest, an_image())

    assert study["modality"] == [{"system": DCM, "code": "CT"}]
    assert [one["modality"]["code"] for one in study["series"]] == ["CT", "KO"]


def test_faulty_numbers_are_left_out() -> None:
    image = an_image(x00200011="2A", x00200013=-1)
    series = mapped_study(image)["series"][0]

    assert "number" not in series
    assert "number" not in series["instance"][0]


@given(st.integers())
def test_the_order_of_arrival_changes_nothing(seed: int) -> None:
    study = [
        an_image(n, series, x00081030=f"Série {series}" if n == 2 else "")
        for series in (3, 2)
        for n in (1, 2, 3)
    ]
    shuffled = random.Random(seed).sample(study, len(study))

    assert map_study(shuffled, Context()) == map_study(study, Context())


def test_what_is_held_is_mapped_from_its_json() -> None:
    @dataclass(frozen=True)
    class Held:
        sop_uid: str
        sop_class: str
        header: bytes
        calling_ae: str

    image = an_image()
    held = Held("1.2", CT, dumps(image.attributes), "CENTRE")

    mapped = map_held([held], {}, Context("urn:site"))

    assert mapped.study == map_study([image], Context("urn:site"))
    assert (mapped.documents, mapped.rejections) == ((), ())


def test_the_resources_are_fhir() -> None:
    study = map_study([an_image(x00080020="20260915", x00080050="SC1")], Context("urn:site"))

    ImagingStudy.model_validate(resource(study, "ImagingStudy"))
    Patient.model_validate(resource(study, "Patient"))
