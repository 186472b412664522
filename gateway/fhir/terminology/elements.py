"""Elements of resources that may be anything: what is not as it should be is passed over."""

from __future__ import annotations

from typing import Any


def rows(elements: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - any JSON
    """Return the objects of a list, and nothing when it is no list."""
    return [one for one in elements if isinstance(one, dict)] if isinstance(elements, list) else []


def text(element: Any, name: str) -> str:  # noqa: ANN401 - as above
    """Return a member that is a text, or the empty one."""
    value = element.get(name) if isinstance(element, dict) else None
    return value if isinstance(value, str) else ""


def texts(elements: Any) -> list[str]:  # noqa: ANN401 - as above
    """Return the texts of a list, and nothing when it is no list."""
    return [one for one in elements if isinstance(one, str)] if isinstance(elements, list) else []


def value_of(element: Any) -> Any:  # noqa: ANN401 - as above
    """Return the `value[x]` of an element, of a Coding its code; None for what is no primitive."""
    found = next((value for name, value in element.items() if name.startswith("value")), None)
    if isinstance(found, dict):
        found = found.get("code")
    return None if isinstance(found, (dict, list)) else found
