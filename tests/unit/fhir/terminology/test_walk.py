from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.fhir.terminology.base import BaseTerminology
from gateway.fhir.terminology.terminology import Terminology
from gateway.fhir.terminology.walk import Walks
from tests.unit.fhir.terminology.conftest import SYSTEM, Held, value_set

if TYPE_CHECKING:
    from gateway.fhir.terminology.canonical import Canonical
    from gateway.fhir.terminology.code_system import CodeSystem
    from gateway.fhir.terminology.value_set import ValueSet

ALL = value_set("all", {"system": SYSTEM})


class Kept(Held):
    """Gives the same object again until `put` says that something changed."""

    def __init__(self, *resources: dict[str, Any]) -> None:
        super().__init__(resources)
        self._read: dict[object, Any] = {}

    def put(self, resource: dict[str, Any]) -> None:
        kept = [one for one in self._resources if one["url"] != resource["url"]]
        self._resources = [*kept, resource]
        self._read = {
            key: one for key, one in self._read.items() if resource["url"] not in str(key)
        }

    def code_system(self, canonical: Canonical) -> CodeSystem | None:
        key = ("CodeSystem", canonical)
        if key not in self._read:
            self._read[key] = super().code_system(canonical)
        found: CodeSystem | None = self._read[key]
        return found

    def value_set(self, canonical: Canonical) -> ValueSet | None:
        key = ("ValueSet", canonical)
        if key not in self._read:
            self._read[key] = super().value_set(canonical)
        found: ValueSet | None = self._read[key]
        return found


def test_a_walk_is_kept_until_something_on_the_way_changes(imaging: dict[str, Any]) -> None:
    resolver = Kept(imaging, ALL)
    terminology = Terminology(resolver)
    walks = Walks(resolver)
    first = walks.walk(terminology.value_set(ALL["url"]))
    assert walks.walk(terminology.value_set(ALL["url"])) is first
    resolver.put({**imaging, "concept": [{"code": "NEW"}]})
    second = walks.walk(terminology.value_set(ALL["url"]))
    assert list(second.members) == [(SYSTEM, "NEW")]
    resolver.put(value_set("all", {"system": SYSTEM, "concept": [{"code": "OTHER"}]}))
    third = walks.walk(terminology.value_set(ALL["url"]))
    assert list(third.members) == [(SYSTEM, "OTHER")]


def test_what_a_text_filter_looks_at_is_folded(imaging: dict[str, Any]) -> None:
    concept = [{"code": "A/1", "display": "Écho-Doppler", "designation": [{"value": "Œdème"}]}]
    terminology = Terminology(Kept({**imaging, "concept": concept}, ALL))
    walk = terminology.walk(terminology.value_set(ALL["url"]))
    assert walk.words() == [" a/1 echo-doppler oedeme a 1 echo doppler oedeme"]


def test_the_value_sets_of_r4_are_kept() -> None:
    terminology = Terminology(BaseTerminology())
    asked = terminology.value_set("http://hl7.org/fhir/ValueSet/administrative-gender")
    assert terminology.walk(asked) is terminology.walk(asked)
