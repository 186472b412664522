"""What a search asks of a resource, as a tree (https://hl7.org/fhir/R4/search.html).

A parameter whose `type` is `Resource` stands for the one of that code of every resource type: it is
what a search over all types without `_type` asks by.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gateway.fhir.search.parameters import SearchParameter
    from gateway.fhir.search.values import Value

EVERY_TYPE: Final = "Resource"


@dataclass(frozen=True, slots=True)
class Clause:
    """One condition: any of `values` will do. `missing` is the answer to the modifier :missing.

    `modifier` is one of https://hl7.org/fhir/R4/search.html#modifiers:

    - "" as the kind of the parameter compares; "not" when none of the values matches
    - "exact", "contains" for strings, and from _filter "equals" (all of the folded string) and
      "ends" (how it ends)
    - "text" for tokens: `StringValue`s, compared with the start of what the code displays
    - "identifier" for references, "of-type" for identifiers: `TokenValue`s
    - "above" and "below" for URIs and for references to resources that have a parent
    - "missing": no values
    """

    parameter: SearchParameter
    modifier: str
    values: tuple[Value, ...]
    missing: bool | None = None


@dataclass(frozen=True, slots=True)
class Chain:
    """`parameter` points to a current resource of a branch's type that meets its condition."""

    parameter: SearchParameter
    branches: tuple[tuple[str, Condition], ...]


@dataclass(frozen=True, slots=True)
class Has:
    """Some current `source` points here through `parameter` and meets the condition."""

    source: str
    parameter: SearchParameter
    condition: Condition | None


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of the conditions holds."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """All of the conditions hold."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class NotOf:
    """The condition does not hold."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Members:
    """A current member of a List (https://hl7.org/fhir/R4/search.html#list)."""

    list_id: str


Condition = Clause | Chain | Has | AnyOf | AllOf | NotOf | Members
