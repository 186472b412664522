"""_text and _content: words as conditions (https://hl7.org/fhir/R4/search.html#content)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.store.search.leaves import Leaf, grouped_matches
from gateway.store.search.matches import Match
from gateway.store.search.nodes import All, Either

if TYPE_CHECKING:
    from gateway.fhir.search.values import WordsValue
    from gateway.store.search.nodes import Node


def words_node(params: tuple[int, ...], value: WordsValue) -> Node:
    """Return the node of an expression; the longest word of a list is looked for first."""
    lists = [
        All(tuple(_word(params, word) for word in sorted(words, key=len, reverse=True)))
        for words in value.any_of
    ]
    return lists[0] if len(lists) == 1 else Either(tuple(lists))


def _word(params: tuple[int, ...], word: str) -> Leaf:
    if word.endswith("*"):
        start = word[:-1]
        match = Match("t.word >= {0} AND t.word < {1}", (start, f"{start}\U0010ffff"))
    else:
        match = Match("t.word = {0}", (word,), "t.word", in_order=True)
    in_order = match.in_order and len(params) == 1
    return Leaf("index_word", params, grouped_matches([match]), in_order=in_order)
