"""The national numbers of a French professional, by whatever standard they come.

FR Core, fr-core-practitioner: the RPPS has 11 digits; the PS_IdNat is `8` and the RPPS, or `0` and
the ADELI.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from gateway.fhir.datatypes import Element, coding, concept, oid_system
from gateway.mapping.entry import Key

PS_OID: Final = "1.2.250.1.71.4.2.1"
IDNPS: Final = oid_system(PS_OID)
RPPS: Final = "https://rpps.esante.gouv.fr"

_FR_0203: Final = "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203"
_RPPS_LENGTH: Final = 11
_RPPS_PREFIX: Final = "8"


class Identity(NamedTuple):
    """The identifiers of a professional, and the keys that find one, best first."""

    identifiers: tuple[Element, ...]
    keys: tuple[Key, ...]


def rpps_of(value: str) -> str | None:
    """Return the RPPS in a national number, None when it holds none."""
    prefixed = len(value) == _RPPS_LENGTH + 1 and value.startswith(_RPPS_PREFIX)
    rpps = value[1:] if prefixed else value
    return rpps if len(rpps) == _RPPS_LENGTH else None


def national_identity(value: str) -> Identity:
    """Return PS_IdNat and RPPS of a professional; a number without RPPS is a PS_IdNat alone."""
    rpps = rpps_of(value)
    if rpps is None:
        return Identity((_typed(IDNPS, value, "IDNPS"),), (Key(IDNPS, value),))
    number = _RPPS_PREFIX + rpps
    # The RPPS first: it is what every other standard names a professional by.
    return Identity(
        (_typed(IDNPS, number, "IDNPS"), _typed(RPPS, rpps, "RPPS")),
        (Key(RPPS, rpps), Key(IDNPS, number)),
    )


def _typed(system: str, value: str, kind: str) -> Element:
    return {"type": concept(coding(_FR_0203, kind)), "system": system, "value": value}
