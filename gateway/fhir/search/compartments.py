"""Which search parameters make a resource a member of a compartment.

https://hl7.org/fhir/R4/compartmentdefinition.html
"""

from __future__ import annotations

from functools import cache

from gateway.fhir.definitions import compartment_rows


@cache
def _table() -> dict[str, dict[str, tuple[str, ...]]]:
    return {
        name: {resource_type: tuple(codes) for resource_type, codes in members.items()}
        for name, members in compartment_rows().items()
    }


def compartments() -> tuple[str, ...]:
    """Return the resource types that have a compartment."""
    return tuple(_table())


def compartment_parameters(compartment: str, resource_type: str) -> tuple[str, ...]:
    """Return the codes of the reference parameters, any of which makes a resource a member.

    Empty for a type that is never in the compartment, and for what is no compartment. The resource
    that the compartment is named by is a member of its own compartment, whatever the codes say.
    """
    return _table().get(compartment, {}).get(resource_type, ())
