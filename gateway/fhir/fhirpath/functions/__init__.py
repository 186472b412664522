"""The functions of FHIRPath by name: (fewest arguments, most arguments, what makes the step)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.fhir.fhirpath.functions import (
    conversion,
    existence,
    fhir,
    filtering,
    math,
    navigation,
    strings,
)
from gateway.fhir.fhirpath.functions.typing import as_type, is_type, of_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.fhir.fhirpath.run import Builder, Run

FUNCTIONS: Final[dict[str, tuple[int, int, Builder]]] = {
    **existence.FUNCTIONS,
    **filtering.FUNCTIONS,
    **strings.FUNCTIONS,
    **math.FUNCTIONS,
    **conversion.FUNCTIONS,
    **navigation.FUNCTIONS,
    **fhir.FUNCTIONS,
}
#: Functions whose argument is a type.
TYPED: Final[dict[str, Callable[[str], Run]]] = {
    "is": is_type,
    "as": as_type,
    "ofType": of_type,
}
