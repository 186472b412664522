"""_text and _content: words as conditions (https://hl7.org/fhir/R4/search.html#content)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.store.search.leaves import Leaf, grouped_matches
from gateway.store.search.matches import Match
from gateway.store.search.nodes import All, Either, Not

if TYPE_CHECKING:
    from gateway.fhir.search.values import WordsValue
    from gateway.store.search.nodes import Node


def words_node(params: tuple[int, ...], value: str | WordsValue) -> Node:
    """Return the node of a word or an expression; the longest word is looked for first."""
    if isinstance(value, str):
        return _word(params, value)
    parts = sorted(value.parts, key=_length, reverse=True)
    nodes = tuple(words_node(params, part) for part in parts)
    if value.operator == "not":
        return Not(nodes[0])
    return Either(nodes) if value.operator == "or" else All(nodes)


def _length(part: str | WordsValue) -> int:
    return len(part) if isinstance(part, str) else 0


def _word(params: tuple[int, ...], word: str) -> Leaf:
    if word.endswith("*"):
        start = word[:-1]
        match = Match("t.word >= {0} AND t.word < {1}", (start, f"{start}\U0010ffff"))
    else:
        match = Match("t.word = {0}", (word,), "t.word", in_order=True)
    in_order = match.in_order and len(params) == 1
    return Leaf("index_word", params, grouped_matches([match]), in_order=in_order)
