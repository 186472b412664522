from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError, Invalid, Malformed
from gateway.fhir.patch import patched
from gateway.fhir.patch.json_patch import json_patch
from gateway.fhir.wire import dumps, loads

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab/~0-", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner),
    max_leaves=8,
)
POINTERS = st.lists(st.sampled_from(["a", "b", "0", "1", "-", "id", "name"]), max_size=3).map(
    lambda parts: "".join(f"/{part}" for part in parts)
)


def a_patient() -> dict[str, Any]:
    return {"resourceType": "Patient", "id": "a", "name": [{"family": "X"}], "active": True}


def apply(*operations: dict[str, Any]) -> dict[str, Any]:
    return patched(json_patch(list(operations)), a_patient())


def test_every_operation_does_what_rfc_6902_says() -> None:
    assert apply(
        {"op": "test", "path": "/active", "value": True},
        {"op": "add", "path": "/name/-", "value": {"family": "Y"}},
        {"op": "replace", "path": "/name/0/family", "value": "Z"},
        {"op": "copy", "from": "/name/0", "path": "/name/-"},
        {"op": "move", "from": "/name/1", "path": "/name/0"},
        {"op": "remove", "path": "/active"},
    ) == {
        "resourceType": "Patient",
        "id": "a",
        "name": [{"family": "Y"}, {"family": "Z"}, {"family": "Z"}],
    }


def test_a_patch_can_be_applied_again() -> None:
    operations = [
        {"op": "add", "path": "/contact", "value": [{}]},
        {"op": "add", "path": "/contact/0/gender", "value": "male"},
    ]
    patch = json_patch(operations)
    assert patched(patch, a_patient()) == patched(patch, a_patient())


def test_a_copied_decimal_keeps_its_digits() -> None:
    resource = loads(b'{"resourceType":"Observation","id":"o","a":{"value":1e2,"x":72.50}}')
    patch = json_patch([{"op": "copy", "from": "/a", "path": "/b"}])
    expected = b'{"resourceType":"Observation","id":"o","a":{"value":1e2,"x":72.50}'
    assert dumps(patched(patch, resource)) == expected + b',"b":{"value":1e2,"x":72.50}}'


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        (3, "Operation 1 of the patch needs op: add, remove, replace, move, copy, test."),
        ({"path": "/a"}, "Operation 1 of the patch needs op:"),
        ({"op": ["add"]}, "Operation 1 of the patch needs op:"),
        ({"op": "add", "path": "/a"}, "Operation 1 of the patch (add) needs value."),
        ({"op": "move", "path": "/a"}, "Operation 1 of the patch (move) needs from."),
        ({"op": "remove", "path": "a"}, "The path of operation 1 of the patch is not a JSON"),
        ({"op": "remove", "path": 4}, "The path of operation 1 of the patch is not a JSON"),
    ],
)
def test_what_is_no_patch_is_named(operation: Any, said: str) -> None:  # noqa: ANN401 - any JSON
    with pytest.raises(Malformed) as refused:
        json_patch([{"op": "remove", "path": "/active"}, operation])
    assert refused.value.text.startswith(said)


@pytest.mark.parametrize("operations", [{}, None, "x", [{"op": "remove", "path": "/a"}] * 1001])
def test_a_patch_is_a_list_of_bounded_length(operations: Any) -> None:  # noqa: ANN401 - any JSON
    with pytest.raises(Malformed):
        json_patch(operations)


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        ({"op": "test", "path": "/active", "value": 1}, "the test of /active failed."),
        ({"op": "test", "path": "/gone", "value": 1}, "the test of /gone failed."),
        ({"op": "remove", "path": "/gone"}, "remove at /gone fits nothing here."),
        ({"op": "replace", "path": "/name/7", "value": 1}, "replace at /name/7 fits nothing here."),
        ({"op": "add", "path": "/active/x", "value": 1}, "add at /active/x fits nothing here."),
        ({"op": "move", "from": "/name", "path": "/name/0/x"}, "/name/0/x from /name fits"),
        ({"op": "copy", "from": "/name/-", "path": "/name/0"}, "/name/0 from /name/- fits"),
        ({"op": "move", "from": "/name/-", "path": "/name/0"}, "/name/0 from /name/- fits"),
        ({"op": "remove", "path": "/name/-"}, "remove at /name/- fits nothing here."),
        ({"op": "test", "path": "/name/-", "value": 1}, "the test of /name/- failed."),
    ],
)
def test_what_cannot_be_applied_is_named(operation: dict[str, Any], said: str) -> None:
    with pytest.raises(Invalid) as refused:
        apply(operation)
    assert refused.value.text.startswith("Operation 0 of the patch")
    assert said in refused.value.text


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "/id", "value": "b"},
        {"op": "remove", "path": "/id"},
        {"op": "replace", "path": "/resourceType", "value": "Group"},
        {"op": "replace", "path": "", "value": {}},
        {"op": "replace", "path": "", "value": 3},
    ],
)
def test_a_patch_cannot_make_another_resource(operation: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        apply(operation)


def test_copies_of_copies_are_bounded() -> None:
    doubling = [{"op": "copy", "from": "/name", "path": "/name/-"}] * 60
    with pytest.raises(Invalid, match="copies more than"):
        apply(*doubling)


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"]),
                "path": POINTERS,
                "from": POINTERS,
                "value": JSON,
            }
        ),
        max_size=5,
    )
)
def test_any_patch_is_applied_or_refused(operations: list[dict[str, Any]]) -> None:
    try:
        after = apply(*operations)
    except GatewayError:
        return
    assert (after["resourceType"], after["id"]) == ("Patient", "a")


def test_a_long_text_is_not_copied_without_end() -> None:
    text = {"op": "add", "path": "/name/0/given", "value": ["x" * 1_000_000]}
    copy = {"op": "copy", "from": "/name/0/given/0", "path": "/name/0/given/-"}
    with pytest.raises(Invalid, match="copies more than a resource may hold"):
        apply(text, *[copy] * 900)
