"""Media types and languages are no lists: a grammar says which codes are right."""

from __future__ import annotations

import pytest

from gateway.fhir.terminology.grammars import by_grammar

_TYPES = "http://hl7.org/fhir/ValueSet/mimetypes"
_LANGUAGES = "http://hl7.org/fhir/ValueSet/all-languages"


@pytest.mark.parametrize(
    ("value_set", "system", "code", "told"),
    [
        (f"{_TYPES}|4.0.1", None, "application/pdf", True),
        (_TYPES, None, "application/fhir+json; fhirVersion=4.0", True),
        (_TYPES, None, "pdf", False),
        (_TYPES, "urn:ietf:bcp:13", "image/svg+xml", True),
        (_TYPES, "urn:ietf:bcp:47", "image/svg+xml", False),
        (_LANGUAGES, None, "fr-FR", True),
        (_LANGUAGES, None, "fr_FR", False),
        (_LANGUAGES, None, "x-klingon", True),
        ("http://hl7.org/fhir/ValueSet/languages", None, "fr", None),
    ],
)
def test_a_grammar_says_which_codes_are_in(
    value_set: str, system: str | None, code: str, *, told: bool | None
) -> None:
    assert by_grammar(value_set, system, code) is told
