"""One defect at a time, made of what a profile requires: for tests that these are caught.

A defect is made only where the profile forbids the outcome, whatever else the resource holds: what
an open slicing lets pass is none.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Json = dict[str, Any]

_CODED = frozenset({"code", "Coding", "CodeableConcept"})
_WRONG = "zz-none"


class Defect(NamedTuple):
    """What was done to which element, and the resource with it."""

    kind: str
    element: str
    resource: Json


def defects(resource: Json, structure: Json) -> Iterator[Defect]:
    """Yield the resource with one defect, for every rule of the profile that can be broken."""
    whole = structure["snapshot"]["element"]
    for element in whole[1:]:
        steps = element["path"].split(".")[1:]
        for kind, change in [*_changes(element), *_slice_changes(element, whole)]:
            made = copy.deepcopy(resource)
            if _apply(made, steps, change):
                yield Defect(kind, element["id"], made)
    yield Defect(
        "an unknown modifier",
        structure["type"],
        {**resource, "modifierExtension": [{"url": "urn:x", "valueCode": "y"}]},
    )


Change = tuple[str, "Callable[[Json, str], bool]"]


def _changes(element: Json) -> Iterator[Change]:
    """Give what breaks an element that is in no slice: only then every item is held to it."""
    if ":" in element["id"] or element["path"].endswith((".id", ".extension")):
        return
    types = {one["code"] for one in element.get("type", ())}
    if element["min"]:
        yield "missing", _remove
    if element["max"].isdigit() and element["max"] != "0" and element["base"]["max"] == "*":
        yield "too many", _repeated(int(element["max"]))
    if _exact(element) is not None:
        yield "not the fixed value", _replaced(_spoiled)
    if element.get("binding", {}).get("strength") == "required" and types & _CODED:
        yield "outside of a required binding", _replaced(_miscoded)
    if types == {"Reference"} and not _takes_anything(element):
        yield "a reference to another type", _replaced(_to_another)
    if "[x]" in element["path"] and len(types) < 3:
        yield "another type", _retyped(types)


def _slice_changes(element: Json, whole: list[Json]) -> Iterator[Change]:
    """Give what breaks a slice that is told by fixed values and patterns, or an extension."""
    inside = element["id"].rpartition(":")[2]
    if element["id"].count(":") != 1 or "." in inside or "/" in inside:
        return
    wanted = list(_marks(element, whole))
    if wanted and element["min"]:
        yield "a slice is missing", _without(wanted)
    if wanted and element["max"] == "1" and element["base"]["max"] == "*":
        yield "a slice too many", _twice(wanted)


def _marks(element: Json, whole: list[Json]) -> Iterator[tuple[list[str], object]]:
    """Yield (steps, value) of everything that an item of the slice must have."""
    profiles = [one for each in element.get("type", ()) for one in each.get("profile", ())]
    if element["path"].rpartition(".")[2] in {"extension", "modifierExtension"} and profiles:
        yield ["url"], profiles[0].partition("|")[0]
    start = f"{element['id']}."
    for one in (element, *(each for each in whole if each["id"].startswith(start))):
        value = _exact(one)
        if value is not None and one["min"] and ":" not in one["id"].removeprefix(element["id"]):
            yield one["id"].removeprefix(element["id"]).split(".")[1:], value


def _is_in(item: object, wanted: list[tuple[list[str], object]]) -> bool:
    return all(_contains(_at(item, steps), value) for steps, value in wanted)


def _at(item: object, steps: list[str]) -> object:
    for step in steps:
        item = item[0] if isinstance(item, list) and item else item
        item = item.get(step) if isinstance(item, dict) else None
    return item


def _contains(held: object, wanted: object) -> bool:
    if isinstance(held, list):
        return any(_contains(one, each) for one in held for each in _listed(wanted))
    if isinstance(wanted, dict) and isinstance(held, dict):
        return all(_contains(held.get(name), value) for name, value in wanted.items())
    return held == wanted


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _without(wanted: list[tuple[list[str], object]]) -> Callable[[Json, str], bool]:
    def change(holder: Json, name: str) -> bool:
        held = _listed(holder[name])
        left = [one for one in held if not _is_in(one, wanted)]
        if len(left) == len(held):
            return False
        holder[name] = left
        if not left:
            del holder[name]
        return True

    return change


def _twice(wanted: list[tuple[list[str], object]]) -> Callable[[Json, str], bool]:
    def change(holder: Json, name: str) -> bool:
        found = next((one for one in _listed(holder[name]) if _is_in(one, wanted)), None)
        if found is None or not isinstance(holder[name], list):
            return False
        holder[name] = [*holder[name], copy.deepcopy(found)]
        return True

    return change


def _exact(element: Json) -> object:
    names = (one for one in element if one.startswith(("fixed", "pattern")))
    return next((element[one] for one in names), None)


def _takes_anything(element: Json) -> bool:
    targets = {one for each in element["type"] for one in each.get("targetProfile", ())}
    return not targets or any(one.endswith(("/Resource", "/Basic")) for one in targets)


def _apply(resource: Json, steps: list[str], change: Callable[[Json, str], bool]) -> bool:
    """Change the first place that the steps lead to; says whether there was one."""
    *outer, last = steps
    here: Any = resource
    for step in outer:
        name = _found(here, step)
        here = here.get(name) if name else None
        here = here[0] if isinstance(here, list) and here else here
        if not isinstance(here, dict):
            return False
    name = _found(here, last)
    return bool(name) and change(here, name)


def _found(holder: Json, step: str) -> str:
    """Return the JSON name of an element, that of its type for a choice; empty when absent."""
    if not step.endswith("[x]"):
        return step if step in holder else ""
    start = step.removesuffix("[x]")
    names = (one for one in holder if one.startswith(start) and one[len(start) :][:1].isupper())
    return next(names, "")


def _remove(holder: Json, name: str) -> bool:
    del holder[name]
    holder.pop(f"_{name}", None)
    return True


def _repeated(most: int) -> Callable[[Json, str], bool]:
    def change(holder: Json, name: str) -> bool:
        held = holder[name]
        if not isinstance(held, list) or not held:
            return False
        holder[name] = [*held, *(copy.deepcopy(held[0]) for _ in range(most + 1 - len(held)))]
        return True

    return change


def _replaced(change: Callable[[Any], Any]) -> Callable[[Json, str], bool]:
    def replace(holder: Json, name: str) -> bool:
        held = holder[name]
        new = change(held[0] if isinstance(held, list) else held)
        if new is None:
            return False
        # Of a list only the first: the others are still right.
        holder[name] = [new, *held[1:]] if isinstance(held, list) else new
        return True

    return replace


def _spoiled(value: object) -> object:
    if isinstance(value, dict):
        return _miscoded(value)
    return _WRONG if isinstance(value, str) else None


def _miscoded(value: object) -> object:
    """Return another code; other systems' codings go, of which a pattern might be one."""
    if isinstance(value, str):
        return _WRONG
    if not isinstance(value, dict):
        return None
    if "coding" in value:
        return {**value, "coding": [{**value["coding"][0], "code": _WRONG}]}
    return {**value, "code": _WRONG} if "code" in value else None


def _to_another(value: object) -> object:
    return {"reference": "Basic/1"} if isinstance(value, dict) else None


def _retyped(types: set[str]) -> Callable[[Json, str], bool]:
    """Give an Attachment or an Annotation instead, whichever is not allowed."""
    name, other = next(
        one
        for one in (
            ("Annotation", {"text": "x"}),
            ("Attachment", {"title": "x"}),
            ("SampledData", {"origin": {"value": 0}, "period": 1, "dimensions": 1}),
        )
        if one[0] not in types
    )

    def change(holder: Json, held: str) -> bool:
        start = next((one for one in _STARTS if held.startswith(one)), "")
        if not start:
            return False
        holder[f"{start}{name}"] = other
        del holder[held]
        return True

    return change


_STARTS = ("value", "effective", "occurrence", "onset", "deceased", "multipleBirth", "content")
