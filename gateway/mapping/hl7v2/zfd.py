"""PID-32 and ZFD: how reliable the identity is, and how it was checked (PAM-FR 2.11).

FR Core extension fr-core-identity-reliability.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.hl7v2.datetimes import fhir_date

if TYPE_CHECKING:
    from gateway.fhir.datatypes import Element
    from gateway.hl7v2.message import Segment
    from gateway.mapping.hl7v2.gathering import Gathering

RELIABILITY: Final = "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-identity-reliability"
_SYSTEMS: Final = "https://hl7.fr/ig/fhir/core/CodeSystem/"
_STATUS: Final = f"{_SYSTEMS}fr-core-cs-v2-0445"
_METHOD: Final = f"{_SYSTEMS}fr-core-cs-method-collection"
_MODE: Final = f"{_SYSTEMS}fr-core-cs-mode-validation-identity"

# A table, read across.
# fmt: off
_STATUSES: Final = frozenset([
    "VIDE", "PROV", "VALI", "DOUB", "DESA", "DPOT", "DOUA", "COLP", "COLV", "FILI", "CACH",
    "ANOM", "IDVER", "RECD", "IDRA", "USUR", "HOMD", "HOMA", "INVA", "FICT", "DOUT",
])
# fmt: on
_METHODS: Final = frozenset({"SM", "CV", "INSI", "CB", "RFID"})
# The documents that FR Core lets validate an identity.
_MODES: Final = frozenset(
    {"AN", "CC", "CE", "CM", "CN", "CS", "LE", "PA", "PC", "TC", "DC", "AC", "IE"}
)


def pid_reliability(pid: Segment, gathering: Gathering) -> list[Element]:
    """Return one extension a status of PID-32; what ZFD says goes with the first."""
    codes = [value.text(1) for value in pid.values(32)]
    known = [code for code in codes if code in _STATUSES]
    if len(known) < len(codes):
        gathering.unmapped("PID-32 holds a status of no known table.", "PID^1^32")
    proofs = [_proof(gathering), *[[]] * len(known)]
    return [
        {"url": RELIABILITY, "extension": [_coded("identityStatus", _STATUS, code), *proof]}
        for code, proof in zip(known, proofs, strict=False)
    ]


def _proof(gathering: Gathering) -> list[Element]:
    zfd = gathering.message.first("ZFD")
    if zfd is None:
        return []
    method, mode, called = zfd.text(5), zfd.text(7), fhir_date(zfd.text(6))
    parts = (
        _coded("methodCollection", _METHOD, method) if method in _METHODS else None,
        {"url": "dateCollection", "valueDate": called} if called else None,
        _coded("validationMode", _MODE, mode) if mode in _MODES else None,
    )
    return [part for part in parts if part]


def _coded(url: str, system: str, code: str) -> Element:
    return {"url": url, "valueCoding": {"system": system, "code": code}}
