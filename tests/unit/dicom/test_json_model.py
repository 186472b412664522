from __future__ import annotations

from gateway.dicom import attributes as tag
from gateway.dicom.json_model import Model, items, names, number, text, texts

MODEL: Model = {
    "00080008": {"vr": "CS", "Value": ["ORIGINAL", None, "AXIAL"]},
    "00100010": {"vr": "PN", "Value": [{"Alphabetic": "LEFÈVRE^Zoé^^Mme"}]},
    "00081070": {"vr": "PN", "Value": [{"Ideographic": "山田^太郎"}, None]},
    "00200013": {"vr": "IS", "Value": ["1A", 2]},
    "00400275": {"vr": "SQ", "Value": [{"00400009": {"vr": "SH"}}]},
    "00100020": {"vr": "LO"},
}


def test_values_are_asked_for_by_tag() -> None:
    assert texts(MODEL, tag.IMAGE_TYPE) == ("ORIGINAL", "AXIAL")
    assert text(MODEL, tag.PATIENT_NAME) == "LEFÈVRE^Zoé^^Mme"
    assert names(MODEL, tag.PATIENT_NAME) == (("LEFÈVRE", "Zoé", "", "Mme", ""),)
    assert names(MODEL, tag.OPERATORS_NAME) == (("山田", "太郎", "", "", ""),)
    assert number(MODEL, tag.INSTANCE_NUMBER) == 2
    assert items(MODEL, tag.REQUEST_ATTRIBUTES) == ({"00400009": {"vr": "SH"}},)


def test_what_is_empty_or_absent_has_an_empty_answer() -> None:
    assert text(MODEL, tag.PATIENT_ID) == ""
    assert texts(MODEL, tag.MODALITY) == ()
    assert number(MODEL, tag.SERIES_NUMBER) is None
    assert items(MODEL, tag.PROCEDURE_CODE) == ()
