"""A compiled step, and the rules for what must be a single value."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from gateway.errors import Invalid
from gateway.fhir.fhirpath.environment import Environment
from gateway.fhir.fhirpath.nodes import Collection, system

if TYPE_CHECKING:
    from gateway.fhir.fhirpath.nodes import Item

#: One compiled expression: its input in, its collection out.
Run = Callable[[Environment, Collection], Collection]
#: Makes the step of a function from its compiled arguments.
Builder = Callable[..., Run]

#: True, false, or None where nobody knows.
Truth = bool | None

TRUE: Collection = [True]
FALSE: Collection = [False]

# Longer than any text of a resource that a path would make.
_LONGEST: Final = 16_000_000


def boolean(value: Truth) -> Collection:
    """Return a truth value as a collection; None is empty."""
    return [] if value is None else [value]


def single(items: Collection) -> Item:
    """Return the only item as a value, None for none; raises `Invalid` for several.

    http://hl7.org/fhirpath/N1/#singleton-evaluation-of-collections
    """
    if len(items) > 1:
        message = f"The FHIRPath needs one value where there are {len(items)}."
        raise Invalid(message)
    return system(items[0]) if items else None


def truth(items: Collection) -> bool | None:
    """Return the only item as true or false; another single value counts as true."""
    if not items:
        return None
    if items is TRUE or items is FALSE:
        return items is TRUE
    value = single(items)
    return value if isinstance(value, bool) or value is None else True


def text(items: Collection) -> str | None:
    """Return the only item as a string; None for none; raises `Invalid` for another value."""
    value = single(items)
    if value is not None and not isinstance(value, str):
        message = "The FHIRPath needs a text where there is another value."
        raise Invalid(message)
    return value


def require_length(size: int) -> None:
    """Raise `Invalid` for a text that an expression must not make."""
    if size > _LONGEST:
        message = "The FHIRPath makes a text that is too long."
        raise Invalid(message)


def whole(items: Collection) -> int | None:
    """Return the only item as a whole number; raises `Invalid` for another value."""
    value = single(items)
    if value is not None and type(value) is not int:
        message = "The FHIRPath needs a whole number where there is another value."
        raise Invalid(message)
    return value


def here(run: Run, env: Environment) -> Collection:
    """Return an argument that does not look at the items of the input."""
    return run(env, env.this)


def on(run: Run, env: Environment, item: Item, index: int) -> Collection:
    """Return an argument for one item, which is `$this` there."""
    this = [item]
    return run(Environment(env.shared, this, index, env.total), this)
