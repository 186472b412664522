"""What FHIR adds: https://hl7.org/fhir/R4/fhirpath.html#functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.fhirpath.nodes import Node, children, node, system
from gateway.fhir.fhirpath.run import Builder, here, text
from gateway.fhir.validation.xhtml import fault_of_div

if TYPE_CHECKING:
    from gateway.fhir.fhirpath.environment import Environment
    from gateway.fhir.fhirpath.nodes import Collection, Item
    from gateway.fhir.fhirpath.run import Run


def _extension(url: Run) -> Run:
    return lambda env, focus: _with_url(focus, text(here(url, env)))


def extension_of(url: str) -> Run:
    """Return the step of `extension('url')`, where the url is written out."""
    return lambda _env, focus: _with_url(focus, url)


def _with_url(focus: Collection, url: str | None) -> Collection:
    return [
        Node(one, "Extension")
        for item in focus
        for one in _extensions(item)
        if isinstance(one, dict) and one.get("url") == url
    ]


def _extensions(item: Item) -> list[Item]:
    """Return the extensions of an element, or those beside a primitive, as JSON has them."""
    if not isinstance(item, Node):
        return []
    holder = item.value if isinstance(item.value, dict) else item.extra
    found = holder.get("extension") if isinstance(holder, dict) else None
    return found if isinstance(found, list) else []


def _has_value(_env: Environment, focus: Collection) -> Collection:
    return [len(focus) == 1 and _is_primitive(focus[0])]


def _get_value(_env: Environment, focus: Collection) -> Collection:
    return [system(focus[0])] if len(focus) == 1 and _is_primitive(focus[0]) else []


def _is_primitive(item: Item) -> bool:
    return not isinstance(item, Node) or not (item.value is None or isinstance(item.value, dict))


def _resolve(env: Environment, focus: Collection) -> Collection:
    found = (_resolved(env, _reference(item)) for item in focus)
    return [one for one in found if one is not None]


def _reference(item: Item) -> str:
    value = item.value if isinstance(item, Node) else item
    if isinstance(value, dict):
        value = value.get("reference")
    return value if isinstance(value, str) else ""


def _resolved(env: Environment, reference: str) -> Item | None:
    if not reference:
        return None
    for root in env.shared.variables.get("rootResource", ()):
        found = _within(root, reference)
        if found is not None:
            return found
    ask = env.shared.services.resolve
    resource = ask(reference) if ask and not reference.startswith("#") else None
    return None if resource is None else node(resource)


def _within(root: Item, reference: str) -> Item | None:
    """Find what is contained, or an entry of the bundle."""
    if reference == "#":
        return root
    if reference.startswith("#"):
        parts: list[Any] = children(root, "contained")
        return next((one for one in parts if one.value.get("id") == reference[1:]), None)
    if not isinstance(root, Node) or root.type != "Bundle":
        return None
    for entry in children(root, "entry"):
        resources = children(entry, "resource")
        if resources and reference in _names(entry.value, resources[0].value):
            return resources[0]
    return None


def _names(entry: dict[str, Any], resource: dict[str, Any]) -> tuple[str, ...]:
    return str(entry.get("fullUrl")), f"{resource.get('resourceType')}/{resource.get('id')}"


def _member_of(value_set: Run) -> Run:
    def run(env: Environment, focus: Collection) -> Collection:
        ask, url = env.shared.services.member_of, text(here(value_set, env))
        if ask is None or not url or len(focus) != 1:
            return []
        item = focus[0]
        found = ask(item.value if isinstance(item, Node) else item, url)
        return [] if found is None else [found]

    return run


def _conforms_to(profile: Run) -> Run:
    def run(env: Environment, focus: Collection) -> Collection:
        ask, url = env.shared.services.conforms_to, text(here(profile, env))
        if ask is None or not url or len(focus) != 1 or not isinstance(focus[0], Node):
            return []
        found = ask(focus[0].value, focus[0].type, url)
        return [] if found is None else [found]

    return run


def _html_checks(_env: Environment, focus: Collection) -> Collection:
    values = [system(item) for item in focus]
    return [all(isinstance(one, str) and fault_of_div(one) is None for one in values)]


def _check_modifiers(*_urls: Run) -> Run:
    return lambda _env, focus: focus


FUNCTIONS: Final[dict[str, tuple[int, int, Builder]]] = {
    "extension": (1, 1, _extension),
    "hasValue": (0, 0, lambda: _has_value),
    "getValue": (0, 0, lambda: _get_value),
    "resolve": (0, 0, lambda: _resolve),
    "memberOf": (1, 1, _member_of),
    "conformsTo": (1, 1, _conforms_to),
    "htmlChecks": (0, 0, lambda: _html_checks),
    "checkModifiers": (0, 9, _check_modifiers),
}
