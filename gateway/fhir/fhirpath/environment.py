"""What an evaluation knows besides its input: variables, and what must be asked elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from gateway.fhir.fhirpath.nodes import Collection

# How many items one evaluation may look at: an expression within others multiplies.
_MOST: Final = 5_000_000


@dataclass(frozen=True, slots=True)
class Services:
    """Answers that are not in the resource.

    `resolve` returns the resource of a reference or canonical, or None; `member_of` says whether a
    code, Coding or CodeableConcept is in a value set, None when nobody knows; `conforms_to`
    whether an element (its JSON, its type) conforms to a profile; `now` gives this instant with a
    zone; `trace` hears what `trace()` names.
    """

    resolve: Callable[[str], dict[str, Any] | None] | None = None
    member_of: Callable[[Any, str], bool | None] | None = None
    conforms_to: Callable[[Any, str, str], bool | None] | None = None
    now: Callable[[], datetime] | None = None
    trace: Callable[[str, list[Any]], None] | None = None


NO_SERVICES = Services()


class Shared:
    """What one evaluation shares from its first step to its last."""

    __slots__ = ("_left", "_now", "services", "variables")

    def __init__(self, variables: dict[str, Collection], services: Services) -> None:
        """Begin an evaluation."""
        self.variables = variables
        self.services = services
        self._now: datetime | None = None
        self._left = _MOST

    def spend(self, items: int) -> None:
        """Count items that are looked at; raises `Invalid` when they are too many."""
        self._left -= items
        if self._left < 0:
            message = "The FHIRPath looks at more than one evaluation may."
            raise Invalid(message)

    def now(self) -> datetime:
        """Return the instant of this evaluation; raises `Invalid` without a clock."""
        if self._now is None:
            if self.services.now is None:
                message = "The FHIRPath asks for the time, which is not given here."
                raise Invalid(message)
            self._now = self.services.now()
        return self._now


class Environment:
    """`this`, `index` and `total` of one step."""

    __slots__ = ("index", "shared", "this", "total")

    def __init__(
        self, shared: Shared, this: Collection, index: int = 0, total: Collection | None = None
    ) -> None:
        """Stand at one place of the input."""
        self.shared = shared
        self.this = this
        self.index = index
        self.total = total

    def at(self, this: Collection, index: int) -> Environment:
        """Return the environment of one item."""
        return Environment(self.shared, this, index, self.total)
