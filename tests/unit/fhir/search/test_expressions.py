from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Unsupported
from gateway.fhir.search.expressions import rows_of

_URL = "http://x.example/SearchParameter/p"


def _parameter(expression: str, kind: str = "token", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    made = {"url": _URL, "code": "p", "type": kind, "base": ["Patient"], "expression": expression}
    return made | more


def _paths(expression: str, kind: str = "token", base: str = "Patient") -> list[str]:
    [row] = rows_of(_parameter(expression, kind, base=[base]))[base]
    paths: list[str] = row[2]
    return paths


@pytest.mark.parametrize(
    ("expression", "kind", "paths"),
    [
        ("Patient.active", "token", ["active:boolean"]),
        ("active", "token", ["active:boolean"]),
        ("Patient.gender", "token", ["gender:code@http://hl7.org/fhir/administrative-gender"]),
        (
            "Patient.name.given | Patient.name.family",
            "string",
            ["name.family:string", "name.given:string"],
        ),
        ("Patient.name[0].given", "string", ["name[#0].given:string"]),
        ("Patient.name.first().family", "string", ["name[#0].family:string"]),
        (
            "Patient.telecom.where(system = 'phone' and use='home').first()",
            "token",
            ["telecom[system=phone][use=home][#0]:ContactPoint"],
        ),
        (
            "Patient.generalPractitioner.where(resolve() is Organization)",
            "reference",
            ["generalPractitioner[->Organization]:Reference"],
        ),
        ("(Patient.deceased as dateTime)", "date", ["deceasedDateTime:dateTime"]),
        ("Patient.deceased.ofType(FHIR.dateTime)", "date", ["deceasedDateTime:dateTime"]),
        ("Patient.deceased as DateTime", "date", ["deceasedDateTime:dateTime"]),
        (
            "(Patient.name | Patient.contact.name).family",
            "string",
            ["contact.name.family:string", "name.family:string"],
        ),
        (
            "Patient.extension('http://x.example/e').value as Address",
            "string",
            ["extension[url=http://x.example/e].valueAddress:Address"],
        ),
        (
            "Patient.extension.where(url='http://x.example/e').extension('k').value.as(Coding)",
            "token",
            ["extension[url=http://x.example/e].extension[url=k].valueCoding:Coding"],
        ),
        (
            "Patient.birthDate.extension('http://x.example/e').value.as(dateTime)",
            "date",
            ["_birthDate.extension[url=http://x.example/e].valueDateTime:dateTime"],
        ),
        ("Group.member.entity | Patient.link.other", "reference", ["link.other:Reference"]),
    ],
)
def test_an_expression_becomes_paths(expression: str, kind: str, paths: list[str]) -> None:
    assert _paths(expression, kind) == paths


def test_the_value_of_an_extension_is_read_as_any_type_that_fits() -> None:
    found = _paths("extension('http://x.example/e').value", "date")
    assert found == [
        f"extension[url=http://x.example/e].{end}"
        for end in (
            *("valueDate:date", "valueDateTime:dateTime", "valueInstant:instant"),
            *("valuePeriod:Period", "valueTiming:Timing"),
        )
    ]


@pytest.mark.parametrize(
    "expression",
    [
        *("", " ", "Patient.", "Patient..name", "Patient.nothing", "Patient.name.family.x"),
        *("Patient.name.exists()", "Patient.name.where(use='a' or use='b')", "1 + 1", "'x'"),
        *("Patient.contact.telecom[0]", "Patient.name[-1]", "Patient.name[x]", "%context.name"),
        *("Patient.name.where(nothing='x')", "Patient.name.where(use='a]')", "Patient.name)"),
        *("(" * 50 + "Patient.name" + ")" * 50, "Patient.name" + " | Patient.name" * 5000),
        *("Patient.birthDate", "Group.code"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(expression: str) -> None:
    with pytest.raises(Unsupported, match=r"\.$"):
        rows_of(_parameter(expression))


@given(st.text(alphabet="Patient.name()[]|'= where0as%$", max_size=60) | st.text(max_size=20))
def test_any_text_is_read_or_refused(expression: str) -> None:
    try:
        rows = rows_of(_parameter(expression))
    except Unsupported:
        return
    assert list(rows) == ["Patient"]


def test_a_parameter_has_a_row_for_each_of_its_bases() -> None:
    definition = _parameter("Resource.language", base=["Patient", "Group", "Nothing"])
    assert rows_of(definition) == {
        name: [["p", "token", ["language:code"], [], _URL]] for name in ("Patient", "Group")
    }


def test_the_targets_of_a_reference_are_told_or_those_of_the_element() -> None:
    told = _parameter("Patient.generalPractitioner", "reference", target=["Organization"])
    untold = _parameter("Patient.generalPractitioner", "reference")
    assert [rows_of(each)["Patient"][0][3] for each in (told, untold)] == [
        ["Organization"],
        ["Organization", "Practitioner", "PractitionerRole"],
    ]


def _composite(*components: tuple[str, str]) -> dict[str, Any]:
    return _parameter(
        "Patient.contact",
        "composite",
        component=[{"definition": url, "expression": text} for url, text in components],
    )


def test_a_composite_takes_its_components_from_the_specification_and_from_others() -> None:
    gender = ("http://hl7.org/fhir/SearchParameter/individual-gender", "gender")
    town = _parameter("Patient.contact.address.city", "string", code="town", url="http://x/town")
    found = rows_of(_composite(gender, ("http://x/town", "address.city")), [town])
    system = "http://hl7.org/fhir/administrative-gender"
    assert found == {
        "Patient": [
            [
                *("p", "composite", ["contact:Patient.contact"], [], _URL),
                [
                    ["gender", "token", [f"gender:code@{system}"], []],
                    ["town", "string", ["address.city:string"], []],
                ],
            ]
        ]
    }


@pytest.mark.parametrize(
    "components",
    [
        (),
        (("http://x/unknown", "gender"),),
        (("http://hl7.org/fhir/SearchParameter/individual-gender", "gender"),),
        (
            ("http://hl7.org/fhir/SearchParameter/individual-address-city", "address.city"),
            ("http://hl7.org/fhir/SearchParameter/individual-gender", "gender"),
        ),
    ],
)
def test_a_composite_that_has_no_row_is_refused(components: tuple[tuple[str, str], ...]) -> None:
    with pytest.raises(Unsupported, match=r"\.$"):
        rows_of(_composite(*components))


@pytest.mark.parametrize("missing", ["code", "type", "base", "expression"])
def test_a_definition_that_lacks_something_is_refused(missing: str) -> None:
    definition = _parameter("Patient.active")
    del definition[missing]
    with pytest.raises(Unsupported, match=r"\.$"):
        rows_of(definition)
