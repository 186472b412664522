"""$translate of a code: https://hl7.org/fhir/R4/conceptmap-operation-translate.html."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.errors import Malformed
from gateway.fhir.parameters import Input, named, parameters_resource, with_parts
from gateway.fhir.terminology.concept_map import read_concept_map
from gateway.fhir.terminology.elements import rows, text, value_of
from gateway.fhir.terminology.translation import Translating, products, translate
from gateway.rest.operations.coded import CODED, codings, terminology_of
from gateway.rest.operations.given import given, told
from gateway.rest.read import current

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gateway.fhir.parameters import Given
    from gateway.fhir.terminology.concept_map import ConceptMap
    from gateway.fhir.terminology.terminology import Terminology
    from gateway.fhir.terminology.translation import Match
    from gateway.fhir.terminology.validation import Coded
    from gateway.fhir.wire import Resource
    from gateway.rest.answer import Answer
    from gateway.rest.call import Call

INPUTS: Final = (
    *(one for one in CODED if one.name != "display"),
    Input("url", "uri"),
    Input("conceptMap", "ConceptMap"),
    Input("conceptMapVersion", "string"),
    Input("version", "string"),
    Input("source", "uri"),
    Input("target", "uri"),
    Input("targetsystem", "uri"),
    Input(
        "dependency",
        "",
        high=0,
        parts=(Input("element", "uri"), Input("concept", "CodeableConcept")),
    ),
    Input("reverse", "boolean"),
)
_PRODUCT: Final = (Input("element", "uri"), Input("concept", "Coding"))
OUTPUTS: Final = (
    Input("result", "boolean", low=1),
    Input("message", "string"),
    Input(
        "match",
        "",
        high=0,
        parts=(
            Input("equivalence", "code"),
            Input("concept", "Coding"),
            Input("product", "", high=0, parts=_PRODUCT),
            Input("source", "uri"),
        ),
    ),
)


def translate_code(call: Call) -> Answer:
    """Answer what a code is in another code system; raises `NotFound`, `Invalid`, `Malformed`."""
    terminology = terminology_of(call)
    asked = given(call, *INPUTS)
    coded = codings(asked)
    wanted = Translating(
        source=asked.text("source") or "",
        target=asked.text("target") or "",
        target_system=asked.text("targetsystem") or "",
        reverse=asked.boolean("reverse") or False,
        dependencies=dict(_dependencies(asked)),
    )
    maps = _maps(call, asked, terminology, coded)
    matches = translate(maps, coded, terminology.resolver, wanted)
    good = any(match.good for match in matches)
    rows = [named("result", "boolean", good)]
    if not good:
        rows.append(named("message", "string", "There is no translation of the code here."))
    rows += [with_parts("match", *_match(one)) for one in matches]
    return told(parameters_resource(*rows))


def _maps(
    call: Call, asked: Given, terminology: Terminology, coded: Sequence[Coded]
) -> Iterable[ConceptMap]:
    """Return the map of the address, of `url`, of `conceptMap`, or all maps of the system."""
    if call.id:
        return [read_concept_map(current(call).resource)]
    whole, url = asked.resource("conceptMap"), asked.text("url")
    if whole is not None:
        return [read_concept_map(whole)]
    if url:
        return [terminology.concept_map(url, asked.text("conceptMapVersion") or "")]
    systems = dict.fromkeys(one.system for one in coded if one.system)
    if not systems:
        message = "A concept map (url or conceptMap) or the system of the code is to be given."
        raise Malformed(message, expression="url")
    reverse = asked.boolean("reverse") or False
    found = [
        one for each in systems for one in terminology.resolver.concept_maps(each, reverse=reverse)
    ]
    return {id(one): one for one in found}.values()


def _dependencies(asked: Given) -> Iterable[tuple[str, str]]:
    """Yield (element, code) of each dependency."""
    for one in asked.elements("dependency"):
        concept = one.element("concept") or {}
        codes = [text(coding, "code") for coding in rows(concept.get("coding"))]
        for code in codes or [str(value_of(concept) or concept.get("text", ""))]:
            yield one.text("element") or "", code


def _match(match: Match) -> list[Resource]:
    parts = [named("equivalence", "code", match.equivalence)]
    coding = {
        "system": match.system,
        "version": match.version,
        "code": match.code,
        "display": match.display,
    }
    told_coding = {name: value for name, value in coding.items() if value}
    if match.code:
        parts.append(named("concept", "Coding", told_coding))
    for product in products(match):
        element = product.pop("element", "")
        parts.append(
            with_parts(
                "product", named("element", "uri", element), named("concept", "Coding", product)
            )
        )  # fmt: skip - a part and its two parts
    if match.source:
        parts.append(named("source", "uri", match.source))
    return parts
