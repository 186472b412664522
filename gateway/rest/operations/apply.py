"""$apply: https://hl7.org/fhir/R4/plandefinition-operation-apply.html.

Answers the CarePlan with all that it asks for contained in it; nothing is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.fhir.parameters import Input
from gateway.programmes.applying import as_contained
from gateway.rest.operations.given import given, told
from gateway.rest.operations.programme_input import (
    WANTED,
    WHO,
    inclusion,
    programme_of,
    wish,
)

if TYPE_CHECKING:
    from gateway.rest.answer import Answer
    from gateway.rest.call import Call

INPUTS: Final = (Input("planDefinition", "Resource"), *WHO, *WANTED)


def apply_plan(call: Call) -> Answer:
    """Answer what a plan asks for a patient; a sequence that cannot be is told in a note."""
    asked = given(call, *INPUTS)
    applied, obstacle = inclusion(call).propose(
        programme_of(call, asked), wish(call, asked, books=True)
    )
    plan = as_contained(applied)
    if obstacle:
        plan["note"] = [{"text": obstacle}]
    return told(plan)
