"""$lookup of a code: https://hl7.org/fhir/R4/codesystem-operation-lookup.html."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.fhir.parameters import Input, named, parameters_resource, with_parts
from gateway.fhir.terminology.elements import text
from gateway.fhir.terminology.lookup import lookup
from gateway.rest.operations.coded import one_code, terminology_of
from gateway.rest.operations.given import given, told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.fhir.terminology.lookup import Details, Property
    from gateway.fhir.wire import Resource
    from gateway.rest.answer import Answer
    from gateway.rest.call import Call

INPUTS: Final = (
    Input("code", "code"),
    Input("system", "uri"),
    Input("version", "string"),
    Input("coding", "Coding"),
    Input("displayLanguage", "code"),
    Input("property", "code", high=0),
)
OUTPUTS: Final = (
    Input("name", "string", low=1),
    Input("version", "string"),
    Input("display", "string", low=1),
    Input(
        "designation",
        "",
        high=0,
        parts=(
            Input("language", "code"),
            Input("use", "Coding"),
            Input("value", "string", low=1),
        ),
    ),
    Input(
        "property",
        "",
        high=0,
        parts=(
            Input("code", "code", low=1),
            Input("value", "Element"),
            Input("description", "string"),
        ),
    ),
)


def look_up(call: Call) -> Answer:
    """Answer what a code system says about a code; raises `NotFound`, `Malformed`."""
    terminology = terminology_of(call)
    asked = given(call, *INPUTS)
    coded = one_code(asked)
    system = terminology.code_system(coded.system, coded.version)
    details = lookup(
        system,
        coded.code,
        language=asked.text("displayLanguage") or "",
        wanted=frozenset(asked.texts("property")),
    )
    return told(parameters_resource(*_rows(details)))


def _rows(details: Details) -> list[Resource]:
    rows = [named("name", "string", details.name)]
    if details.version:
        rows.append(named("version", "string", details.version))
    rows.append(named("display", "string", details.display))
    rows += [with_parts("designation", *_designation(one)) for one in details.designations]
    rows += [with_parts("property", *_property(one)) for one in details.properties]
    return rows


def _designation(one: Mapping[str, object]) -> list[Resource]:
    parts = []
    if language := text(one, "language"):
        parts.append(named("language", "code", language))
    use = one.get("use")
    if isinstance(use, dict):
        parts.append(named("use", "Coding", use))
    return [*parts, named("value", "string", text(one, "value"))]


def _property(one: Property) -> list[Resource]:
    parts = [named("code", "code", one.code), {"name": "value", one.key: one.value}]
    if one.description:
        parts.append(named("description", "string", one.description))
    return parts
