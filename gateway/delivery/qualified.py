"""Which national number of a patient may be shown, and addressed: that of a qualified identity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource

_INS: Final = tuple(f"urn:oid:1.2.250.1.213.1.4.{last}" for last in (8, 9, 10, 11))
_RELIABILITY: Final = "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-identity-reliability"


def qualified_identifier(patient: Resource) -> dict[str, Any]:
    """Return the INS of a qualified identity (VALI), otherwise nothing.

    An INS that was not verified must not be used as one (référentiel national d'identitovigilance).
    """
    if "VALI" not in _reliability(patient):
        return {}
    held = (one for one in patient.get("identifier", ()) if one.get("system") in _INS)
    return next((one for one in held if one.get("use") != "old" and one.get("value")), {})


def _reliability(patient: Resource) -> list[str]:
    parts = [
        part
        for extension in patient.get("extension", ())
        if extension.get("url") == _RELIABILITY
        for part in extension.get("extension", ())
    ]
    statuses = [part for part in parts if part.get("url") == "identityStatus"]
    return [part.get("valueCoding", {}).get("code", "") for part in statuses]
