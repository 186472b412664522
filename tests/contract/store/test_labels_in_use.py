"""What is in use is found by the index, value by value, on both databases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.fhir.search.parameters import parameter_id
from gateway.store.labels_in_use import tokens_in_use, uris_in_use

if TYPE_CHECKING:
    from gateway.store.api import Store

_TAG = parameter_id("Basic", "_tag")
_PROFILE = parameter_id("Basic", "_profile")


def _put(store: Store, number: int, **meta: Any) -> None:  # noqa: ANN401 - any element of Meta
    basic = {"resourceType": "Basic", "id": f"b{number}", "code": {"text": "x"}, "meta": meta}
    with store.transaction() as tx:
        tx.put(basic)


def test_each_value_is_told_once_whoever_has_it(store: Store) -> None:
    one, two = {"system": "urn:b", "code": "x"}, {"system": "urn:a", "code": "x"}
    for number in range(3):
        _put(store, number, tag=[one, two, {"code": "y"}], profile=["urn:p", f"urn:p{number}"])
    assert sorted(tokens_in_use(store, _TAG)) == [("", "y"), ("urn:a", "x"), ("urn:b", "x")]
    assert uris_in_use(store, _PROFILE) == ["urn:p", "urn:p0", "urn:p1", "urn:p2"]


def test_what_was_deleted_or_changed_is_in_use_no_longer(store: Store) -> None:
    _put(store, 1, tag=[{"code": "x"}], profile=["urn:p"])
    _put(store, 2, tag=[{"code": "y"}])
    _put(store, 2, tag=[{"code": "z"}])
    with store.transaction() as tx:
        tx.delete("Basic", "b1")
    assert tokens_in_use(store, _TAG) == [("", "z")]
    assert uris_in_use(store, _PROFILE) == []


def test_there_is_an_end_to_what_is_told(store: Store) -> None:
    _put(store, 1, tag=[{"code": code} for code in "abc"], profile=["urn:1", "urn:2", "urn:3"])
    assert (len(tokens_in_use(store, _TAG, 2)), len(uris_in_use(store, _PROFILE, 2))) == (2, 2)
