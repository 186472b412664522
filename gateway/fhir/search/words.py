"""The words of a resource, for _text and _content (https://hl7.org/fhir/R4/search.html#content)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.search.text import folded_whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.fhir.wire import Resource

# No word of a language is longer, and an index row has an end.
LONGEST: Final = 64

_WORD: Final = re.compile(r"[^\W_]+")
_TAG: Final = re.compile(r"<[^>]*>")
# Bytes in base64 are no words, nor is what names a thing for machines; the narrative is read
# without its tags.
_NOT_READ: Final = frozenset(
    {
        *("data", "div", "contentType", "hash"),
        *("id", "reference", "system", "url", "fullUrl", "versionId", "lastUpdated"),
    }
)


@dataclass(frozen=True, slots=True)
class Words:
    """Folded words: of the narrative, and of every text of the resource with the narrative."""

    text: frozenset[str]
    content: frozenset[str]


def words_of(resource: Resource) -> Words:
    """Return the words of a resource."""
    text = frozenset(split_words(_narrative(resource)))
    # In one piece: folding and splitting cost a call each, not their letters.
    return Words(text, text.union(split_words("\n".join(_strings(resource)))))


def split_words(text: str) -> tuple[str, ...]:
    """Return the words of a text, folded, in their order, each at most 64 characters."""
    return tuple(word[:LONGEST] for word in _WORD.findall(folded_whole(text)))


def _narrative(resource: Resource) -> str:
    text = resource.get("text")
    div = text.get("div") if isinstance(text, dict) else None
    return unescape(_TAG.sub(" ", div)) if isinstance(div, str) else ""


def _strings(value: Any) -> Iterator[str]:  # noqa: ANN401 - any element
    """Give every string below, whatever nests it."""
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, str):
            yield found
        elif isinstance(found, list):
            waiting.extend(found)
        elif isinstance(found, dict):
            waiting.extend(
                each
                for name, each in found.items()
                if name not in _NOT_READ or not isinstance(each, str)
            )
