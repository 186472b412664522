"""The codes that terminology operations are given, and the terminology they ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Malformed, Unsupported
from gateway.fhir.parameters import Input
from gateway.fhir.terminology.elements import rows, text
from gateway.fhir.terminology.validation import Coded

if TYPE_CHECKING:
    from gateway.fhir.parameters import Given
    from gateway.fhir.terminology.terminology import Terminology
    from gateway.rest.call import Call

#: One code in any of the three ways.
CODED: Final = (
    Input("code", "code"),
    Input("system", "uri"),
    Input("display", "string"),
    Input("coding", "Coding"),
    Input("codeableConcept", "CodeableConcept"),
)


def terminology_of(call: Call) -> Terminology:
    """Return the terminology; raises `Unsupported` where none is served."""
    terminology = call.ports.terminology
    if terminology is None:
        message = "Terminology is not served here."
        raise Unsupported(message)
    return terminology


def codings(asked: Given, version: str = "version") -> list[Coded]:
    """Return the codings of `code`, `coding` or `codeableConcept`; raises `Malformed`.

    `version` names the parameter with the version of `system`.
    """
    ways = [name for name in ("code", "coding", "codeableConcept") if name in asked]
    if len(ways) != 1:
        message = "One of code, coding and codeableConcept is to be given."
        raise Malformed(message, expression="code")
    if ways == ["code"]:
        names = ("system", "code", "display", version)
        return [Coded(*(asked.text(name) or "" for name in names))]
    element = asked.element(ways[0]) or {}
    many = [element] if ways == ["coding"] else rows(element.get("coding"))
    return [coded_of(one) for one in many if text(one, "code")]


def coded_of(coding: Any) -> Coded:  # noqa: ANN401 - a Coding as given
    """Return a Coding; what is not text counts as absent."""
    return Coded(*(text(coding, name) for name in ("system", "code", "display", "version")))


def one_code(asked: Given) -> Coded:
    """Return the code and its system, both of which must be there; raises `Malformed`."""
    found = codings(asked)
    if len(found) != 1 or not found[0].system or not found[0].code:
        message = "A code and its system are to be given, by code and system or by coding."
        raise Malformed(message, expression="system")
    return found[0]
