"""A resource as a typed model of fhir.resources (R4B), where typed models help.

It is not the judge: it accepts unknown codes and empty elements, and it loses the digits of
decimals. It costs 0.3 s and 38 MB to import, so it is imported when first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

if TYPE_CHECKING:
    from fhir_core.fhirabstractmodel import FHIRAbstractModel

    from gateway.fhir.wire import Resource


def typed_model(resource: Resource) -> FHIRAbstractModel:
    """Return the typed model; raises ValueError for what it cannot hold."""
    from fhir.resources.R4B import get_fhir_model_class  # noqa: PLC0415 - see the module

    return get_fhir_model_class(resource["resourceType"]).model_validate(resource)


def typed_faults(resource: Resource) -> list[tuple[str, str]]:
    """Return (path, reason in its words) of each place that the typed model cannot hold."""
    try:
        typed_model(resource)
    except ValidationError as fault:
        return [(_path(one["loc"]), one["msg"]) for one in fault.errors(include_url=False)]
    except (ValueError, KeyError) as fault:
        return [("", str(fault))]
    return []


def _path(steps: tuple[int | str, ...]) -> str:
    found = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return found.removeprefix(".")
