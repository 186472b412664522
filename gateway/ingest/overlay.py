"""How a resource that is known and one that comes in become one, element by element."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.definitions import elements
from gateway.fhir.wire import dumps

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource


# Where a row of `elements` names the choice that an element is of.
_CHOICE: Final = 3


def overlay(held: Resource, incoming: Resource) -> Resource:
    """Return `held` with the elements of `incoming` over it; identifiers are added up.

    A value of another type takes the place of the one that was there.
    """
    merged = {**_beside(held, incoming), **incoming, "id": held["id"]}
    if "meta" in held and "meta" in incoming:
        # A message that says nothing of labels takes none away.
        merged["meta"] = {**held["meta"], **incoming["meta"]}
    if "contained" in held and "contained" not in incoming:
        _drop_unnamed(merged)
    return with_identifiers(merged, held, incoming)


def fill(held: Resource, incoming: Resource) -> Resource:
    """Return `held` with the elements that only `incoming` has; identifiers are added up."""
    merged = {**_beside(incoming, held), **held}
    return with_identifiers(merged, held, incoming)


def _beside(under: Resource, over: Resource) -> Resource:
    """Return what of a resource can stand beside another's elements: R4 has one `value[x]`."""
    choices = _choices(over["resourceType"])
    taken = {choices[name] for name in over if name in choices}
    if not taken:
        return under
    return {name: part for name, part in under.items() if choices.get(name) not in taken}


def _drop_unnamed(resource: Resource) -> None:
    """Take the contained resources away that nothing refers to any more (dom-3)."""
    text = dumps(resource)
    kept = [one for one in resource["contained"] if dumps(f"#{one.get('id')}") in text]
    resource["contained"] = kept
    if not kept:
        del resource["contained"]


@cache
def _choices(resource_type: str) -> dict[str, str]:
    """Return which choice each name in JSON is of: `valueString` and `_valueString` of `value`."""
    rows = elements(resource_type).items()
    known = {name: row[_CHOICE] for name, row in rows if len(row) > _CHOICE and row[_CHOICE]}
    return known | {f"_{name}": choice for name, choice in known.items()}


def with_identifiers(merged: Resource, held: Resource, incoming: Resource) -> Resource:
    """Return `merged` with the identifiers of both."""
    both = _identifiers(held.get("identifier"), incoming.get("identifier"))
    # Bundle, QuestionnaireResponse and Composition have one identifier, not a list.
    if both and isinstance(merged.get("identifier"), list):
        merged["identifier"] = both
    return merged


def _identifiers(held: Any, incoming: Any) -> list[Any]:  # noqa: ANN401 - identifiers, or one
    """Return both lists; a number without authority gives way to the same one with it."""
    both = union(held, incoming)
    owned = {_number(item) for item in both if item.get("system")}
    return [item for item in both if item.get("system") or _number(item) not in owned]


def _number(identifier: dict[str, Any]) -> tuple[str, str]:
    codings = identifier.get("type", {}).get("coding", [{}])
    return codings[0].get("code", ""), identifier.get("value", "")


def union(held: Any, incoming: Any) -> list[Any]:  # noqa: ANN401 - any repeating element
    """Return the items of both lists; an identifier that both have counts once."""
    first = list(held) if isinstance(held, list) else []
    known = [_sameness(item) for item in first]
    second = incoming if isinstance(incoming, list) else []
    return first + [item for item in second if _sameness(item) not in known]


def _sameness(item: Any) -> object:  # noqa: ANN401 - any element
    if isinstance(item, dict) and "value" in item:
        return item.get("system"), item["value"]
    return item
