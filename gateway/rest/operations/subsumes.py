"""$subsumes of two codes: https://hl7.org/fhir/R4/codesystem-operation-subsumes.html."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.errors import Malformed
from gateway.fhir.parameters import Input, named, parameters_resource
from gateway.fhir.terminology.code_system import read_code_system
from gateway.fhir.terminology.lookup import subsumes
from gateway.fhir.terminology.validation import Coded
from gateway.rest.operations.coded import coded_of, terminology_of
from gateway.rest.operations.given import given, told
from gateway.rest.read import current

if TYPE_CHECKING:
    from gateway.fhir.parameters import Given
    from gateway.fhir.terminology.code_system import CodeSystem
    from gateway.fhir.terminology.terminology import Terminology
    from gateway.rest.answer import Answer
    from gateway.rest.call import Call

INPUTS: Final = (
    Input("codeA", "code"),
    Input("codeB", "code"),
    Input("system", "uri"),
    Input("version", "string"),
    Input("codingA", "Coding"),
    Input("codingB", "Coding"),
)
OUTPUTS: Final = (Input("outcome", "code", low=1),)


def subsumption(call: Call) -> Answer:
    """Answer how two codes lie to each other; raises `NotFound`, `Invalid`, `Malformed`."""
    terminology = terminology_of(call)
    asked = given(call, *INPUTS)
    first, second = _coded(asked, "A"), _coded(asked, "B")
    if first.system and second.system and first.system != second.system:
        message = "Both codes must be of one code system."
        raise Malformed(message, expression="codingB")
    system = _code_system(call, asked, terminology, first.system or second.system)
    outcome = subsumes(system, first.code, second.code)
    return told(parameters_resource(named("outcome", "code", outcome)))


def _coded(asked: Given, side: str) -> Coded:
    code, coding = asked.text(f"code{side}"), asked.element(f"coding{side}")
    found = Coded(asked.text("system") or "", code or "") if coding is None else coded_of(coding)
    if not found.code or (code and coding):
        message = f"One of code{side} and coding{side} is to be given."
        raise Malformed(message, expression=f"code{side}")
    return found


def _code_system(call: Call, asked: Given, terminology: Terminology, system: str) -> CodeSystem:
    if call.id:
        return read_code_system(current(call).resource)
    url = asked.text("system") or system
    if not url:
        message = "The code system is to be given, by system or in the codings."
        raise Malformed(message, expression="system")
    return terminology.code_system(url, asked.text("version") or "")
