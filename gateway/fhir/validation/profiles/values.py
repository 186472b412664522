"""Rules about one value: fixed and pattern values, bounds, length.

https://hl7.org/fhir/R4/elementdefinition-definitions.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gateway.errors import Invalid
from gateway.fhir.fhirpath.equality import same_json
from gateway.fhir.fhirpath.nodes import Node, system
from gateway.fhir.fhirpath.operators import compare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.fhir.validation.profiles.tree import Element
    from gateway.fhir.validation.profiles.trial import Check, Trial
    from gateway.fhir.validation.resource import Path

#: Whether a JSON value is as it must be.
Test = Callable[[Any], bool]
_SHOWN = 80


def value_checks(element: Element) -> Iterator[Check]:
    """Give the checks of the value of an element."""
    fixed, pattern = element.chosen("fixed"), element.chosen("pattern")
    if fixed is not None:
        yield _like(fixed_test(fixed), f"must be exactly {shown(fixed)}")
    if pattern is not None:
        yield _like(pattern_test(pattern), f"must have {shown(pattern)}")
    for start, wrong, said in (("minValue", -1, "below"), ("maxValue", 1, "above")):
        bound = element.chosen(start)
        if bound is not None:
            yield _bounded(bound, start, wrong, said)
    if "maxLength" in element.definition:
        yield _short(int(element.definition["maxLength"]))


def shown(value: Any) -> str:  # noqa: ANN401 - any JSON
    """Return a value of a profile in short."""
    if isinstance(value, dict):
        text = ", ".join(f"{name} {shown(one)}" for name, one in value.items())
    elif isinstance(value, list):
        text = " and ".join(map(shown, value))
    else:
        text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _like(test: Test, sentence: str) -> Check:
    def check(node: Node, path: Path, trial: Trial) -> None:
        if not test(node.value):
            trial.told(path, sentence, "value")

    return check


def fixed_test(fixed: Any) -> Test:  # noqa: ANN401 - any JSON
    """Return the test that a value is exactly that."""
    if isinstance(fixed, str):
        return lambda value: bool(value == fixed)
    return lambda value: same_json(value, fixed)


def pattern_test(pattern: Any) -> Test:  # noqa: ANN401 - any JSON
    """Return the test that a value has everything that the pattern has.

    https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.pattern_x_
    """
    if isinstance(pattern, dict):
        coded = _one_code(pattern)
        if coded is not None:
            return _has_code(*coded)
        return _has_members(tuple((name, pattern_test(one)) for name, one in pattern.items()))
    if isinstance(pattern, list):
        wanted = [pattern_test(one) for one in pattern]
        return lambda value: isinstance(value, list) and all(any(map(one, value)) for one in wanted)
    if isinstance(pattern, str):
        return lambda value: bool(value == pattern)
    return fixed_test(pattern)


def _one_code(pattern: dict[str, Any]) -> tuple[Any, Any] | None:
    """Return system and code where a pattern is that of a concept and asks for nothing else."""
    listed = pattern.get("coding") if len(pattern) == 1 else None
    if not isinstance(listed, list) or len(listed) != 1 or set(listed[0]) != {"system", "code"}:
        return None
    return listed[0]["system"], listed[0]["code"]


def _has_code(system_url: Any, code: Any) -> Test:  # noqa: ANN401 - any JSON
    """Return what slices ask most, without a call for each part of it."""

    def test(value: Any) -> bool:  # noqa: ANN401 - any JSON
        listed = value.get("coding") if isinstance(value, dict) else None
        if isinstance(listed, list):
            for one in listed:
                if one.get("code") == code and one.get("system") == system_url:
                    return True
        return False

    return test


def _has_members(members: tuple[tuple[str, Test], ...]) -> Test:
    def test(value: Any) -> bool:  # noqa: ANN401 - any JSON
        if not isinstance(value, dict):
            return False
        # Not all(): slices ask this of every coding that there is.
        for name, inner in members:  # noqa: SIM110 - see above
            if name not in value or not inner(value[name]):
                return False
        return True

    return test


def _bounded(bound: Any, start: str, wrong: int, said: str) -> Check:  # noqa: ANN401 - any JSON
    kinds = {"str": "date", "dict": "Quantity"}
    limit = system(Node(bound, kinds.get(type(bound).__name__, "decimal")))

    def check(node: Node, path: Path, trial: Trial) -> None:
        try:
            found = compare(system(node), limit)
        except Invalid:
            return
        if found == wrong:
            trial.told(path, f"is {said} the {start} {shown(bound)}", "value")

    return check


def _short(most: int) -> Check:
    def check(node: Node, path: Path, trial: Trial) -> None:
        if isinstance(node.value, str) and len(node.value) > most:
            trial.told(path, f"is longer than {most} characters", "too-long")

    return check
