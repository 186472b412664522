"""How large the region is, and which part of it is made at once.

Every part has chance of its own, from the seed and its number: parts may be made in any order and
by several processes, and the same seed gives the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Final

# All five programmes ran in these two years.
START: Final = date(2021, 1, 1)
DAYS: Final = 730
CHUNK: Final = 500
# Of the structures: centres with an active file, micro-structures, the rest are practices.
_CENTRES: Final = 13
_MICRO: Final = 35
_HUNDRED: Final = 100
#: Professions of each structure, one practitioner each.
ROLES: Final = (
    "medecin-generaliste",
    "psychologue",
    "travailleur-social",
    "psychiatre",
    "mediateur",
    "rhumatologue",
    "infirmier",
    "radiologue",
)


@dataclass(frozen=True, slots=True)
class Size:
    """What is made; `seed` decides everything about it."""

    structures: int = 200
    patients: int = 500_000
    episodes: int = 20_000
    encounters: int = 2_000_000
    seed: int = 1

    @property
    def chunks(self) -> int:
        """How many parts the patients make."""
        return -(-self.patients // CHUNK)

    def chunk(self, number: int) -> range:
        """Return the patients of a part."""
        return range(number * CHUNK, min((number + 1) * CHUNK, self.patients))

    def chance(self, what: str, number: int) -> Random:
        """Return the chance of one part."""
        return Random(f"{self.seed}|{what}|{number}")  # noqa: S311 - the same each time, on purpose

    def share(self, total: int, number: int) -> int:
        """Return how many of `total` fall to a patient, spread evenly."""
        return (number + 1) * total // self.patients - number * total // self.patients

    def structure(self, patient: int) -> int:
        """Return the structure of a patient."""
        # Knuth's multiplicative hash: neighbours by number are not neighbours in the region.
        return (patient * 2_654_435_761 >> 8) % self.structures

    def is_centre(self, structure: int) -> bool:
        """Whether a structure is a participatory health centre."""
        return structure % _HUNDRED < _CENTRES

    def is_micro(self, structure: int) -> bool:
        """Whether a structure houses a micro-structure."""
        return _CENTRES <= structure % _HUNDRED < _CENTRES + _MICRO
