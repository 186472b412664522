"""$check-eligibility: whether a patient may be included in a programme, criterion by criterion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.fhir.parameters import Input, named, parameters_resource, with_parts
from gateway.programmes.words import say
from gateway.rest.operations.given import given, told
from gateway.rest.operations.programme_input import GIVEN, WHO, inclusion, programme_of, wish

if TYPE_CHECKING:
    from gateway.rest.answer import Answer
    from gateway.rest.call import Call

INPUTS: Final = (*WHO, *GIVEN)
_NAME, _TEXT = Input("name", "string", low=1), Input("text", "string")
OUTPUTS: Final = (
    Input("eligible", "boolean", low=1),
    Input("text", "string", low=1),
    Input("criterion", "", high=0, parts=(_NAME, Input("met", "boolean", low=1), _TEXT)),
    Input("reason", "", high=0, parts=(_NAME, _TEXT)),
)


def check_eligibility(call: Call) -> Answer:
    """Answer a Parameters: `eligible`, a sentence, the criteria and the reasons against it."""
    asked = given(call, *INPUTS)
    programme = programme_of(call, asked)
    request = wish(call, asked, books=False)
    found = inclusion(call).assess(programme, request)
    sentence = (
        say(request.lang, "eligible", programme=programme.title)
        if found.eligible
        else " ".join(one.text for one in found.reasons)
    )
    criteria = (
        with_parts(
            "criterion",
            named("name", "string", one.name),
            named("met", "boolean", one.met),
            *(() if one.met else (named("text", "string", one.text),)),
        )
        for one in found.criteria
    )
    reasons = (
        with_parts("reason", named("name", "string", one.name), named("text", "string", one.text))
        for one in found.reasons
    )
    return told(
        parameters_resource(
            named("eligible", "boolean", found.eligible),
            named("text", "string", sentence),
            *criteria,
            *reasons,
        )
    )
