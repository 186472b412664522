"""How much two patients look like one (https://hl7.org/fhir/R4/patient-operation-match.html).

Each trait that both have is evidence for or against, in points, as in record linkage after Fellegi
and Sunter; the points of all traits give a score between 0 and 1 and a grade of
http://terminology.hl7.org/CodeSystem/match-grade. Certain is only what an identifier says and the
name and the date of birth confirm: a name alone is never an identity.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gateway.fhir.search.phonetic import sound_of
from gateway.fhir.search.text import folded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.fhir.wire import Resource

Pairs = tuple[tuple[str, str], ...]


class Grade(StrEnum):
    """http://hl7.org/fhir/R4/valueset-match-grade.html."""

    CERTAIN = "certain"
    PROBABLE = "probable"
    POSSIBLE = "possible"
    CERTAINLY_NOT = "certainly-not"


class Likeness(StrEnum):
    """What a trait of two patients says; absent from either, it says nothing."""

    SAME = "same"
    CLOSE = "close"
    OTHER = "other"
    UNKNOWN = "unknown"


class Score(NamedTuple):
    """The grade, and the score between 0 and 1 that Bundle.entry.search carries."""

    grade: Grade
    value: float


@dataclass(frozen=True, slots=True)
class _Weights:
    """The points for a trait that is the same, close, and another one."""

    same: float
    close: float
    other: float


# National health identity (INS): NIR, NIA and the two of tests.
_INS: Final = frozenset(f"urn:oid:1.2.250.1.213.1.4.{last}" for last in (8, 9, 10, 11))
_WEIGHTS: Final = {
    "national": _Weights(14, 0, -10),
    "local": _Weights(10, 0, -1),
    "family": _Weights(4, 2.5, -4),
    "given": _Weights(3, 2, -3),
    "birth_date": _Weights(5, 2.5, -6),
    "gender": _Weights(0.5, 0, -2),
    "postcode": _Weights(1.5, 0, -0.5),
}
_PROBABLE: Final = 9.0
_POSSIBLE: Final = 4.5
# Where the score is one half, and how fast it changes there.
_MIDDLE: Final = 7.0
_SLOPE: Final = 2.0
_FULL_DATE: Final = 10
_MAX_VALUES: Final = 20


def score(wanted: Resource, candidate: Resource) -> Score:
    """Return how much `candidate` looks like `wanted`, both Patients that were validated."""
    said = _evidence(wanted, candidate)
    points = sum(_points(name, likeness) for name, likeness in said.items())
    value = round(1 / (1 + math.exp((_MIDDLE - points) / _SLOPE)), 4)
    if points >= _PROBABLE:
        return Score(Grade.CERTAIN if _is_certain(said) else Grade.PROBABLE, value)
    return Score(Grade.POSSIBLE if points >= _POSSIBLE else Grade.CERTAINLY_NOT, value)


def _evidence(one: Resource, other: Resource) -> dict[str, Likeness]:
    return {
        "national": _of_identifiers(one, other, national=True),
        "local": _of_identifiers(one, other, national=False),
        "family": _of_names(_families(one), _families(other)),
        "given": _of_given(_given(one), _given(other)),
        "birth_date": _of_dates(one.get("birthDate"), other.get("birthDate")),
        "gender": _of_genders(one.get("gender"), other.get("gender")),
        "postcode": _of_sets(_postcodes(one), _postcodes(other)),
    }


def _points(name: str, likeness: Likeness) -> float:
    weights = _WEIGHTS[name]
    return {
        Likeness.SAME: weights.same,
        Likeness.CLOSE: weights.close,
        Likeness.OTHER: weights.other,
        Likeness.UNKNOWN: 0.0,
    }[likeness]


def _is_certain(said: dict[str, Likeness]) -> bool:
    identified = Likeness.SAME in (said["national"], said["local"])
    confirmed = said["family"] is Likeness.SAME and said["birth_date"] is Likeness.SAME
    against = {said[name] for name in ("national", "given", "gender")}
    return identified and confirmed and Likeness.OTHER not in against


def _of_identifiers(one: Resource, other: Resource, *, national: bool) -> Likeness:
    mine, theirs = (_identifiers(patient, national=national) for patient in (one, other))
    if mine & theirs:
        return Likeness.SAME
    shared = {system for system, _ in mine} & {system for system, _ in theirs}
    return Likeness.OTHER if shared else Likeness.UNKNOWN


def _identifiers(patient: Resource, *, national: bool) -> set[tuple[str, str]]:
    found = {
        (str(one["system"]), str(one["value"]))
        for one in patient.get("identifier", ())
        if "system" in one and "value" in one and one.get("use") != "old"
    }
    return {one for one in found if (one[0] in _INS) is national}


def _of_names(mine: set[str], theirs: set[str]) -> Likeness:
    exact = _of_sets(mine, theirs)
    if exact is not Likeness.OTHER:
        return exact
    heard = {sound_of(name) for name in mine} & {sound_of(name) for name in theirs}
    close = heard - {""} or any(is_one_edit(a, b) for a in mine for b in theirs)
    return Likeness.CLOSE if close else Likeness.OTHER


def _of_given(mine: set[str], theirs: set[str]) -> Likeness:
    found = _of_names(mine, theirs)
    if found is Likeness.OTHER and any(_is_initial(a, b) for a in mine for b in theirs):
        return Likeness.CLOSE
    return found


def _is_initial(one: str, other: str) -> bool:
    return min(len(one), len(other)) == 1 and one[:1] == other[:1]


def _of_sets(mine: set[str], theirs: set[str]) -> Likeness:
    if not mine or not theirs:
        return Likeness.UNKNOWN
    return Likeness.SAME if mine & theirs else Likeness.OTHER


def _of_dates(one: str | None, other: str | None) -> Likeness:
    """Compare birth dates: one that is less precise is close when it does not contradict."""
    if not one or not other:
        return Likeness.UNKNOWN
    if one == other:
        return Likeness.SAME if len(one) == _FULL_DATE else Likeness.CLOSE
    if one.startswith(other) or other.startswith(one):
        return Likeness.CLOSE
    if len(one) != len(other) or len(one) != _FULL_DATE:
        return Likeness.OTHER
    differing = sum(a != b for a, b in zip(one, other, strict=True))
    swapped = one[:5] + one[8:] + "-" + one[5:7] == other
    return Likeness.CLOSE if differing == 1 or swapped else Likeness.OTHER


def _of_genders(one: str | None, other: str | None) -> Likeness:
    told = {"male", "female"}
    if one not in told or other not in told:
        return Likeness.UNKNOWN
    return Likeness.SAME if one == other else Likeness.OTHER


def _families(patient: Resource) -> set[str]:
    """Return the names at birth and in use, whole and by their parts."""
    names = {_plain(one["family"]) for one in _names(patient) if one.get("family")}
    parts = {part for name in names for part in name.split() if len(part) > len("von")}
    return (names | parts) - {""}


def _given(patient: Resource) -> set[str]:
    names = {_plain(given) for one in _names(patient) for given in one.get("given", ()) if given}
    first = {name.split()[0] for name in names if name}
    return (names | first) - {""}


def _names(patient: Resource) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = patient.get("name", [])
    return found[:_MAX_VALUES]


def _plain(name: str) -> str:
    return " ".join(folded(name).replace("-", " ").replace("'", " ").split())


def _postcodes(patient: Resource) -> set[str]:
    found = (one.get("postalCode") for one in patient.get("address", ()))
    return {folded(code).replace(" ", "") for code in found if code}


def is_one_edit(one: str, other: str) -> bool:
    """Whether one letter more, less, different or two swapped make one word of the other."""
    if abs(len(one) - len(other)) > 1 or min(len(one), len(other)) < len("abc"):
        return False
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if at is None:
        return True
    rests = (one[at:], other[at:])
    swapped = rests[0][:2] == rests[1][:2][::-1] and rests[0][2:] == rests[1][2:]
    return (
        swapped
        or rests[0][1:] == rests[1][1:]
        or rests[0][1:] == rests[1]
        or rests[0] == rests[1][1:]
    )


def candidate_searches(wanted: Resource) -> tuple[Pairs, ...]:
    """Return the searches that find whoever may be `wanted`, each of them by an index.

    An identifier alone; a name that sounds alike with the date of birth, or the year with the
    given name; the date of birth with the family name's beginning. Empty when the patient tells
    too little to look for.
    """
    by_identifier = [
        (("identifier", f"{_escaped(one['system'])}|{_escaped(one['value'])}"),)
        for one in wanted.get("identifier", ())[:_MAX_VALUES]
        if one.get("system") and one.get("value")
    ]
    return (*by_identifier, *_by_name(wanted))


def _by_name(wanted: Resource) -> Sequence[Pairs]:
    families = sorted({one["family"] for one in _names(wanted) if one.get("family")})
    given = [one["given"][0] for one in _names(wanted) if one.get("given") and one["given"][0]]
    born = wanted.get("birthDate")
    if not families:
        return (
            [] if not (given and born) else [(("given", _escaped(given[0])), ("birthdate", born))]
        )
    names = ",".join(map(_escaped, families))
    searches: list[Pairs] = []
    if born:
        searches.append((("phonetic", names), ("birthdate", born)))
        # A typing fault in the name or in the date: the other is right.
        searches.append(
            (("family", ",".join(_escaped(name[:3]) for name in families)), ("birthdate", born))
        )
    if given:
        year = (("birthdate", born[:4]),) if born else ()
        searches.append((("family", names), ("given", _escaped(given[0])), *year))
    return searches or [(("family:exact", names),)]


def _escaped(text: str) -> str:
    """Return a value of a search as it is written (https://hl7.org/fhir/R4/search.html#escaping)."""
    for special in "\\$,|":
        text = text.replace(special, f"\\{special}")
    return text
