"""How an invariant is written: a key, a sentence, a function of the element.

https://hl7.org/fhir/R4/conformance-rules.html#constraints
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gateway.fhir.search.dates import date_range

Element = dict[str, Any]
Test = Callable[[Element], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """One invariant; `sentence` goes behind the element's expression when it does not hold."""

    key: str
    sentence: str
    holds: Test


def has(element: Element, name: str) -> bool:
    """Whether an element is there, with a value or only with extensions; `value[x]` is any."""
    if name in element:
        return True
    if not name.endswith("[x]"):
        return f"_{name}" in element
    start = name[:-3]
    return any(start in key and _is_choice(key.lstrip("_"), start) for key in element)


def _is_choice(key: str, start: str) -> bool:
    return key.startswith(start) and key[len(start) : len(start) + 1].isupper()


def any_of(key: str, *names: str) -> Rule:
    """Return the rule that at least one is there."""
    listed = ", ".join(names)
    return Rule(key, f"needs one of {listed}", lambda one: any(has(one, name) for name in names))


def one_of(key: str, first: str, second: str) -> Rule:
    """Return the rule that exactly one is there."""
    sentence = f"needs either {first} or {second}, and not both"
    return Rule(key, sentence, lambda one: has(one, first) != has(one, second))


def not_both(key: str, first: str, second: str) -> Rule:
    """Return the rule that the two are not there together."""
    sentence = f"cannot have both {first} and {second}"
    return Rule(key, sentence, lambda one: not (has(one, first) and has(one, second)))


def needs(key: str, name: str, *others: str) -> Rule:
    """Return the rule that `name` comes with all the others."""
    sentence = f"needs {' and '.join(others)} beside {name}"
    return Rule(
        key, sentence, lambda one: not has(one, name) or all(has(one, other) for other in others)
    )


def only_when(key: str, name: str, element: str, *values: object) -> Rule:
    """Return the rule that `name` is only there when `element` has one of the values."""
    listed = " or ".join(str(value).lower() for value in values)
    sentence = f"has {name}, which needs {element} {listed}"
    return Rule(key, sentence, lambda one: not has(one, name) or one.get(element) in values)


def never_when(key: str, name: str, element: str, *values: object) -> Rule:
    """Return the rule that `name` is not there when `element` has one of the values."""
    listed = " or ".join(str(value).lower() for value in values)
    sentence = f"has {name}, which {element} {listed} excludes"
    return Rule(key, sentence, lambda one: not (has(one, name) and one.get(element) in values))


def not_after(start: str, end: str) -> Test:
    """Return the test that `start` is not after `end`, as far as their precision tells."""

    def holds(one: Element) -> bool:
        first, last = one.get(start), one.get(end)
        if first is None or last is None:
            return True
        before, after = date_range(first), date_range(last)
        return before is None or after is None or before[0] < after[1]

    return holds


def distinct(values: list[Any]) -> bool:
    """Whether no value is there twice."""
    return len(values) == len(set(values))


def when(key: str, element: str, value: object, sentence: str, test: Test) -> Rule:
    """Return the rule that `test` holds when `element` has the value."""
    return Rule(key, sentence, lambda one: one.get(element) != value or test(one))


def unless(key: str, element: str, value: object, sentence: str, test: Test) -> Rule:
    """Return the rule that `test` holds when `element` has any other value, or none."""
    return Rule(key, sentence, lambda one: one.get(element) == value or test(one))


def count_of(one: Element, *names: str) -> int:
    """Return how many of the names are there."""
    return sum(1 for name in names if has(one, name))
