"""Every extension of a resource against its own definition, and where it may stand.

https://hl7.org/fhir/R4/extensibility.html#context
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Invalid
from gateway.fhir.definitions import resource_types
from gateway.fhir.fhirpath import compile_expression
from gateway.fhir.fhirpath.nodes import Node, fields
from gateway.fhir.fhirpath.types import is_a
from gateway.fhir.validation.profiles.children import placed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gateway.fhir.validation.profiles.trial import Check, Trial
    from gateway.fhir.validation.resource import Path

_CORE: Final = "http://hl7.org/fhir/StructureDefinition/"
_NAMES: Final = ("extension", "modifierExtension")


@dataclass(frozen=True, slots=True)
class Definition:
    """An extension that is known here: its check, and where it may stand."""

    check: Check
    contexts: tuple[tuple[str, str], ...]
    modifier: bool


@dataclass(frozen=True, slots=True)
class _Owner:
    """What an extension stands on: `steps` are its element names from the resource."""

    node: Node
    steps: tuple[str, ...]
    extension: str = ""


def check_extensions(
    node: Node, path: Path, trial: Trial, known: Callable[[str], Definition | None]
) -> None:
    """Check all extensions below a resource; those that are nested belong to theirs."""
    if not any_extension(node.value):
        return
    waiting = [(_Owner(node, (node.type,)), path)]
    while waiting:
        owner, place = waiting.pop()
        value = owner.node.value if isinstance(owner.node.value, dict) else owner.node.extra
        if not isinstance(value, dict):
            continue
        for name in _NAMES:
            if name in value:
                for one, where in placed(value[name], None, "Extension", (place, name, -1, 0)):
                    _check_one(owner, one, where, trial, known)
        waiting += _below(owner, value, place)


def any_extension(value: Any) -> bool:  # noqa: ANN401 - any JSON
    """Whether there is an extension anywhere: most resources have none, and that is seen fast."""
    waiting: list[Any] = [value]
    while waiting:
        one = waiting.pop()
        if type(one) is list:
            waiting += one
        elif type(one) is dict:
            if "extension" in one or "modifierExtension" in one:
                return True
            waiting += one.values()
    return False


def _below(owner: _Owner, value: dict[str, Any], path: Path) -> Iterator[tuple[_Owner, Path]]:
    known = fields(owner.node.type)
    for key, item in value.items():
        name = key.removeprefix("_")
        if name in _NAMES or not isinstance(item, dict | list) or (key != name and name in value):
            continue
        # Most of what is below has none.
        if not any_extension(item) and not any_extension(value.get(f"_{key}")):
            continue
        for label, kind in known.get(name, ((name, ""),)):
            step = (*owner.steps, label)
            for node, place in placed(
                value.get(label), value.get(f"_{label}"), kind, (path, label, -1, 0)
            ):
                if node.type in resource_types():
                    continue
                yield _Owner(node, step), place
    yield from _primitives(owner, value, path)


def _primitives(owner: _Owner, value: dict[str, Any], path: Path) -> Iterator[tuple[_Owner, Path]]:
    for key, extra in value.items():
        name = key[1:]
        if key[:1] == "_" and name in value and not isinstance(value[name], list):
            kind = fields(owner.node.type).get(name, ((name, ""),))[0][1]
            node = Node(value[name], kind, extra)
            yield _Owner(node, (*owner.steps, name)), (path, name, -1, 0)


def _check_one(
    owner: _Owner,
    node: Node,
    path: Path,
    trial: Trial,
    known: Callable[[str], Definition | None],
) -> None:
    url = node.value.get("url") if isinstance(node.value, dict) else None
    found = known(url) if isinstance(url, str) else None
    modifies = path[1] == "modifierExtension"
    if found is None:
        _unknown(str(url), path, trial, modifies=modifies)
        return
    if found.modifier != modifies:
        wanted = "modifierExtension" if found.modifier else "extension"
        trial.told(path, f"must be a {wanted}: {url} says so", "structure")
    if found.contexts and not any(_stands(owner, *one, trial) for one in found.contexts):
        trial.told(path, f"cannot stand here: {url} is for {_listed(found.contexts)}", "structure")
    found.check(node, path, trial)


def _unknown(url: str, path: Path, trial: Trial, *, modifies: bool) -> None:
    if modifies:
        trial.told(path, f"changes the meaning in a way that is not known here: {url}", "extension")
    elif not url.startswith(_CORE):
        trial.told(path, f"was not checked: {url} is not here", "not-found", "information")


def _stands(owner: _Owner, kind: str, expression: str, trial: Trial) -> bool:
    if kind == "fhirpath":
        return _selected(owner, expression, trial)
    if kind == "extension":
        return owner.extension == expression
    name, *rest = expression.split(".")
    steps = owner.steps
    if not rest:
        return is_a(owner.node, name) or name in ("Element", "Any", "*")
    rest = [step.removesuffix("[x]") for step in rest]
    same = list(_plain(steps[1:])) == rest and is_a(trial.resource, name)
    return same or _in_type(owner, name, rest)


def _plain(steps: tuple[str, ...]) -> Iterator[str]:
    return (step.removesuffix("[x]") for step in steps)


def _in_type(owner: _Owner, name: str, rest: list[str]) -> bool:
    """Whether `HumanName.family` is meant, or `Patient.contact.name` by its end."""
    return name not in resource_types() and list(owner.steps[-len(rest) :]) == rest


def _selected(owner: _Owner, expression: str, trial: Trial) -> bool:
    try:
        found = compile_expression(expression).items(trial.resource, None, trial.services)
    except Invalid:
        return True
    return any(isinstance(one, Node) and one.value == owner.node.value for one in found)


def _listed(contexts: tuple[tuple[str, str], ...]) -> str:
    return " or ".join(expression for _, expression in contexts)
