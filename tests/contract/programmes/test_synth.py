"""A synthetic region in a database: what is loaded is found, and measures tell it."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from gateway.app.built_in import built_in_package
from gateway.app.synth.filling import fill, require_free
from gateway.app.synth.region import Size
from gateway.errors import Conflict
from gateway.fhir.packages import read_package
from gateway.fhir.search import parameters
from gateway.fhir.search.query import parse_search
from gateway.ingest import packages
from gateway.ingest.measuring import Measuring, Request, Span
from gateway.ingest.programmes.definitions import Definitions, install
from gateway.ingest.search_parameters import SearchParameters
from gateway.programmes.content import content_folder, read_content

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.programmes.measures.figures import GroupFigures
    from gateway.store.api import Store

# Of 100 structures some are of each kind; enough half-days that one takes two days.
SMALL = Size(structures=100, patients=200, episodes=180, encounters=400)
BASE = "https://passerelle.example/fhir/Measure"


def test_a_region_is_loaded_told_by_every_indicator_and_not_loaded_twice(
    store: Store, database_url: str
) -> None:
    install(store, read_content(content_folder()))
    packages.install(store, read_package(built_in_package().read_bytes()), judged=True)
    SearchParameters(store).refresh()
    require_free(store, beside_others=False)
    told = io.StringIO()
    try:
        made = fill(database_url, SMALL, told)
        assert f"{made} resources within" in told.getvalue()
        query = parse_search("Patient", [("_summary", "count")])
        assert store.search(query).total == 200
        found = dict(_indicators(store))
    finally:
        parameters.install({})
    counted = {name: one.whole.numbers for name, one in found.items()}
    assert {name for name, one in counted.items() if not one["initial-population"]} == set()
    # Some half-days take a second day, some slots stay free.
    for name in ("un-seul-jour", "creneaux-libres"):
        kept = counted[name]["numerator"] - counted[name].get("numerator-exclusion", 0)
        assert 0 < kept < counted[name]["denominator"]
    delays = [one.whole.values for name, one in found.items() if name.startswith("delai-")]
    assert all(len(set(one)) > 1 for one in delays)
    # A patient belongs to one structure: the strata add up.
    structures = found["file-active"].strata["structure"].values()
    assert (
        sum(one.numbers["initial-population"] for one in structures)
        == counted["file-active"]["initial-population"]
    )
    with pytest.raises(Conflict, match="already holds a synthetic region"):
        require_free(store, beside_others=True)


def _indicators(store: Store) -> Iterator[tuple[str, GroupFigures]]:
    measuring = Measuring(store, lambda: datetime(2026, 1, 1, tzinfo=UTC))
    year = Request(Span("2021-01-01", "2021-12-31"))
    for programme in ("cesoa", "equip-addict", "post-covid", "sec-pa", "cpts-imaging"):
        measure = Definitions(store).resolve(f"{BASE}/{programme}-indicateurs")
        assert measure is not None
        for group in measure["group"]:
            name = group["code"]["coding"][0]["code"]
            yield name, measuring.figures(measure, name, year)


def test_a_database_with_other_data_is_left_alone_unless_told(store: Store) -> None:
    with store.transaction() as tx:
        tx.put({"resourceType": "Patient", "id": "p"})
    with pytest.raises(Conflict, match="not synthetic"):
        require_free(store, beside_others=False)
    require_free(store, beside_others=True)
