"""Other people's FHIR servers that can be started here, to be measured beside the gateway."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.http_load import Answered


@dataclass(frozen=True, slots=True)
class Served:
    """A FHIR server that runs: `fhir` on `port` is the base; `roots` are its processes.

    The database's first process counts among `roots` where there is one, so that CPU seconds are
    those of the whole. `warm` is how long it must be asked before it is as fast as it gets.
    """

    name: str
    port: int
    roots: tuple[int, ...]
    warm: int = 1


@dataclass(frozen=True, slots=True)
class Measured:
    """Answers, and the CPU seconds that the server and its database used for them."""

    answered: Answered
    cpu: float

    @property
    def per_core(self) -> float:
        """Answers a second of one core."""
        return self.answered.count / self.cpu if self.cpu else 0.0
