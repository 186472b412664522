from __future__ import annotations

from typing import Any

import pytest

from gateway.errors import Unsupported
from gateway.fhir.definitions import resource_types
from gateway.fhir.summary import SUBSETTED, Part, read_part, subset

META = {"versionId": "1", "tag": [SUBSETTED]}
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">A</div>'


def patient(**more: Any) -> dict[str, Any]:  # noqa: ANN401 - any element
    return {"resourceType": "Patient", "id": "p", "meta": {"versionId": "1"}, **more}


def observation() -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": "o",
        "meta": {"versionId": "1"},
        "text": {"status": "generated", "div": DIV},
        "status": "final",
        "_status": {"id": "s"},
        "code": {"text": "Poids"},
        "valueQuantity": {"value": 3},
        "note": [{"text": "long"}],
        "component": [{"id": "c", "code": {"text": "x"}, "referenceRange": [{"text": "y"}]}],
    }


def test_true_keeps_what_the_definitions_mark_also_in_backbone_elements() -> None:
    assert subset(observation(), "true", ()) == {
        "resourceType": "Observation",
        "id": "o",
        "meta": META,
        "status": "final",
        "_status": {"id": "s"},
        "code": {"text": "Poids"},
        "valueQuantity": {"value": 3},
        "component": [{"id": "c", "code": {"text": "x"}}],
    }


def test_text_keeps_the_narrative_and_what_is_mandatory() -> None:
    assert subset(observation(), "text", ()) == {
        "resourceType": "Observation",
        "id": "o",
        "meta": META,
        "text": {"status": "generated", "div": DIV},
        "status": "final",
        "_status": {"id": "s"},
        "code": {"text": "Poids"},
    }


def test_data_leaves_the_narrative_out() -> None:
    whole = observation()
    del whole["text"]
    assert subset(observation(), "data", ()) == {**whole, "meta": META}


@pytest.mark.parametrize("summary", ["", "false", "count"])
def test_nothing_is_left_out_unless_asked(summary: str) -> None:
    assert subset(observation(), summary, ()) == observation()
    assert Part(summary).whole


def test_elements_keep_what_is_named_a_choice_and_what_is_mandatory() -> None:
    assert subset(observation(), "", ("value", "nothing")) == {
        "resourceType": "Observation",
        "id": "o",
        "meta": META,
        "status": "final",
        "_status": {"id": "s"},
        "code": {"text": "Poids"},
        "valueQuantity": {"value": 3},
    }


def test_modifier_extensions_and_implicit_rules_are_never_left_out() -> None:
    modifiers = {"implicitRules": "urn:x", "modifierExtension": [{"url": "urn:y"}]}
    whole = patient(gender="male", **modifiers)
    assert subset(whole, "", ("name",)) == {**patient(**modifiers), "meta": META}


def test_a_resource_without_meta_gets_one_and_one_tagged_already_is_not_tagged_twice() -> None:
    bare = {"resourceType": "Patient", "id": "p", "gender": "male"}
    once = subset(bare, "true", ())
    assert once == {**bare, "meta": {"tag": [SUBSETTED]}}
    assert subset(once, "true", ()) == once
    assert "meta" not in bare


def test_names_with_a_type_concern_that_type_and_others_what_was_searched_for() -> None:
    whole = patient(gender="male", birthDate="1980")
    part = Part("", ("gender",))
    assert part.of(whole) == {**patient(gender="male"), "meta": META}
    assert part.of(whole, included=True) == whole
    typed = Part("", ("Patient.gender", "Observation.status"))
    assert typed.of(whole, included=True) == {**patient(gender="male"), "meta": META}
    assert Part("", ("Observation.status",)).of(whole) == whole


@pytest.mark.parametrize("resource_type", sorted(resource_types()))
def test_every_type_has_a_summary(resource_type: str) -> None:
    kept = subset({"resourceType": resource_type, "id": "x", "colour": 1}, "true", ())
    assert kept == {"resourceType": resource_type, "id": "x", "meta": {"tag": [SUBSETTED]}}


def test_what_is_asked_for_is_read() -> None:
    assert read_part("Patient", None, None) == Part()
    assert read_part("Patient", "true", None) == Part("true")
    assert read_part("Patient", None, "name, Patient.gender,deceased") == Part(
        "", ("name", "Patient.gender", "deceased")
    )


@pytest.mark.parametrize(
    ("summary", "elements", "named"),
    [
        ("yes", None, "_summary"),
        ("", None, "_summary"),
        (None, "colour", "_elements"),
        (None, "Observation.gender", "_elements"),
        ("true", "name", "_elements"),
    ],
)
def test_what_cannot_be_answered_is_refused(
    summary: str | None, elements: str | None, named: str
) -> None:
    with pytest.raises(Unsupported) as refused:
        read_part("Patient", summary, elements)
    assert refused.value.issues[0].expression == named


@pytest.mark.parametrize("meta", [{"tag": 5}, {"tag": {"code": "x"}}, {}, None])
def test_a_part_of_what_was_never_validated_is_tagged_too(meta: Any) -> None:  # noqa: ANN401 - any JSON
    found = subset({"resourceType": "Patient", "meta": meta}, "true", ())
    assert found["meta"]["tag"] == [SUBSETTED]
