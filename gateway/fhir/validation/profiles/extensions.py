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
# The steps above (None at the resource), the name in JSON, the index (-1 without).
Steps = tuple[Any, str, int] | None


@dataclass(frozen=True, slots=True)
class Context:
    """Where an extension may stand; of a path, `name` is the type and `rest` the elements."""

    kind: str
    expression: str
    name: str
    rest: tuple[str, ...]


def read_context(kind: str, expression: str) -> Context:
    """Return a context as a StructureDefinition has it."""
    name, *rest = expression.split(".")
    return Context(kind, expression, name, tuple(one.removesuffix("[x]") for one in rest))


@dataclass(frozen=True, slots=True)
class Definition:
    """An extension that is known here: its check, and where it may stand."""

    check: Check
    contexts: tuple[Context, ...]
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
    holders: list[tuple[Steps, dict[str, Any]]] = []
    _holding(node.value, None, holders)
    for steps, value in holders:
        owner, place = _owner(node, path, steps)
        for name in _NAMES:
            if name in value:
                for one, where in placed(value[name], None, "Extension", (place, name, -1, 0)):
                    _check_one(owner, one, where, trial, known)


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


def _holding(
    value: dict[str, Any], steps: Steps, found: list[tuple[Steps, dict[str, Any]]]
) -> None:
    """Find what has extensions, in one walk; resources inside are looked at by themselves."""
    if "extension" in value or "modifierExtension" in value:
        found.append((steps, value))
    for name, item in value.items():
        kind = type(item)
        if kind is dict and "resourceType" not in item:
            _holding(item, (steps, name, -1), found)
        elif kind is list:
            look = _of_value if name in _NAMES else _holding
            for at, one in enumerate(item):
                if type(one) is dict and "resourceType" not in one:
                    look(one, (steps, name, at), found)


def _of_value(
    extension: dict[str, Any], steps: Steps, found: list[tuple[Steps, dict[str, Any]]]
) -> None:
    """Look into the value of an extension: what is nested is for its definition to say."""
    for name, item in extension.items():
        if type(item) is dict and name[:5] == "value":
            _holding(item, (steps, name, -1), found)


def _owner(node: Node, path: Path, steps: Steps) -> tuple[_Owner, Path]:
    """Return the element that steps lead to, with its type, and where it stands."""
    listed: list[tuple[str, int]] = []
    while steps is not None:
        steps, name, at = steps
        listed.append((name, at))
    here, names, place = node, [node.type], path
    for name, at in reversed(listed):
        here = _child(here, name, at)
        label = name.removeprefix("_")
        names.append(label)
        place = (place, label, at, 0)
    return _Owner(here, tuple(names)), place


def _child(above: Node, name: str, at: int) -> Node:
    """Return the element under a name in JSON, that of a primitive with its value."""
    label = name.removeprefix("_")
    kind = fields(above.type).get(label, ((label, ""),))[0][1]
    value = above.value if isinstance(above.value, dict) else {}
    item, extra = value.get(label), value.get(f"_{label}")
    if at >= 0:
        item = item[at] if isinstance(item, list) and at < len(item) else None
        extra = extra[at] if isinstance(extra, list) and at < len(extra) else None
    return Node(item, kind, extra)


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
    if found.contexts and not _allowed(owner, found.contexts, trial):
        trial.told(path, f"cannot stand here: {url} is for {_listed(found.contexts)}", "structure")
    found.check(node, path, trial)


def _unknown(url: str, path: Path, trial: Trial, *, modifies: bool) -> None:
    if modifies:
        trial.told(path, f"changes the meaning in a way that is not known here: {url}", "extension")
    elif not url.startswith(_CORE):
        trial.told(path, f"was not checked: {url} is not here", "not-found", "information")


def _allowed(owner: _Owner, contexts: tuple[Context, ...], trial: Trial) -> bool:
    # Not any(): this is asked of every extension that there is.
    for one in contexts:  # noqa: SIM110 - see above
        if _stands(owner, one, trial):
            return True
    return False


def _stands(owner: _Owner, context: Context, trial: Trial) -> bool:
    if context.kind == "fhirpath":
        return _selected(owner, context.expression, trial)
    if context.kind == "extension":
        return owner.extension == context.expression
    name, rest = context.name, context.rest
    if not rest:
        return is_a(owner.node, name) or name in ("Element", "Any", "*")
    same = tuple(_plain(owner.steps[1:])) == rest and is_a(trial.resource, name)
    return same or _in_type(owner, name, rest)


def _plain(steps: tuple[str, ...]) -> Iterator[str]:
    return (step.removesuffix("[x]") for step in steps)


def _in_type(owner: _Owner, name: str, rest: tuple[str, ...]) -> bool:
    """Whether `HumanName.family` is meant, or `Patient.contact.name` by its end."""
    return name not in resource_types() and owner.steps[-len(rest) :] == rest


def _selected(owner: _Owner, expression: str, trial: Trial) -> bool:
    try:
        found = compile_expression(expression).items(trial.resource, None, trial.services)
    except Invalid:
        return True
    return any(isinstance(one, Node) and one.value == owner.node.value for one in found)


def _listed(contexts: tuple[Context, ...]) -> str:
    return " or ".join(one.expression for one in contexts)
