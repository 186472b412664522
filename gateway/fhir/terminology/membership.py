"""Whether codes are in value sets, asked over and over: what was answered is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.errors import GatewayError
from gateway.fhir.terminology.grammars import by_grammar

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.fhir.terminology.composition import Composition
    from gateway.fhir.terminology.terminology import Terminology
    from gateway.fhir.terminology.value_set import ValueSet

_MOST: Final = 20_000


class Membership:
    """Answers for a code, Coding or CodeableConcept; forgets when `generation` changes."""

    def __init__(self, terminology: Terminology, generation: Callable[[], int]) -> None:
        """Ask `terminology`."""
        self._terminology = terminology
        self._generation = generation
        self._known_at = -1
        self._known: dict[tuple[str, str | None, str], bool | None] = {}

    def renew(self) -> None:
        """Forget what may no longer be true."""
        now = self._generation()
        if now != self._known_at or len(self._known) > _MOST:
            self._known, self._known_at = {}, now

    def __call__(self, value: Any, value_set: str) -> bool | None:  # noqa: ANN401 - any JSON
        """Return whether any of its codes is in the value set; None when that is not known."""
        found: bool | None = False
        for system, code in _codings(value):
            verdict = self._one(value_set, system, code)
            if verdict:
                return True
            found = None if verdict is None else found
        return found

    def _one(self, *key: *tuple[str, str | None, str]) -> bool | None:
        if key not in self._known:
            self._known[key] = self._asked(*key)
        return self._known[key]

    def _asked(self, url: str, system: str | None, code: str) -> bool | None:
        spelled = by_grammar(url, system, code)
        if spelled is not None:
            return spelled
        try:
            value_set = self._terminology.value_set(url)
            composition = self._terminology.composition()
            if system is None:
                return _in_any(composition, value_set, code)
            return composition.find(value_set, system, code) is not None
        except GatewayError:
            return None


def _in_any(composition: Composition, value_set: ValueSet, code: str) -> bool:
    """Return whether a bare code is one of any system of the value set."""
    systems = composition.systems(value_set)
    return any(composition.find(value_set, one, code) is not None for one in systems)


def _codings(value: Any) -> list[tuple[str | None, str]]:  # noqa: ANN401 - any JSON
    if isinstance(value, str):
        return [(None, value)]
    if not isinstance(value, dict):
        return []
    listed = value.get("coding") if "coding" in value else [value]
    return [
        (str(one.get("system", "")), str(one.get("code", "")))
        for one in listed or ()
        if isinstance(one, dict)
    ]
