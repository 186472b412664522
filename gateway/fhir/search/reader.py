"""What one search may use while it is read: its own addresses, terminology, and a budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.fhir.search.values import TooCostly

if TYPE_CHECKING:
    from gateway.fhir.search.terminology import Terminology

# Bounds on what one request may ask of the database.
MAX_VALUES: Final = 1000
MAX_CLAUSES: Final = 100
# Of the whole tree: a chain over all types has one for each.
MAX_CONDITIONS: Final = 500
# References followed from the searched resource on.
MAX_DEPTH: Final = 8
# Codes that value sets and hierarchies stand for.
MAX_CODES: Final = 10_000
# Types looked at while chains without a type are followed.
_MAX_LOOKUPS: Final = 3000


@dataclass(slots=True)
class Reader:
    """The state of reading one search; its methods raise `TooCostly`."""

    local_bases: tuple[str, ...] = ()
    terminology: Terminology | None = None
    _values: int = 0
    _conditions: int = 0
    _codes: int = 0
    _lookups: int = 0

    def take_values(self, count: int) -> None:
        """Count a clause and its values."""
        self._values += count
        self.take_condition()
        if self._values > MAX_VALUES:
            message = f"A search takes at most {MAX_CLAUSES} parameters and {MAX_VALUES} values."
            raise TooCostly(message)

    def take_condition(self) -> None:
        """Count one node of the tree."""
        self._conditions += 1
        if self._conditions > MAX_CONDITIONS:
            message = (
                f"The search stands for more than {MAX_CONDITIONS} conditions: name the types in "
                "its chains."
            )
            raise TooCostly(message)

    def take_codes(self, count: int) -> None:
        """Count codes that terminology gave."""
        self._codes += count
        if self._codes > MAX_CODES:
            message = f"The value sets of the search stand for more than {MAX_CODES} codes."
            raise TooCostly(message)

    def take_lookup(self, depth: int) -> None:
        """Count one type that a reference may lead to, `depth` references away."""
        self._lookups += 1
        if depth > MAX_DEPTH or self._lookups > _MAX_LOOKUPS:
            message = f"A search follows at most {MAX_DEPTH} references, and not to all types."
            raise TooCostly(message)
