from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fhir.search.phonetic import sound_of, sounds_of


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (("Dupont", "DUPOND", "Duppon"), "DPN."),
        (("Lefèvre", "Lefebvre", "LEFEVRE"), "LFVR."),
        (("Philippe", "Filip"), "FLP."),
        (("François", "FRANCOIS", "Fransoi"), "FRNS."),
        (("Christine", "Kristine"), "KRSTN."),
        (("Georges", "Jorge"), "JRJ."),
        (("Élisabeth", "Elizabeth"), "ALSBT."),
        (("Hugo", "Ugo"), "AG."),
        (("Smith", "Smyth"), "SMT."),
        (("Knight", "Nait"), "N."),
        (("Deveaux", "Devaux"), "DV."),
        (("Guillaume",), "GLM."),
        (("Eau",), "A."),
        (("李",), "李."),
        (("12",), "12."),
        (("", " ", "-", "..."), ""),
    ],
)
def test_names_that_sound_alike_have_one_code(names: tuple[str, ...], code: str) -> None:
    assert {sound_of(name) for name in names} == {code}


def test_names_that_sound_otherwise_have_other_codes() -> None:
    names = ("Martin", "Bernard", "Thomas", "Petit", "Robert", "Richard", "Durand", "Leroy")
    assert len({sound_of(name) for name in names}) == len(names)


def test_a_name_of_several_words_is_found_by_each_of_them() -> None:
    assert sounds_of("Jean-Pierre") == {"JNPR.", "JN.", "PR."}
    assert sound_of("Jean Pierre") == "JNPR."


@given(st.text())
def test_what_is_indexed_is_found_by_itself(text: str) -> None:
    code = sound_of(text)
    assert code in sounds_of(text) or code == ""
    assert len(code) <= 25
