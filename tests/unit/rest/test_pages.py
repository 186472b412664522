from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.errors import Unsupported
from gateway.fhir.summary import Part
from gateway.rest.answer import Answer
from gateway.rest.call import Call
from gateway.rest.negotiation import DEFAULT
from gateway.rest.pages import page, part_content, part_of

if TYPE_CHECKING:
    from gateway.rest.call import Pairs
    from tests.unit.rest.conftest import Caller


def called(caller: Caller, parameters: Pairs = ()) -> Call:
    return Call(caller.ports, "GET", "Patient", "", "", parameters, {}, DEFAULT)


def test_a_small_bundle_is_whole_and_a_large_one_comes_in_pieces(caller: Caller) -> None:
    call = called(caller)
    assert page(call, iter([b"a", b"b"]), 2) == Answer(200, b"ab", media=DEFAULT.media)
    pieces = iter([b"a", b"b"])
    assert page(call, pieces, 300_000) == Answer(200, media=DEFAULT.media, pieces=pieces)


def test_a_part_is_read_from_the_parameters(caller: Caller) -> None:
    assert part_of(called(caller)) == Part()
    assert part_of(called(caller, (("_summary", "data"),))) == Part("data")
    with pytest.raises(Unsupported):
        part_of(called(caller, (("_elements", "colour"),)))


def test_what_is_wanted_whole_is_not_even_read() -> None:
    assert part_content(Part(), b"never parsed") == b"never parsed"
    assert part_content(Part("true"), b"") == b""
