"""Discriminators become matchers (https://hl7.org/fhir/R4/profiling.html#discriminator)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Invalid
from gateway.fhir.fhirpath import compile_expression
from gateway.fhir.fhirpath.nodes import Node
from gateway.fhir.fhirpath.types import is_a
from gateway.fhir.validation.profiles.references import target_type
from gateway.fhir.validation.profiles.slicing import ByUrl
from gateway.fhir.validation.profiles.trial import passes
from gateway.fhir.validation.profiles.values import fixed_test, pattern_test

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gateway.fhir.fhirpath import Expression
    from gateway.fhir.validation.profiles.slicing import Matcher
    from gateway.fhir.validation.profiles.tree import Element
    from gateway.fhir.validation.profiles.trial import Check, Trial
    from gateway.fhir.validation.profiles.values import Test

_STEP: Final = re.compile(r"extension\('([^']*)'\)|([A-Za-z]+)\(([^)]*)\)|(\$this|[A-Za-z]\w*)")


class Discriminators:
    """Makes matchers for the slices of one profile."""

    def __init__(
        self,
        follow: Callable[[Element], Element | None],
        compiled: Callable[[Element], Check],
        type_of: Callable[[str], str],
    ) -> None:
        """`follow` gives the root of the profile of an element's type or target.

        `type_of` gives the resource type of a profile, "" when nobody knows.
        """
        self._type_of = type_of
        self._follow = follow
        self._compiled = compiled

    def matcher(self, part: Element, discriminator: dict[str, Any]) -> Matcher:
        """Return what tells whether an element is in the slice `part`."""
        kind, path = discriminator.get("type", "value"), discriminator.get("path", "$this")
        if kind == "type":
            return self._typed(part, path)
        if kind == "exists":
            return self._exists(part, path)
        if kind == "profile":
            return _profiled(self._at(part, path) or part, path)
        return self._valued(part, path)

    def _typed(self, part: Element, path: str) -> Matcher:
        source = path.removesuffix("resolve()").removesuffix(".") or "$this"
        if source == path or not path.endswith("resolve()"):
            kinds = {str(one.get("code")) for one in (self._at(part, path) or part).types}
            select = _selector(path)
            return lambda node, trial: any(
                is_a(one, kind) for one in select(node, trial) for kind in kinds
            )
        targets = (self._at(part, source) or part).types
        kinds = {self._type_of(url) for one in targets for url in one.get("targetProfile", ())}
        references = _selector(source)
        return lambda node, trial: any(
            target_type(one, trial) in kinds for one in references(node, trial)
        )

    def _exists(self, part: Element, path: str) -> Matcher:
        target = self._at(part, path)
        wanted = target is None or target.high != 0
        select = _selector(path)
        return lambda node, trial: bool(select(node, trial)) is wanted

    def _valued(self, part: Element, path: str) -> Matcher:
        if path == "url" and (url := extension_url(part)):
            return ByUrl(url)
        telling = self._telling(part, path)
        direct = _direct(telling, path)
        if direct is not None:
            return direct
        select = _selector(path)
        tests = [self._test(one) for one in telling]
        return lambda node, trial: _any(
            test(one, trial) for one in select(node, trial) for test in tests
        )

    def _telling(self, part: Element, path: str) -> list[Element]:
        """Return the elements that say what is at a path: that of the path, or its slices."""
        target = self._at(part, path)
        if target is not None and (_says(target) or not target.slices):
            return [target]
        if target is not None:
            return list(target.slices.values())
        above, _, last = path.rpartition(".")
        outer = self._at(part, above) if above else None
        inner = outer.slices.values() if outer else ()
        return [found for one in inner if (found := self._child(one, last)) is not None]

    def _test(self, target: Element) -> Matcher:
        chosen = _chosen(target)
        if chosen is not None:
            return lambda node, _trial: chosen(node.value)
        binding = target.definition.get("binding", {})
        if binding.get("strength") == "required" and not _says_more(target):
            return _member(str(binding.get("valueSet", "")))
        compiled = self._compiled(target)
        return lambda node, trial: passes(compiled, node, trial)

    def _at(self, part: Element, path: str) -> Element | None:
        """Return the element that a path names below a slice."""
        here: Element | None = part
        for match in _STEP.finditer(path):
            url, function, argument, name = match.groups()
            if here is None:
                return None
            if url is not None:
                here = self._extension(here, url)
            elif function:
                here = self._function(here, function, argument)
            elif name != "$this":
                here = self._child(here, name)
        return here

    def _function(self, here: Element, function: str, argument: str) -> Element | None:
        if function == "resolve":
            return self._follow(here) or here
        if function == "ofType":
            typed = (one for one in here.slices.values() if one.types[:1] == [{"code": argument}])
            return next(typed, here)
        return here

    def _child(self, here: Element, name: str) -> Element | None:
        found = here.children.get(name) or here.children.get(f"{name}[x]")
        if found is not None:
            return found
        above = self._follow(here)
        return (
            None if above is None else above.children.get(name) or above.children.get(f"{name}[x]")
        )

    def _extension(self, here: Element, url: str) -> Element | None:
        listed = here.children.get("extension")
        for one in (listed.slices if listed else {}).values():
            if extension_url(one) == url:
                return one
        return None


def _chosen(target: Element) -> Test | None:
    """Return the test of a fixed or pattern value, None where there is neither."""
    fixed, pattern = target.chosen("fixed"), target.chosen("pattern")
    if fixed is not None:
        return fixed_test(fixed)
    return None if pattern is None else pattern_test(pattern)


def _direct(telling: list[Element], path: str) -> Matcher | None:
    """Return a matcher that looks into JSON, for the plain case: one name, one value."""
    if len(telling) != 1 or not path.isidentifier() or telling[0].name != path:
        return None
    test = _chosen(telling[0])
    if test is None:
        return None

    def matches(node: Node, _trial: Trial) -> bool:
        value = node.value.get(path) if isinstance(node.value, dict) else None
        if isinstance(value, list):
            return any(map(test, value))
        return test(value)

    return matches


def _any(verdicts: Iterable[bool | None]) -> bool | None:
    """Return whether one is true; None when none is and one is not known."""
    found: bool | None = False
    for one in verdicts:
        if one:
            return True
        found = None if one is None else found
    return found


def _says(target: Element) -> bool:
    own = target.chosen("fixed") is not None or target.chosen("pattern") is not None
    required = target.definition.get("binding", {}).get("strength") == "required"
    return own or required or any(map(_says_below, target.children.values()))


def _says_below(one: Element) -> bool:
    own = one.chosen("fixed") is not None or one.chosen("pattern") is not None
    return own or _says_more(one)


def _says_more(target: Element) -> bool:
    """Whether anything below an element is fixed."""
    below = (*target.children.values(), *target.slices.values())
    return any(map(_says_below, below))


def extension_url(part: Element) -> str:
    """Return the url that an extension has by its slice or its profile."""
    url = part.children.get("url")
    fixed = url.chosen("fixed") if url else None
    if isinstance(fixed, str):
        return fixed
    profiles = [one for kind in part.types for one in kind.get("profile", ())]
    return str(profiles[0]).partition("|")[0] if profiles else ""


def _selector(path: str) -> Callable[[Node, Trial], list[Node]]:
    if path == "$this":
        return lambda node, _trial: [node]
    try:
        expression = compile_expression(path)
    except Invalid:
        return lambda _node, _trial: []
    return lambda node, trial: _selected(expression, node, trial)


def _selected(expression: Expression, node: Node, trial: Trial) -> list[Node]:
    found = expression.items_of(node, trial.shared)
    return [one if isinstance(one, Node) else Node(one) for one in found]


def _profiled(target: Element, path: str) -> Matcher:
    profiles = [
        one
        for kind in target.types
        for one in (kind.get("targetProfile") if "resolve()" in path else kind.get("profile")) or ()
    ]
    select = _selector(path)
    return lambda node, trial: any(
        trial.conforms(one, profile, trial) for one in select(node, trial) for profile in profiles
    )


def _member(url: str) -> Matcher:
    def matches(node: Node, trial: Trial) -> bool | None:
        ask = trial.services.member_of
        return ask(node.value, url) if ask else None

    return matches
