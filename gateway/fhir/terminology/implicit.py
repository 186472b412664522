"""Value sets that no resource defines.

`CodeSystem.valueSet` (https://hl7.org/fhir/R4/codesystem-definitions.html#CodeSystem.valueSet), and
for SNOMED CT `?fhir_vs` and `?fhir_vs=isa/[code]`
(https://hl7.org/fhir/R4/snomedct.html#implicit).
"""

from __future__ import annotations

from typing import Final

from gateway.fhir.terminology.canonical import Canonical
from gateway.fhir.terminology.value_set import Filter, Include, ValueSet

_MARK: Final = "?fhir_vs"
_IS_A: Final = "=isa/"


def all_of(url: str, system: str, *filters: Filter) -> ValueSet:
    """Return the value set `url` of all codes of a system that pass the filters."""
    head = {"url": url, "status": "active"}
    return ValueSet(Canonical(url), head, (Include(Canonical(system), filters=filters),))


def implied_by_url(url: str) -> ValueSet | None:
    """Return the value set that such a URL stands for, or None when it stands for none."""
    system, mark, rest = url.partition(_MARK)
    if not mark or not system:
        return None
    if not rest:
        return all_of(url, system)
    if rest.startswith(_IS_A):
        return all_of(url, system, Filter("concept", "is-a", rest.removeprefix(_IS_A)))
    return None
