"""What can be asked of all that a search finds, besides how many there are.

`by` is what the figures are told by (month, structure, kind), `once` what is counted once each (the
patients of encounters), `value` what is summed. Each is a path along search parameters, so that a
database answers from its index and loads nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.fhir.search.parameters import SearchParameter


@dataclass(frozen=True, slots=True)
class Path:
    """References that are followed, each to one resource type, and the parameter at their end."""

    steps: tuple[tuple[SearchParameter, str], ...]
    end: SearchParameter


@dataclass(frozen=True, slots=True)
class Buckets:
    """Instants told by the span they lie in: `ends` are the beginnings of all but the first."""

    path: Path
    ends: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """Microseconds from one instant of a resource to another."""

    start: Path
    end: Path


@dataclass(frozen=True, slots=True)
class Spread:
    """The first and the last instant, `when`, of each that `once` leads to, told by `by`."""

    once: Path
    when: Path
    by: Path | Buckets | None = None


@dataclass(frozen=True, slots=True)
class Extent:
    """From which instant to which one `key` (`Type/id`) lasts within a stratum, in microseconds."""

    stratum: tuple[str, str] | None
    key: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Survey:
    """What is asked of all that a search finds; with `each`, every value and not their sum."""

    by: Path | Buckets | None = None
    once: Path | None = None
    value: Path | Between | None = None
    each: bool = False


@dataclass(frozen=True, slots=True)
class Tally:
    """The figures of one stratum: (system, code), (type, id) or ("", number of the bucket).

    `number` counts resources, or what is counted once each; `total` is the sum of the values, or
    one value that `number` resources have, in `unit`. None where there is no value.
    """

    stratum: tuple[str, str] | None
    number: int
    total: float | None = None
    unit: str = ""
