from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.fhir.search import parameters
from gateway.ingest.search_parameters import SearchParameters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.store.api import Store

BIRTH_PLACE = {
    "resourceType": "SearchParameter",
    "id": "birthplace",
    "url": "http://example.org/fhir/SearchParameter/marital",
    "version": "1.0",
    "name": "marital",
    "status": "active",
    "code": "marital",
    "base": ["Patient"],
    "type": "token",
    "expression": "Patient.maritalStatus",
}


@pytest.fixture(autouse=True)
def nothing_installed() -> Iterator[None]:
    """Leave the process as it was."""
    yield
    parameters.install({})


def put(store: Store, **more: Any) -> None:  # noqa: ANN401 - FHIR elements
    with store.transaction() as tx:
        tx.put(BIRTH_PLACE | more)


def found(code: str = "marital") -> tuple[str, ...] | None:
    one = parameters.parameter("Patient", code)
    return None if one is None else one.paths


def test_a_search_parameter_comes_and_goes(store: Store) -> None:
    served = SearchParameters(store)
    assert (served.refresh(), found()) == (False, None)
    put(store)
    assert (served.refresh(), found()) == (True, ("maritalStatus:CodeableConcept",))
    assert (served.refresh(), served.served, served.unserved) == (False, 1, {})
    put(store, status="retired")
    assert (served.refresh(), found()) == (True, None)
    put(store)
    served.refresh()
    with store.transaction() as tx:
        tx.delete("SearchParameter", "birthplace")
    assert (served.refresh(), found()) == (True, None)


def test_other_writes_cost_nothing_new(store: Store) -> None:
    served = SearchParameters(store)
    put(store)
    served.refresh()
    with store.transaction() as tx:
        tx.put({"resourceType": "Patient", "id": "p"})
    assert served.refresh() is False


def test_the_newest_version_of_a_parameter_counts(store: Store) -> None:
    put(store, id="new", version="1.10", expression="Patient.gender")
    put(store, id="old", version="1.9")
    SearchParameters(store).refresh()
    paths = found()
    assert paths is not None
    assert paths[0].startswith("gender:")


def test_what_cannot_be_searched_by_is_told(store: Store) -> None:
    put(store, id="odd", url="urn:odd", expression="Patient.nothing.here")
    put(store)
    put(store, id="other", url="urn:other", expression="Patient.gender")
    served = SearchParameters(store)
    served.refresh()
    assert served.served == 1
    assert sorted(served.unserved) == ["urn:odd", "urn:other"]
    assert served.unserved["urn:other"] == (
        f"{BIRTH_PLACE['url']} says otherwise what marital of Patient is."
    )
