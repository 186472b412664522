from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from gateway.app.watching import watch
from gateway.fhir.search import parameters
from gateway.ingest.search_parameters import SearchParameters
from gateway.store.api import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.store.api import Store


@pytest.fixture
def stop() -> Iterator[threading.Event]:
    """End the watch, and leave the process as it was."""
    event = threading.Event()
    yield event
    event.set()
    parameters.install({})


def test_a_search_parameter_is_known_within_a_second(
    sqlite_store: Store, stop: threading.Event
) -> None:
    thread = watch(SearchParameters(sqlite_store), stop)
    with sqlite_store.transaction() as tx:
        tx.put(
            {
                "resourceType": "SearchParameter",
                "id": "marital",
                "url": "http://example.org/fhir/SearchParameter/marital",
                "status": "active",
                "code": "marital",
                "base": ["Patient"],
                "type": "token",
                "expression": "Patient.maritalStatus",
            }
        )
    began = time.monotonic()
    while parameters.parameter("Patient", "marital") is None:
        assert time.monotonic() - began < 2
        time.sleep(0.02)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()


def test_the_watch_survives_a_store_that_fails(tmp_path: Path, stop: threading.Event) -> None:
    # No table is there.
    store = open_store(f"sqlite:///{tmp_path / 'empty.db'}")
    thread = watch(SearchParameters(store), stop)
    thread.join(1.2)
    assert thread.is_alive()
    stop.set()
    thread.join(5)
    store.close()
