from __future__ import annotations

from gateway.dicom.attributes import PATIENT_ID, PATIENT_NAME, STUDY_INSTANCE_UID
from gateway.dicom.query import Level, Query, answer_of, is_asked


def test_values_to_be_met_exactly_are_told_from_patterns() -> None:
    query = Query(
        Level.STUDY,
        {
            "0020000D": {"vr": "UI", "Value": ["1.2", "1.3"]},
            "00100020": {"vr": "LO", "Value": ["A*"]},
        },
    )

    assert query.single(STUDY_INSTANCE_UID) == ("1.2", "1.3")
    assert query.single(PATIENT_ID) == ()
    assert query.single(PATIENT_NAME) == ()


def test_an_answer_has_every_attribute_that_was_asked_for_and_no_other() -> None:
    held = {
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "DUPONT"}]},
        "00100020": {"vr": "LO", "Value": ["A1"]},
        "00400100": {
            "vr": "SQ",
            "Value": [{"00080060": {"vr": "CS", "Value": ["CT"]}, "00400001": {"vr": "AE"}}],
        },
    }
    asked = {
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "D*"}]},
        "00080050": {"vr": "SH"},
        "00400100": {"vr": "SQ", "Value": [{"00080060": {"vr": "CS"}}]},
    }

    assert answer_of(held, asked) == {
        "00100010": held["00100010"],
        "00080050": {"vr": "SH"},
        "00400100": {"vr": "SQ", "Value": [{"00080060": {"vr": "CS", "Value": ["CT"]}}]},
    }
    assert answer_of(held, {"00400100": {"vr": "SQ"}})["00400100"] == held["00400100"]


def test_a_sequence_is_asked_for_something_when_one_of_its_attributes_is() -> None:
    keys = {
        "00400100": {"vr": "SQ", "Value": [{"00080060": {"vr": "CS", "Value": ["CT"]}}]},
        "00400275": {"vr": "SQ", "Value": [{"00080060": {"vr": "CS"}}]},
    }

    assert is_asked(keys, 0x00400100)
    assert not is_asked(keys, 0x00400275)
    assert not is_asked(keys, 0x00100010)
