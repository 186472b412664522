"""Documents of real devices, of other people's software and of the MADO profile, mapped whole."""

from __future__ import annotations

import random
import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any

import pydicom
import pytest

from gateway.dicom.header import read_header
from gateway.dicom.part10 import read_file_meta
from gateway.errors import GatewayError
from gateway.fhir.validation import validate
from gateway.fhir.wire import dumps, loads
from gateway.mapping.dicom.documents import map_document
from gateway.mapping.dicom.holding import map_held
from gateway.mapping.dicom.study import Context
from tests.documents import STUDY_URL, SUBJECT
from tests.unit.mapping.dicom.test_holding import Held

if TYPE_CHECKING:
    from pathlib import Path

# What a file becomes: how many resources of each type, and the line that a person reads first.
DOSE = {
    "CT-ESR-GE_Optima": (7, "Nombre d'expositions : 6 ; PDL total : 415,8 mGy.cm"),
    "CT-RDSR-GEPixelMed": (3, "Nombre d'expositions : 2 ; PDL total : 586,3 mGy.cm"),
    "CT-RDSR-Siemens-Continued-2": (3, "Nombre d'expositions : 2 ; PDL total : 56,44 mGy.cm"),
    "CT-RDSR-Siemens-Multi-2": (3, "Nombre d'expositions : 2 ; PDL total : 77,27 mGy.cm"),
    "CT-RDSR-Siemens_Flash-QA-DS": (10, "Nombre d'expositions : 9 ; PDL total : 1590 mGy.cm"),
    "CT-RDSR-ToshibaPixelMed": (4, "Nombre d'expositions : 3 ; PDL total : 349,7 mGy.cm"),
    "CT-RDSR-Toshiba_MultiValSD": (4, "Nombre d'expositions : 3 ; PDL total : 136,9 mGy.cm"),
    "DX-RDSR-Canon_CXDI": (2, "PDS total : 10,7 cGy.cm² ; PDS graphie : 10,7 cGy.cm²"),
    "Dual-RDSR-DX": (
        2,
        (
            "PDS total : 2,39 cGy.cm² ; Kerma au point de référence : 0 mGy ; "
            "PDS scopie : 0 cGy.cm² ; Temps de scopie : 0 s ; PDS graphie : 2,39 cGy.cm²"
        ),
    ),
    "MG-RDSR-Hologic_2D": (
        3,
        (
            "Dose glandulaire moyenne cumulée (Left breast) : 1,3 mGy ; "
            "Dose glandulaire moyenne cumulée (Right breast) : 1,28 mGy"
        ),
    ),
    "RF-No-kVp-and-others": (
        21,
        (
            "PDS total : 29,54 cGy.cm² ; Kerma au point de référence : 1,313 mGy ; "
            "PDS scopie : 29,54 cGy.cm² ; Temps de scopie : 19,4 s ; PDS graphie : 0 cGy.cm² ; "
            "Nombre d'images : 0"
        ),
    ),
    "RF-RDSR-GE-OECEliteMiniView": (
        23,
        (
            "PDS scopie : 1,332 cGy.cm² ; Temps de scopie : 11,18 s ; PDS graphie : 0 cGy.cm² ; "
            "PDS total : 1,332 cGy.cm² ; Kerma au point de référence : 0,2203 mGy ; "
            "Nombre d'images : 0"
        ),
    ),
    "RF-RDSR-Philips_Allura": (
        4,
        (
            "PDS total : 153,6 cGy.cm² ; Kerma au point de référence : 4,271 mGy ; "
            "PDS scopie : 10,56 cGy.cm² ; Temps de scopie : 13 s ; PDS graphie : 143 cGy.cm² ; "
            "Nombre d'images : 27"
        ),
    ),
    "RF-RDSR-Siemens-Zee": (
        9,
        (
            "PDS total : 16 cGy.cm² ; Kerma au point de référence : 2,52 mGy ; "
            "PDS scopie : 16 cGy.cm² ; Temps de scopie : 28 s ; PDS graphie : 0 cGy.cm²"
        ),
    ),
}
DOCUMENTS: dict[str, dict[str, int]] = {
    "dose_sr/ESR_non-dose.dcm": {"DiagnosticReport": 1},
    "highdicom/sr_document.dcm": {"Observation": 2, "DiagnosticReport": 1},
    "highdicom/sr_document_with_multiple_groups.dcm": {"Observation": 8, "DiagnosticReport": 1},
    "dcmqi_sr_tid1500/sr.dcm": {"Observation": 25, "DiagnosticReport": 1},
    "dcmjs/structured_report.dcm": {"Observation": 13, "DiagnosticReport": 1},
    "pydicom/reportsi.dcm": {"DiagnosticReport": 1},
    "pydicom/reportsi_with_empty_number_tags.dcm": {"DiagnosticReport": 1},
    "pydicom/test-SR.dcm": {"Observation": 2, "DiagnosticReport": 1},
    "kos_mado/MADO_KOS_A.dcm": {"DocumentReference": 1},
    "kos_mado/MADO_KOS_B.dcm": {"DocumentReference": 1},
    "synthetic_fr/ct_KOS.dcm": {"DocumentReference": 1},
    "synthetic_fr/mg_KOS.dcm": {"DocumentReference": 1},
    "synthetic_fr/thorax_KOS.dcm": {"DocumentReference": 1},
    "synthetic_fr/ct_SR_preliminary.dcm": {"DiagnosticReport": 1},
    "synthetic_fr/thorax_SR_TID2000.dcm": {"Practitioner": 1, "DiagnosticReport": 1},
    "synthetic_fr/us_SR_findings.dcm": {"Practitioner": 1, "Observation": 1, "DiagnosticReport": 1},
    "synthetic_fr/dxa_SR_TID1500.dcm": {"Practitioner": 1, "Observation": 6, "DiagnosticReport": 1},
    "synthetic_fr/dxa_SR_lunarlike.dcm": {
        "Practitioner": 1,
        "Observation": 25,
        "DiagnosticReport": 1,
    },
    "synthetic_fr/dxa_PDF.dcm": {"DocumentReference": 1, "DiagnosticReport": 1},
    "synthetic_fr/fluoro_PDF.dcm": {"DocumentReference": 1, "DiagnosticReport": 1},
    "synthetic_fr/mg_CDA.dcm": {"DocumentReference": 1, "DiagnosticReport": 1},
}  # fmt: skip - a row a file
# Cuts and changes of one file; all files together take some seconds.
CUTS = 6


def resources(file: Path) -> list[dict[str, Any]]:
    mapped = map_document(file.read_bytes(), SUBJECT, STUDY_URL)
    found = [loads(dumps(one.resource)) for one in mapped.entries]
    assert [validate(one) for one in found] == [()] * len(found)
    return found


@pytest.mark.parametrize("name", sorted(DOSE))
def test_the_dose_report_of_a_real_device_is_its_events_and_its_totals(
    shared: Path, name: str
) -> None:
    count, summary = DOSE[name]
    found = resources(shared / "corpus" / "dicom" / "dose_sr" / f"{name}.dcm")
    totals = [one for one in found if one["code"]["coding"][0]["code"] == "73569-6"]

    assert (len(found), [one["valueString"] for one in totals]) == (count, [summary])
    assert len(totals[0]["hasMember"]) == count - 1
    assert len({one["identifier"][0]["value"] for one in found}) == count
    assert all(one["component"] for one in found)


def test_every_dose_report_of_the_corpus_is_in_the_table(shared: Path) -> None:
    files = {one.stem for one in (shared / "corpus" / "dicom" / "dose_sr").glob("*.dcm")}
    others = {"ESR_non-dose", *(one for one in files if "-Im-" in one)}

    assert files - others == DOSE.keys()


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_the_document_of_other_software_is_mapped(shared: Path, name: str) -> None:
    found = resources(shared / "corpus" / "dicom" / name)

    assert Counter(one["resourceType"] for one in found) == DOCUMENTS[name]


def test_a_measurement_report_says_what_was_measured_where(shared: Path) -> None:
    found = resources(
        shared / "corpus" / "dicom" / "highdicom" / "sr_document_with_multiple_groups.dcm"
    )
    said = [
        (
            one["code"]["text"],
            str(one.get("valueQuantity", {}).get("value", "")),
            one.get("valueCodeableConcept", {}).get("text", ""),
            one.get("bodySite", {}).get("text", ""),
        )
        for one in found
        if one["resourceType"] == "Observation"
    ]

    assert said == [
        ("Intensity Histogram Mean", "-119.07385253906", "", ""),
        ("Measurement Group", "", "", ""),
        ("Diameter", "10.0", "", "Lung"),
        ("Morphologically Abnormal Structure", "", "Nodule", "Lung"),
        ("Diameter", "20.0", "", ""),
        ("Anatomical structure", "", "Aorta", ""),
        ("Volume", "200.0", "", ""),
        ("Anatomical structure", "", "Vertebra", ""),
    ]


def test_bone_density_is_the_same_whoever_sends_it(shared: Path) -> None:
    place = shared / "corpus" / "dicom" / "synthetic_fr"
    shapes = []
    for name in ("dxa_SR_lunarlike.dcm", "dxa_SR_TID1500.dcm"):
        found = resources(place / name)
        neck = [one for one in found if _site(one) == "29627003"]
        shapes.append([(_code(one), one["valueQuantity"]["value"]) for one in neck if _code(one)])

    assert shapes[0] == shapes[1]
    assert [code for code, _ in shapes[0]] == ["440100001", "38263-0", "38264-8"]


def _site(observation: dict[str, Any]) -> str:
    codings = observation.get("bodySite", {}).get("coding", [{}])
    return str(codings[0].get("code", ""))


def _code(observation: dict[str, Any]) -> str:
    known = [one["code"] for one in observation["code"]["coding"] if "system" in one]
    return str(known[0]) if known else ""


@pytest.mark.parametrize(
    ("name", "series", "instances", "modality"),
    [
        ("kos_mado/MADO_KOS_A.dcm", 3, 87, "CT"),
        ("kos_mado/MADO_KOS_B.dcm", 3, 22, "CT"),
        ("synthetic_fr/ct_KOS.dcm", 2, 7, "CT"),
        ("synthetic_fr/mg_KOS.dcm", 5, 5, "MG"),
        ("synthetic_fr/thorax_KOS.dcm", 3, 4, "DX"),
    ],
)
def test_a_manifest_alone_is_a_study(
    shared: Path, name: str, series: int, instances: int, modality: str
) -> None:
    content = (shared / "corpus" / "dicom" / name).read_bytes()
    meta = read_file_meta(content)
    header = read_header(content[meta.dataset_offset :], meta.transfer_syntax)
    one = Held(header.sop_instance, header.sop_class, dumps(header.attributes))

    mapped = map_held([one], {one.sop_uid: content}, Context())
    found = loads(dumps(mapped.study.entries[-1].resource))

    assert validate(found) == ()
    assert (found["numberOfSeries"], found["numberOfInstances"]) == (series, instances)
    assert found["modality"][0]["code"] == modality
    assert sum(len(one["instance"]) for one in found["series"]) == instances


_TEXTS = frozenset(("AE", "CS", "DS", "LO", "LT", "PN", "SH", "ST", "UC", "UT"))
# What the reader needs to know an object by.
_KEPT = frozenset(
    ("SpecificCharacterSet", "RelationshipType", "ValueType", "CodingSchemeDesignator")
)
SCRIPT = "<script>alert(1)</script>"


def _with_script(dataset: pydicom.Dataset) -> int:
    """Write script into every text of a document, in every item; return into how many."""
    texts = [
        one
        for one in dataset.iterall()
        if one.VR in _TEXTS and one.keyword not in _KEPT and not one.tag.is_private
    ]
    for one in texts:
        one.value = None if one.VR == "DS" else SCRIPT
    return len(texts)


@pytest.mark.parametrize("name", [*sorted(DOCUMENTS), *(f"dose_sr/{one}.dcm" for one in DOSE)])
def test_script_in_every_text_reaches_no_page(shared: Path, name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(shared / "corpus" / "dicom" / name)
        count = _with_script(dataset)
        out = pydicom.filebase.DicomBytesIO()
        dataset.save_as(out, enforce_file_format=False)
    mapped = map_document(out.getvalue(), SUBJECT, STUDY_URL)
    pages = [one.content for one in mapped.objects if one.content_type == "text/html"]
    narratives = [one.resource.get("text", {}).get("div", "") for one in mapped.entries]

    assert count > 5
    assert not any(b"<script" in page.lower() for page in pages)
    assert all(b"&lt;script" in page for page in pages)
    assert not any("<script" in one.lower() for one in narratives)


def _files(shared: Path) -> list[Path]:
    return sorted((shared / "corpus" / "dicom").rglob("*.dcm"))


def _read(content: bytes) -> None:
    """Read a file as the doors and the mapping do; a refusal has a sentence."""
    try:
        meta = read_file_meta(content)
        read_header(content[meta.dataset_offset :], meta.transfer_syntax)
        map_document(content, SUBJECT, STUDY_URL)
    except GatewayError as refusal:
        assert refusal.text.endswith(".")  # noqa: PT017 - either it is read, or it is said why not


def _boundaries(content: bytes) -> list[int]:
    """Return where the values of the outermost elements begin."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(pydicom.filebase.DicomBytesIO(content), force=True)
        elements = dataset._dict.values()
    return [one.value_tell for one in elements if hasattr(one, "value_tell")]


def test_a_file_cut_at_a_tag_is_read_or_refused(shared: Path) -> None:
    chance = random.Random(5)
    for file in _files(shared):
        content = file.read_bytes()
        meta_end = _dataset_at(content)
        places = _boundaries(content)
        for place in places:
            head = content[meta_end:place]
            try:
                read_header(head, "1.2.840.10008.1.2.1")
            except GatewayError as refusal:
                assert refusal.text.endswith(".")  # noqa: PT017 - as above
        for place in chance.sample(places, min(CUTS, len(places))):
            _read(content[:place])


def test_a_file_with_changed_bytes_is_read_or_refused(shared: Path) -> None:
    chance = random.Random(7)
    for file in _files(shared):
        content = file.read_bytes()
        start, end = _dataset_at(content), min(len(content), 1 << 16)
        for _ in range(CUTS if end > start else 0):
            changed = bytearray(content[: 1 << 18])
            for _ in range(chance.randint(1, 8)):
                changed[chance.randrange(start, end)] = chance.randrange(256)
            _read(bytes(changed))


def _dataset_at(content: bytes) -> int:
    try:
        return read_file_meta(content).dataset_offset
    except GatewayError:
        return 0
