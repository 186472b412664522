"""Strings: http://hl7.org/fhirpath/N1/#string-manipulation."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Invalid
from gateway.fhir.fhirpath.run import Builder, here, require_length, text, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.fhir.fhirpath.environment import Environment
    from gateway.fhir.fhirpath.nodes import Collection
    from gateway.fhir.fhirpath.run import Run

# How other languages name a group.
_NAMED: Final = re.compile(r"\(\?<(?![=!])")
_GROUP: Final = re.compile(r"\$(?:(\d+)|\{(\w+)\})")


def _of(step: Callable[..., Any]) -> Builder:
    """Make a function of a text and texts; empty when one is empty."""

    def build(*arguments: Run) -> Run:
        def run(env: Environment, focus: Collection) -> Collection:
            value = text(focus)
            given = [text(here(one, env)) for one in arguments]
            if value is None or any(one is None for one in given):
                return []
            found = step(value, *given)
            return found if isinstance(found, list) else [found]

        return run

    return build


def _substring(start: Run, length: Run | None = None) -> Run:
    def run(env: Environment, focus: Collection) -> Collection:
        value, at = text(focus), whole(here(start, env))
        if value is None or at is None or not 0 <= at < len(value):
            return []
        size = whole(here(length, env)) if length else None
        return [value[at:] if size is None else value[at : at + max(0, size)]]

    return run


def _join(separator: Run | None = None) -> Run:
    def run(env: Environment, focus: Collection) -> Collection:
        between = (text(here(separator, env)) or "") if separator else ""
        parts = [text([one]) or "" for one in focus]
        require_length(len(between) * len(parts) + sum(map(len, parts)))
        return [between.join(parts)] if focus else []

    return run


@lru_cache(maxsize=512)
def _pattern(written: str) -> re.Pattern[str]:
    try:
        return re.compile(_NAMED.sub("(?P<", written), re.DOTALL)
    except re.error as fault:
        message = f"The FHIRPath has a regular expression that is none: {fault}."
        raise Invalid(message) from None


def _matches(value: str, pattern: str) -> bool:
    return _pattern(pattern).search(value) is not None


def _matches_full(value: str, pattern: str) -> bool:
    return _pattern(pattern).fullmatch(value) is not None


def _replace_matches(value: str, pattern: str, by: str) -> str:
    if not pattern:
        return value
    # A group may stand for all of the value, as often as it is named.
    require_length((len(value) + 1) * (len(by) + 1))
    template = _GROUP.sub(lambda match: rf"\g<{match[1] or match[2]}>", by.replace("\\", r"\\"))
    try:
        return _pattern(pattern).sub(template, value)
    except (re.error, IndexError):
        message = "The FHIRPath replaces by a group that its regular expression does not have."
        raise Invalid(message) from None


def _replace(value: str, old: str, new: str) -> str:
    require_length(len(value) + (value.count(old) * len(new) if new else 0))
    return value.replace(old, new)


_ENCODINGS: Final[dict[str, Callable[[bytes], str]]] = {
    "hex": bytes.hex,
    "base64": lambda raw: b64encode(raw).decode(),
    "urlbase64": lambda raw: urlsafe_b64encode(raw).decode(),
}


def _encode(value: str, form: str) -> list[str]:
    require_length(2 * len(value))
    return [_ENCODINGS[form](value.encode())] if form in _ENCODINGS else []


def _decode(value: str, form: str) -> list[str]:
    read: dict[str, Callable[[str], bytes]] = {
        "hex": bytes.fromhex, "base64": b64decode, "urlbase64": urlsafe_b64decode,
    }  # fmt: skip
    try:
        return [read[form](value).decode()] if form in read else []
    except ValueError:
        return []


_HTML: Final = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"))
_JSON: Final = (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"))


def _replaced(value: str, pairs: tuple[tuple[str, str], ...]) -> str:
    for old, new in pairs:
        value = value.replace(old, new)
    return value


def _escape(value: str, form: str) -> list[str]:
    pairs = {"html": _HTML, "json": _JSON}.get(form)
    require_length(6 * len(value))
    return [_replaced(value, pairs)] if pairs else []


def _unescape(value: str, form: str) -> list[str]:
    pairs = {"html": _HTML, "json": _JSON}.get(form)
    back = tuple((new, old) for old, new in reversed(pairs or ()))
    return [_replaced(value, back)] if pairs else []


FUNCTIONS: Final[dict[str, tuple[int, int, Builder]]] = {
    "indexOf": (1, 1, _of(str.find)),
    "lastIndexOf": (1, 1, _of(str.rfind)),
    "substring": (1, 2, _substring),
    "startsWith": (1, 1, _of(str.startswith)),
    "endsWith": (1, 1, _of(str.endswith)),
    "contains": (1, 1, _of(lambda value, part: part in value)),
    "upper": (0, 0, _of(str.upper)),
    "lower": (0, 0, _of(str.lower)),
    "replace": (2, 2, _of(_replace)),
    "matches": (1, 1, _of(_matches)),
    "matchesFull": (1, 1, _of(_matches_full)),
    "replaceMatches": (2, 2, _of(_replace_matches)),
    "length": (0, 0, _of(len)),
    "toChars": (0, 0, _of(list)),
    "trim": (0, 0, _of(str.strip)),
    "split": (1, 1, _of(lambda value, by: value.split(by) if by else list(value))),
    "join": (0, 1, _join),
    "encode": (1, 1, _of(_encode)),
    "decode": (1, 1, _of(_decode)),
    "escape": (1, 1, _of(_escape)),
    "unescape": (1, 1, _of(_unescape)),
}
