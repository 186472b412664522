"""$include: a patient becomes one of a programme, all of it in one commit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.rest.operations.given import given, told_written
from gateway.rest.operations.programme_input import (
    GIVEN,
    WANTED,
    WHO,
    inclusion,
    programme_of,
    wish,
)

if TYPE_CHECKING:
    from gateway.rest.answer import Answer
    from gateway.rest.call import Call

INPUTS: Final = (*WHO, *GIVEN, *WANTED)


def include(call: Call) -> Answer:
    """Answer 201 with a Bundle: the EpisodeOfCare first, then the rest."""
    asked = given(call, *INPUTS)
    written = inclusion(call).include(programme_of(call, asked), wish(call, asked, books=True))
    return told_written(call, written)
