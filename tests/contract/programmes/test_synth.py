"""A synthetic region in a database: what is loaded is found, and measures tell it."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from gateway.app.synth.filling import fill, require_free
from gateway.app.synth.region import Size
from gateway.errors import Conflict
from gateway.fhir.search.query import parse_search
from gateway.ingest.measuring import Measuring, Request, Span
from gateway.ingest.programmes.definitions import Definitions, install
from gateway.programmes.content import content_folder, read_content

if TYPE_CHECKING:
    from gateway.store.api import Store

SMALL = Size(structures=20, patients=200, episodes=60, encounters=600)
BASE = "https://passerelle.example/fhir/Measure"


def test_a_region_is_loaded_told_by_measures_and_not_loaded_twice(
    store: Store, database_url: str
) -> None:
    install(store, read_content(content_folder()))
    require_free(store, beside_others=False)
    told = io.StringIO()
    made = fill(database_url, SMALL, told)
    assert f"{made} resources within" in told.getvalue()
    query = parse_search("Patient", [("_summary", "count")])
    assert store.search(query).total == 200
    measuring = Measuring(store, lambda: datetime(2026, 1, 1, tzinfo=UTC))
    measure = Definitions(store).resolve(f"{BASE}/sec-pa-indicateurs")
    assert measure is not None
    year = Request(Span("2021-01-01", "2021-12-31"))
    seen = measuring.figures(measure, "file-active", year)
    structures = seen.strata["structure"]
    assert seen.whole.numbers["initial-population"] > 0
    # A patient belongs to one structure: the strata add up.
    assert (
        sum(one.numbers["initial-population"] for one in structures.values())
        == seen.whole.numbers["initial-population"]
    )
    with pytest.raises(Conflict, match="already holds a synthetic region"):
        require_free(store, beside_others=True)


def test_a_database_with_other_data_is_left_alone_unless_told(store: Store) -> None:
    with store.transaction() as tx:
        tx.put({"resourceType": "Patient", "id": "p"})
    with pytest.raises(Conflict, match="not synthetic"):
        require_free(store, beside_others=False)
    require_free(store, beside_others=True)
