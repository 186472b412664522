from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dicom.matching import Options, matches

NAME = "00100010"
STEPS = "00400100"


def name(alphabetic: str, ideographic: str = "") -> dict[str, Any]:
    groups = {"Alphabetic": alphabetic, "Ideographic": ideographic}
    return {"vr": "PN", "Value": [{group: text for group, text in groups.items() if text}]}


def one(vr: str, *content: object) -> dict[str, Any]:
    return {"vr": vr, "Value": list(content)}


def meets(held: dict[str, Any], asked: dict[str, Any], **options: bool) -> bool:
    return matches({"00000001": held}, {"00000001": asked}, Options(**options))


@pytest.mark.parametrize(
    ("held", "asked", "expected"),
    [
        ("LEFÈVRE^Zoé", "lefevre^zoe", True),
        ("lefevre^zoe", "LEFÈVRE^ZOÉ", True),
        ("CŒUR^Léo", "COEUR^LEO", True),
        ("DUPONT^Jean^^^", "DUPONT^Jean", True),
        ("DUPONT ^ Jean", "DUPONT^Jean", True),
        ("DUPONT^Jean", "DUPONT", False),
        ("DUPONT^Jean", "DUP*", True),
        ("DUPONT^Jean", "DUPONT^*", True),
        ("DUPONT^Jean", "DUP?NT^Jean", True),
        ("DUPONT^Jean", "DUPON?", False),
        ("DUPONT^Jean", "*", True),
        ("DUPONT^Jean", "*JEAN", True),
        ("D.PONT^Jean", "D?PONT^Jean", True),
        ("DUPONT^Jean", "D.PONT^Jean", False),
    ],
)
def test_a_person_name_is_met_without_regard_to_case_and_accents(
    held: str, asked: str, *, expected: bool
) -> None:
    assert meets(name(held), name(asked)) is expected


def test_any_group_of_a_name_may_be_the_one_that_is_asked_for() -> None:
    held = name("Yamada^Tarou", "山田^太郎")

    assert meets(held, name("山田^太郎"))
    assert meets(held, name("YAMADA^TAROU"))
    assert meets(held, name("Yamada*", "山田*"))
    assert not meets(held, name("Yamada*", "鈴木*"))


def test_words_may_begin_a_name_when_fuzzy_matching_is_asked_for() -> None:
    held = name("LEFÈVRE-MARTIN^Zoé^Anne")

    assert meets(held, name("zoe lefe"), fuzzy=True)
    assert meets(held, name("MARTIN"), fuzzy=True)
    assert not meets(held, name("zoe durand"), fuzzy=True)
    assert not meets(held, name("zoe lefe"))


@pytest.mark.parametrize(
    ("vr", "held", "asked", "expected"),
    [
        ("LO", "AV35674", "AV35674", True),
        ("LO", "AV35674", "av35674", False),
        ("LO", "AV35674", "AV*74", True),
        ("LO", "AV35674", "AV????", False),
        ("LO", "AV35674 ", "AV35674", True),
        ("LO", "e\u0301tude", "\u00e9tude", True),
        ("CS", "CT", "C?", True),
        ("UI", "1.2.3", "1.2.3", True),
        ("UI", "1.2.3", "1.2.*", False),
        ("IS", 7, "07", True),
        ("DS", "7.0", "7", True),
        ("IS", 7, 8, False),
    ],
)
def test_a_value_is_met_as_its_representation_says(
    vr: str, held: object, asked: object, *, expected: bool
) -> None:
    assert meets(one(vr, held), one(vr, asked)) is expected


def test_one_of_a_list_of_uids_is_enough() -> None:
    assert meets(one("UI", "1.2.4"), one("UI", "1.2.3", "1.2.4"))
    assert not meets(one("UI", "1.2.5"), one("UI", "1.2.3", "1.2.4"))


def test_one_of_several_values_that_are_held_is_enough() -> None:
    assert meets(one("CS", "CT", "SR"), one("CS", "SR"))
    assert not meets(one("CS", "CT", "SR"), one("CS", "MR"))


@pytest.mark.parametrize(
    ("vr", "held", "asked", "expected"),
    [
        ("DA", "20260705", "20260705", True),
        ("DA", "2026.07.05", "20260705", True),
        ("DA", "20260705", "20260701-20260731", True),
        ("DA", "20260705", "20260705-", True),
        ("DA", "20260705", "-20260704", False),
        ("DA", "20260705", "-20260705", True),
        ("TM", "073000", "0730", True),
        ("TM", "073000.000000", "073000", True),
        ("TM", "073001", "0730", False),
        ("TM", "100030", "0900-1000", True),
        ("TM", "100130", "0900-1000", False),
        ("TM", "235959.5", "2359-", True),
        ("DT", "20260705120000", "202607", False),
        ("DT", "20260705120000", "202607-202607", True),
        ("DT", "20260705120000+0200", "20260705100000+0000", True),
        ("DT", "20260705120000-0500", "20260705170000+0000-20260705170000+0000", True),
        ("DT", "20260705", "2025-2026", True),
        ("DA", "someday", "someday", True),
        ("DA", "someday", "20260101-", False),
    ],
)
def test_a_moment_lies_in_a_range_with_its_ends(
    vr: str, held: str, asked: str, *, expected: bool
) -> None:
    assert meets(one(vr, held), one(vr, asked)) is expected


@pytest.mark.parametrize(
    ("day", "hour", "expected"),
    [
        ("20260705", "0900", False),
        ("20260705", "1000", True),
        ("20260706", "0300", True),
        ("20260707", "1800", True),
        ("20260707", "1801", False),
    ],
)
def test_date_and_time_together_are_one_range(day: str, hour: str, *, expected: bool) -> None:
    held = {"00400002": one("DA", day), "00400003": one("TM", hour)}
    asked = {"00400002": one("DA", "20260705-20260707"), "00400003": one("TM", "1000-1800")}

    assert matches(held, asked, Options(combined=True)) is expected
    assert matches(held, asked) is (1000 <= int(hour) <= 1800)


def test_the_item_of_a_sequence_is_met_by_one_that_has_all_of_it() -> None:
    held = {
        STEPS: one(
            "SQ",
            {"00080060": one("CS", "CT"), "00400001": one("AE", "CT1")},
            {"00080060": one("CS", "MR"), "00400001": one("AE", "MR1")},
        )
    }

    def asking(modality: str, title: str) -> bool:
        item = {"00080060": one("CS", modality), "00400001": one("AE", title)}
        return matches(held, {STEPS: one("SQ", item)})

    assert asking("MR", "MR1")
    assert not asking("CT", "MR1")
    assert matches(held, {STEPS: one("SQ", {})})
    assert matches(held, {STEPS: {"vr": "SQ"}})
    assert matches({}, {STEPS: one("SQ", {"00080060": {"vr": "CS"}})})
    assert not matches({}, {STEPS: one("SQ", {"00080060": one("CS", "CT")})})


@pytest.mark.parametrize("wanted", [[], [""], ["*"], [None], [{}], [{"Alphabetic": "*"}]])
@pytest.mark.parametrize("held", [{}, {NAME: {"vr": "PN"}}, {NAME: name("DUPONT")}])
def test_a_key_that_asks_for_nothing_is_met_by_all(wanted: list[Any], held: dict[str, Any]) -> None:
    assert matches(held, {NAME: {"vr": "PN", "Value": wanted}})


def test_a_value_is_not_met_by_nothing() -> None:
    assert not matches({}, {NAME: name("DUPONT")})
    assert not matches({NAME: {"vr": "PN"}}, {NAME: name("D*")})


def test_two_quotation_marks_ask_for_what_is_empty() -> None:
    assert meets({"vr": "SH"}, one("SH", '""'))
    assert not meets(one("SH", "A1"), one("SH", '""'))


def test_what_the_peer_says_of_its_request_is_no_key() -> None:
    asked = {"00080005": one("CS", "ISO_IR 100"), "00080052": one("CS", "STUDY")}

    assert matches({"00080005": one("CS", "ISO_IR 192")}, asked)


@given(
    st.text(max_size=12), st.sampled_from(["LO", "PN", "DA", "TM", "DT", "IS", "UI", "SQ", "OB"])
)
def test_whatever_is_asked_there_is_an_answer(text: str, vr: str) -> None:
    meets(one("LO", "A1"), one(vr, text))
    meets(one(vr, text), one(vr, text, None))


@given(st.text(st.characters(codec="latin-1", categories=["L", "N"]), min_size=1, max_size=12))
def test_every_name_meets_itself_and_its_beginning(text: str) -> None:
    assert meets(name(text), name(text))
    assert meets(name(text), name(f"{text[:-1]}*"))
    assert meets(name(text), name(text.upper()))
