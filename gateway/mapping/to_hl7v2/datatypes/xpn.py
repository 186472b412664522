"""XPN, extended person name: a HumanName."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.datatypes import primitives
from gateway.mapping.hl7v2.datatypes.xpn import BIRTH_GIVEN_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping


# http://hl7.org/fhir/name-use to table HL70200.
NAME_TYPES: Final = {
    "official": "L",
    "usual": "D",
    "maiden": "M",
    "nickname": "N",
    "anonymous": "S",
    "old": "BAD",
    "temp": "TEMP",
}


def xpn(name: Mapping[str, Any], *, french: bool) -> tuple[str, ...]:
    """Return family, given, further given names, suffix, prefix and type (2.5.1, 2.A.89).

    In France XPN-3 of the official name lists all given names of the birth certificate, the first
    included (PAM-FR 2.11, PID-5).
    """
    given = primitives(name, "given")
    family = str(name.get("family", "")) or ("" if given else str(name.get("text", "")))
    return (
        family,
        given[0] if given else "",
        _further(name, given, french=french),
        " ".join(primitives(name, "suffix")),
        " ".join(primitives(name, "prefix")),
        "",
        NAME_TYPES.get(str(name.get("use", "")), ""),
    )


def _further(name: Mapping[str, Any], given: list[str], *, french: bool) -> str:
    official = name.get("use") == "official"
    for extension in name.get("extension", ()):
        if extension.get("url") == BIRTH_GIVEN_NAMES and official:
            return str(extension.get("valueString", ""))
    if french and official:
        return " ".join(given) if len(given) > 1 else ""
    return " ".join(given[1:])
