"""$validate-code of a ValueSet and of a CodeSystem.

https://hl7.org/fhir/R4/valueset-operation-validate-code.html,
https://hl7.org/fhir/R4/codesystem-operation-validate-code.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.errors import Malformed
from gateway.fhir.parameters import Input, named, parameters_resource
from gateway.fhir.terminology.code_system import read_code_system
from gateway.fhir.terminology.validation import Checking, in_code_system, in_value_set
from gateway.rest.operations.coded import CODED, codings, terminology_of
from gateway.rest.operations.expand import asked_value_set
from gateway.rest.operations.given import given, told
from gateway.rest.read import current

if TYPE_CHECKING:
    from gateway.fhir.parameters import Given
    from gateway.fhir.terminology.code_system import CodeSystem
    from gateway.fhir.terminology.terminology import Terminology
    from gateway.fhir.terminology.validation import Verdict
    from gateway.rest.answer import Answer
    from gateway.rest.call import Call

_SHARED: Final = (
    *CODED,
    Input("url", "uri"),
    Input("abstract", "boolean"),
    Input("displayLanguage", "code"),
)
VALUE_SET_INPUTS: Final = (
    *_SHARED,
    Input("valueSet", "ValueSet"),
    Input("valueSetVersion", "string"),
    Input("systemVersion", "string"),
    # Of R5, and missed in R4: a code whose system the value set tells.
    Input("inferSystem", "boolean"),
)
CODE_SYSTEM_INPUTS: Final = (
    *_SHARED,
    Input("codeSystem", "CodeSystem"),
    Input("version", "string"),
)
OUTPUTS: Final = (
    Input("result", "boolean", low=1),
    Input("message", "string"),
    Input("display", "string"),
)


def validate_value_set_code(call: Call) -> Answer:
    """Answer whether a code is in a value set; raises `NotFound`, `Invalid`, `Malformed`."""
    terminology = terminology_of(call)
    asked = given(call, *VALUE_SET_INPUTS)
    coded = codings(asked, "systemVersion")
    value_set = asked_value_set(call, asked, terminology)
    return _told(in_value_set(value_set, coded, terminology.resolver, _checking(asked)))


def validate_system_code(call: Call) -> Answer:
    """Answer whether a code is of a code system; raises `NotFound`, `Malformed`."""
    terminology = terminology_of(call)
    asked = given(call, *CODE_SYSTEM_INPUTS)
    coded = codings(asked)
    system = _code_system(call, asked, terminology, next((one.system for one in coded), ""))
    return _told(in_code_system(system, coded, _checking(asked)))


def _code_system(call: Call, asked: Given, terminology: Terminology, system: str) -> CodeSystem:
    if call.id:
        return read_code_system(current(call).resource)
    whole = asked.resource("codeSystem")
    if whole is not None:
        return read_code_system(whole)
    url = asked.text("url") or system
    if not url:
        message = "A code system is to be given, by url or as codeSystem."
        raise Malformed(message, expression="url")
    return terminology.code_system(url, asked.text("version") or "")


def _checking(asked: Given) -> Checking:
    return Checking(
        language=asked.text("displayLanguage") or "",
        abstract=asked.boolean("abstract") is not False,
        infer=asked.boolean("inferSystem") or False,
    )


def _told(verdict: Verdict) -> Answer:
    parts = [named("result", "boolean", verdict.result)]
    if verdict.message:
        parts.append(named("message", "string", verdict.message))
    if verdict.display:
        parts.append(named("display", "string", verdict.display))
    return told(parameters_resource(*parts))
