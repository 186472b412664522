from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.errors import Malformed
from gateway.fhir.wire import dumps, loads, read_json

_SCALARS = st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.text(max_size=8)
_JSON = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)
_TRICKY = st.text(st.sampled_from('":\\ ,{}[]ua0'), max_size=6)


@pytest.mark.parametrize(
    "number",
    [
        "1.50",
        "0.00",
        "-0.0",
        "-0",
        "1e5",
        "1.0E+2",
        "1E-7",
        "72.5",
        "123456789012345678901234567890",
        "0.123456789012345678901234567890",
        "-123456789012345678",
    ],
)
@pytest.mark.parametrize(
    "around",
    ['{"a":%s}', '{"a" :\n\t%s }', "[%s]", '["b", %s]', "[[ %s ]]", '[{"a":1},%s]', "[null,%s,2]"],
)
def test_numbers_come_back_digit_for_digit(number: str, around: str) -> None:
    body = (around % number).encode()
    compact = body.translate(None, b" \n\t")
    assert dumps(read_json(body)) == compact
    assert dumps(loads(body)) == compact


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b'{"a":1,"a":2}', "a"),
        (b'{"a":1,"b":{"c":[{"d":1,"e":2,"d":3}]}}', "d"),
        (b'{ "a" : 1 , "a" : 2 }', "a"),
        (b'{"a":1.5,"a":"x"}', "a"),
        (b'{"a":1,"\\u0061":2}', "a"),
        # What hides a name in one count and shows it in the other.
        (b'{"a":"\\u0022:","a":1,"b":"\\u0022:"}', "a"),
        (b'{"a":1,"a":2,"b":"\\"\\u003a"}', "a"),
        (b'{"a":1,"a":2,"b":"\\"\\u0020:"}', "a"),
        (b'{"Marie Curie":1,"Marie Curie":2}', None),
    ],
)
def test_a_name_given_twice_is_refused_and_named(body: bytes, name: str | None) -> None:
    with pytest.raises(Malformed, match="more than once") as refused:
        read_json(body)
    assert refused.value.issues[0].expression == name
    assert "Curie" not in refused.value.text


@given(_JSON, st.booleans(), st.sampled_from([None, 1, "\t"]))
@example({'":': '":', "a": '\\":'}, False, None)  # noqa: FBT003 - drawn otherwise
def test_no_name_given_once_is_taken_for_two(
    value: Any,  # noqa: ANN401 - any JSON
    ascii_only: bool,  # noqa: FBT001 - drawn
    indent: int | str | None,
) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    assert read_json(text.encode()) == value


@given(
    st.lists(st.tuples(_TRICKY, _TRICKY), min_size=2, max_size=4),
    st.booleans(),
    st.sampled_from([":", " :", "\n:", ": "]),
)
def test_every_name_given_twice_is_found(
    pairs: list[tuple[str, str]],
    hidden: bool,  # noqa: FBT001 - drawn
    colon: str,
) -> None:
    def told(text: str) -> str:
        plain = (f"\\u{ord(one):04x}" if hidden else json.dumps(one)[1:-1] for one in text)
        return f'"{"".join(plain)}"'

    twice = [*pairs, (pairs[0][0], "x")]
    body = ",".join(f"{told(name)}{colon}{told(value)}" for name, value in twice)
    with pytest.raises(Malformed, match="more than once"):
        read_json(f"{{{body}}}".encode())


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "line 1 column 1"),
        (b'{\n "a": }', "line 2 column 7"),
        (b'{"a":1}{', "line 1 column 8"),
        (b'{"a":"\xff"}', "not UTF-8: line 1 column 7"),
        (b'{"a":\n "\xed\xa0\x80"}', "not UTF-8: line 2 column 3"),
        ('{"a":1}'.encode("utf-16"), "not UTF-8"),
        (b'{"a":"\\ud800"}', "line 1"),
        (b'{"a":NaN}', "line 1 column 6"),
        (b'{"a":-Infinity}', "line 1 column"),
        (b'{"a":1e999}', "line 1 column 6"),
        (b'{"a":1e-99999999999999999999}', "exponent"),
        (b'{"a":01}', "line 1 column 6"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"[" * 300 + b"]" * 300, "nested too deeply"),
    ],
)
def test_what_is_not_json_is_refused_with_its_place(body: bytes, said: str) -> None:
    with pytest.raises(Malformed, match=said):
        read_json(body)


def test_a_byte_order_mark_is_passed_over() -> None:
    assert read_json(b'\xef\xbb\xbf{"a":1}') == {"a": 1}


@pytest.mark.parametrize("body", [b"{", b'{"a":1.5', b'{"a":1.5,"b":NaN}', b"[1.5" * 90_000])
def test_what_is_held_is_refused_as_well_when_it_is_broken(body: bytes) -> None:
    with pytest.raises(Malformed):
        loads(body)
