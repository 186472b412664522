"""Synthetic people: French names, identifiers of the test ranges with right keys.

INS under the test OID 1.2.250.1.213.1.4.10; RPPS and FINESS begin with 99, which is given to
nobody, and end with their Luhn digit.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from random import Random

FAMILIES: Final = (
    "ALBARET",
    "BERTIN",
    "BÉRARD",
    "BOUVIER",
    "CARPENTIER",
    "CHÂTELAIN",
    "COLIN",
    "DELMAS",
    "DIALLO",
    "DUPUIS",
    "FAURE",
    "FERREIRA",
    "GARNIER",
    "GUÉRIN",
    "HADDAD",
    "HUBERT",
    "KERVELLA",
    "LE GALL",
    "LEFÈVRE",
    "MARCHAND",
    "MARTIN",
    "MEYER",
    "NGUYEN",
    "NOËL",
    "OLLIVIER",
    "PÉRON",
    "RENAUD",
    "ROUSSEAU",
    "SCHMITT",
    "TRAORÉ",
    "VASSEUR",
    "ZIEGLER",
)  # fmt: skip - a list, not a column
WOMEN: Final = (
    "AGNÈS",
    "AÏCHA",
    "CAMILLE",
    "CLAIRE",
    "FATOUMATA",
    "HÉLÈNE",
    "INÈS",
    "JEANNE",
    "LOUISE",
    "MARIE",
    "NADIA",
    "ODILE",
    "SOPHIE",
    "YASMINE",
    "ZOÉ",
)  # fmt: skip - as above
MEN: Final = (
    "ADRIEN",
    "AMADOU",
    "ÉTIENNE",
    "FRANÇOIS",
    "GAËL",
    "HUGO",
    "JEAN",
    "KARIM",
    "LOÏC",
    "MATHIS",
    "NOÉ",
    "PAUL",
    "RENÉ",
    "THÉO",
    "YVES",
)  # fmt: skip - as above
# Town, postal code, INSEE code.
TOWNS: Final = (
    ("PARIS", "75015", "75115"),
    ("SAINT-DENIS", "93200", "93066"),
    ("AUBERVILLIERS", "93300", "93001"),
    ("BOBIGNY", "93000", "93008"),
    ("ILLKIRCH-GRAFFENSTADEN", "67400", "67218"),
    ("STRASBOURG", "67000", "67482"),
    ("MARSEILLE", "13003", "13203"),
    ("ROUBAIX", "59100", "59512"),
)
HTEST: Final = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}
_V2: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"
_FR_V2: Final = "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203"
_INS: Final = "urn:oid:1.2.250.1.213.1.4.10"
_PI: Final = "urn:oid:1.2.250.1.999.10"
_OLDEST: Final = date(1932, 1, 1)
_DAYS: Final = 27_000
_LUHN: Final = 10


def luhn(digits: str) -> str:
    """Return the digits with their key behind them (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled // _LUHN + doubled % _LUHN
    return f"{digits}{-total % _LUHN}"


def rpps(number: int) -> str:
    """Return an RPPS number, 11 digits, of the range that is given to nobody."""
    return luhn(f"99{number:08d}")


def finess(number: int) -> str:
    """Return a FINESS number, 9 digits, of a département that does not exist."""
    return luhn(f"99{number:06d}")


def ins(number: int, born: date, *, woman: bool) -> str:
    """Return a national identity number with its key, for the test OID alone."""
    head = f"{2 if woman else 1}{born:%y%m}99{number % 1_000_000:06d}"
    return f"{head}{97 - int(head) % 97:02d}"


def meta(*labels: dict[str, str]) -> dict[str, Any]:
    """Return the meta of a resource that is test data."""
    return {"security": [HTEST, *labels]}


def patient(number: int, chance: Random, structure: str) -> dict[str, Any]:
    """Return a Patient of a structure."""
    woman = chance.random() < 0.52  # noqa: PLR2004 - as in the population
    born = _OLDEST + timedelta(days=chance.randrange(_DAYS))
    family, given = chance.choice(FAMILIES), chance.choice(WOMEN if woman else MEN)
    town, postal_code, _ = TOWNS[number % len(TOWNS)]
    return {
        "resourceType": "Patient",
        "id": f"synth-p{number}",
        "meta": meta(),
        "identifier": [
            {
                "use": "official",
                "type": {"coding": [{"system": _FR_V2, "code": "INS-NIR-TEST"}]},
                "system": _INS,
                "value": ins(number, born, woman=woman),
            },
            {
                "use": "usual",
                "type": {"coding": [{"system": _V2, "code": "PI"}]},
                "system": _PI,
                "value": f"S{number}",
            },
        ],
        "name": [{"use": "official", "family": family, "given": [given]}],
        "gender": "female" if woman else "male",
        "birthDate": born.isoformat(),
        "address": [{"city": town, "postalCode": postal_code, "country": "FRA"}],
        "managingOrganization": {"reference": f"Organization/{structure}"},
    }


def practitioner(number: int, chance: Random) -> dict[str, Any]:
    """Return a Practitioner."""
    value = rpps(number)
    return {
        "resourceType": "Practitioner",
        "id": f"synth-w{number}",
        "meta": meta(),
        "identifier": [
            {
                "use": "official",
                "type": {"coding": [{"system": _FR_V2, "code": "RPPS"}]},
                "system": "https://rpps.esante.gouv.fr",
                "value": value,
            }
        ],
        "name": [{"family": chance.choice(FAMILIES), "given": [chance.choice(WOMEN + MEN)]}],
    }
