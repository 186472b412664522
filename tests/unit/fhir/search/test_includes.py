from __future__ import annotations

import pytest

from gateway.errors import GatewayError
from gateway.fhir.search.clauses import known_parameter
from gateway.fhir.search.controls import read_control
from gateway.fhir.search.includes import Include

_SUBJECT = known_parameter("Observation", "subject")
_GENERAL = known_parameter("Patient", "general-practitioner")


@pytest.mark.parametrize(
    ("name", "text", "include"),
    [
        ("_include", "Patient:general-practitioner",
         Include("Patient", _GENERAL, None, reverse=False)),
        ("_include", "Patient:general-practitioner:Practitioner",
         Include("Patient", _GENERAL, "Practitioner", reverse=False)),
        ("_include", "*", Include("Patient", None, None, reverse=False)),
        ("_include", "Patient:*", Include("Patient", None, None, reverse=False)),
        ("_include", "Patient:*:Organization",
         Include("Patient", None, "Organization", reverse=False)),
        ("_include:iterate", "Observation:subject",
         Include("Observation", _SUBJECT, None, reverse=False, iterate=True)),
        ("_include:iterate", "*", Include("", None, None, reverse=False, iterate=True)),
        ("_include:recurse", "Observation:subject:Patient",
         Include("Observation", _SUBJECT, "Patient", reverse=False, iterate=True)),
        ("_revinclude", "Observation:subject",
         Include("Observation", _SUBJECT, None, reverse=True)),
        ("_revinclude", "Observation:*", Include("Observation", None, None, reverse=True)),
        ("_revinclude", "*", Include("", None, None, reverse=True)),
        ("_revinclude:iterate", "Observation:subject:Group",
         Include("Observation", _SUBJECT, "Group", reverse=True, iterate=True)),
    ],
)  # fmt: skip
def test_an_include_names_a_reference(name: str, text: str, include: Include) -> None:
    assert read_control("Patient", name, text) == {"includes": (include,)}


def test_a_search_over_all_types_includes_from_any() -> None:
    assert read_control("", "_include", "Observation:subject") == {
        "includes": (Include("Observation", _SUBJECT, None, reverse=False),)
    }


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("_include", "Patient:name",
         "_include=Patient:name does not name a reference parameter: write Type:parameter."),
        ("_include", "subject",
         "_include=subject does not name a reference parameter: write Type:parameter."),
        ("_include", "", "_include= does not name a reference parameter: write Type:parameter."),
        ("_include", "Nothing:*",
         "_include=Nothing:* does not name a reference parameter: write Type:parameter."),
        ("_include", "Observation:subject",
         "_include=Observation:subject starts from a type that this search does not return."),
        ("_include", "Patient:link:Device",
         "_include=Patient:link:Device names a type that link cannot point to."),
        ("_include", "Patient:*:Nothing",
         "_include=Patient:*:Nothing names a type that * cannot point to."),
        ("_revinclude", "List:subject:Group",
         "_revinclude=List:subject:Group points to a type that this search does not return."),
        ("_revinclude", "Observation:based-on",
         "_revinclude=Observation:based-on cannot point to a Patient."),
    ],
)  # fmt: skip
def test_what_is_no_include_is_refused(name: str, text: str, sentence: str) -> None:
    with pytest.raises(GatewayError) as refused:
        read_control("Patient", name, text)
    assert (refused.value.http_status, refused.value.text) == (400, sentence)
