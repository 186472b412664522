"""ORC-1, order control (table HL70119): what each code does to the order.

v2-to-FHIR (ConceptMap OrderControlCode) and the French téléradiologie differ: there a request to
cancel leaves the order active until somebody confirms it, here it revokes the order (flow 2).
"""

from __future__ import annotations

from typing import Final

# What the code does to ServiceRequest.status; what is not here leaves the order active.
_STATUSES: Final = {
    "CA": "revoked",
    "CR": "revoked",
    "OC": "revoked",
    "DC": "revoked",
    "DR": "revoked",
    "OD": "revoked",
    "DF": "revoked",
    "UA": "revoked",
    "RP": "revoked",
    "RU": "revoked",
    "RQ": "revoked",
    "HD": "on-hold",
    "HR": "on-hold",
    "OH": "on-hold",
    "FU": "completed",
}
# Where v2-to-FHIR says otherwise: requests that are not granted yet.
_REQUESTED: Final = {"CA": "active", "HD": "active"}
# Codes that bring a number or a word on a request, and no state of the order.
_SILENT: Final = frozenset(
    {"DE", "LI", "NA", "RR", "SS", "UC", "UD", "UF", "UH", "UM", "UN", "UR", "UX"}
)
# A table, read across.
# fmt: off
_KNOWN: Final = frozenset([
    "AF", "CA", "CH", "CN", "CP", "CR", "DC", "DE", "DF", "DR", "FU", "HD", "HR", "LI", "MC",
    "NA", "NW", "OC", "OD", "OE", "OF", "OH", "OK", "OP", "OR", "PA", "PR", "PY", "RE", "RF",
    "RL", "RO", "RP", "RQ", "RR", "RU", "SC", "SN", "SR", "SS", "UA", "UC", "UD", "UF", "UH",
    "UM", "UN", "UR", "UX", "XO", "XR", "XX",
])
# fmt: on
REPLACED: Final = frozenset({"RP", "RU", "RQ"})
REPLACES: Final = frozenset({"RO", "PY"})
# Task codes of R4 for a request that somebody has to grant.
REQUESTS: Final = {"CA": ("abort", "Mark the focal resource as no longer active")} | {
    "HD": ("suspend", "Suspend the focal resource")
}


def control_status(code: str, *, foreign: bool) -> str:
    """Return the status that ORC-1 gives an order; `foreign` asks for v2-to-FHIR to the letter."""
    if foreign and code in _REQUESTED:
        return _REQUESTED[code]
    return _STATUSES.get(code, "active")


def is_silent(code: str) -> bool:
    """Say whether ORC-1 says nothing of the state of the order."""
    return code in _SILENT


def is_known(code: str) -> bool:
    """Say whether the code is in table HL70119."""
    return code in _KNOWN
