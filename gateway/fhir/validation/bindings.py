"""Required bindings: the value must be one of the codes (https://hl7.org/fhir/R4/terminologies.html)."""

from __future__ import annotations

from typing import Any

from gateway.fhir.validation.shapes import all_codes, codes, value_set_url


def binding_fault(value_set: str, value: Any) -> str | None:  # noqa: ANN401 - any JSON
    """Return what is wrong with a code, Coding or CodeableConcept under a required binding."""
    if isinstance(value, str):
        if value in all_codes(value_set):
            return None
        return f"is not a code of {value_set_url(value_set)}"
    codings = value.get("coding", []) if isinstance(value, dict) else []
    if isinstance(value, dict) and "code" in value:
        codings = [value]
    if not isinstance(codings, list) or any(_is_code(value_set, coding) for coding in codings):
        return None
    # With no coding but an extension, the extension says why there is none.
    if not codings and "extension" in value:
        return None
    return f"has no code of {value_set_url(value_set)}"


def _is_code(value_set: str, coding: Any) -> bool:  # noqa: ANN401 - any JSON
    if not isinstance(coding, dict):
        return False
    system, code = coding.get("system"), coding.get("code")
    return (
        isinstance(system, str)
        and isinstance(code, str)
        and code in codes(value_set).get(system, ())
    )
