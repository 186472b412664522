"""The DICOM JSON model of a dataset, and how its values are asked for (PS3.18 annex F).

A dataset is a dict of eight-digit tags to `{"vr": ..., "Value": [...]}`; an empty attribute has no
`Value`. Every question has an answer: empty when the attribute is absent, empty or of another kind.
"""

from __future__ import annotations

from typing import Any

Model = dict[str, Any]


def key(tag: int) -> str:
    """Return the name of a tag in the model: `0020000D`."""
    return f"{tag:08X}"


def values(model: Model, tag: int) -> list[Any]:
    """Return the values of an attribute."""
    element = model.get(key(tag))
    found = element.get("Value") if isinstance(element, dict) else None
    return found if isinstance(found, list) else []


def texts(model: Model, tag: int) -> tuple[str, ...]:
    """Return the non-empty values of an attribute as text; a person name as it is written."""
    found = (_as_text(value) for value in values(model, tag))
    return tuple(text for text in found if text)


def text(model: Model, tag: int) -> str:
    """Return the first non-empty value of an attribute as text."""
    return next(iter(texts(model, tag)), "")


def number(model: Model, tag: int) -> int | None:
    """Return the first value of an attribute that is a whole number."""
    return next((value for value in values(model, tag) if isinstance(value, int)), None)


def items(model: Model, tag: int) -> tuple[Model, ...]:
    """Return the items of a sequence."""
    return tuple(item for item in values(model, tag) if isinstance(item, dict))


def names(model: Model, tag: int) -> tuple[tuple[str, ...], ...]:
    """Return each person name as family, given, middle, prefix and suffix.

    PS3.5 6.2.1: the alphabetic group, or the first that is there.
    """
    found = (_as_text(value).split("^") for value in values(model, tag))
    parts = (tuple(part.strip() for part in [*name, "", "", "", ""][:5]) for name in found)
    return tuple(name for name in parts if any(name))


def element(vr: str, content: list[Any]) -> dict[str, Any]:
    """Return the element of an attribute."""
    return {"vr": vr, "Value": content} if content else {"vr": vr}


def _as_text(value: object) -> str:
    if isinstance(value, dict):
        groups = (value.get(name) for name in ("Alphabetic", "Ideographic", "Phonetic"))
        return next((group for group in groups if isinstance(group, str) and group), "")
    return "" if value is None else str(value)
