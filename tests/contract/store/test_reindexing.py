"""Index rows filled behind the commits: after a migration, for new parameters, for words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from gateway.fhir.search.parameters import install
from gateway.fhir.wire import dumps
from gateway.store.api import open_store
from gateway.store.migrate import migrate, upgrade
from gateway.store.records import Progress
from gateway.store.reindexing import Reindexing
from tests.conftest import empty_postgres
from tests.contract.store.searching import ids, observation, page, patient, put, reference

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.store.api import Store

NICKNAME = {
    "Patient": [["nickname", "string", ["name.text:string"], [], "http://x.example/nickname"]]
}


@pytest.fixture(autouse=True)
def standard_parameters() -> Iterator[None]:
    yield
    install({})


def finish(store: Store) -> None:
    """Do all steps; new definitions need not wait for other processes here."""
    job = Reindexing(store.database, store._writers, (), settle=0.0)
    while job.step(limit=2):
        pass


def names(*numbers: int) -> list[dict[str, object]]:
    return [patient(f"p{n}", name=[{"text": f"Nick{n}"}]) for n in numbers]


def test_a_new_parameter_finds_what_was_there_before(store: Store) -> None:
    put(store, *names(1, 2, 3, 4, 5))
    finish(store)
    assert store.reindexing() == []
    install(NICKNAME)
    put(store, *names(6))
    found = page(store, "Patient?nickname=nick")
    assert ([one.id for one in found.matches], found.incomplete) == (["p6"], True)
    # What other parameters find is whole all the while.
    assert page(store, "Patient?name=nick").incomplete is False
    finish(store)
    again = open_store(str(store.database.engine.url.render_as_string(hide_password=False)))
    found = page(again, "Patient?nickname=nick")
    again.close()
    assert ([one.id for one in found.matches], found.incomplete) == (
        ["p1", "p2", "p3", "p4", "p5", "p6"],
        False,
    )


def test_a_parameter_that_is_gone_leaves_nothing(store: Store) -> None:
    put(store, *names(1))
    install(NICKNAME)
    finish(store)
    assert ids(store, "Patient?nickname=nick") == ["p1"]
    install({})
    finish(store)
    install(NICKNAME)
    assert ids(store, "Patient?nickname=nick") == []


def test_the_job_goes_on_where_it_was_killed(store: Store) -> None:
    put(store, *names(1, 2, 3, 4, 5))
    finish(store)
    install(NICKNAME)
    first = Reindexing(store.database, store._writers, (), settle=0.0)
    assert first.step(limit=2) is True
    assert first.step(limit=2) is True
    assert first.progress() == [Progress("Patient", 2, 5, "filling")]
    assert ids(store, "Patient?nickname=nick") == ["p1", "p2"]
    put(store, patient("p1", name=[{"text": "Other"}]))
    finish(store)
    assert ids(store, "Patient?nickname=nick") == ["p2", "p3", "p4", "p5"]
    assert ids(store, "Patient?nickname=other") == ["p1"]
    assert store.reindexing() == []


def test_new_definitions_wait_until_every_process_knows_them(store: Store) -> None:
    put(store, *names(1))
    finish(store)
    install(NICKNAME)
    assert store.reindex_step() is False
    assert store.reindexing() == [Progress("Patient", 0, 0, "waiting")]


def test_a_process_that_learns_of_definitions_too_late_has_its_writes_filled_in(
    store: Store,
) -> None:
    put(store, *names(1))
    finish(store)
    install(NICKNAME)
    finish(store)
    # Another process has filled everything; this one still writes by the old definitions.
    install({})
    put(store, *names(2))
    late = store.redefine(lambda: install(NICKNAME))
    finish(store)
    assert (late, ids(store, "Patient?nickname=nick")) == (["Patient"], ["p1", "p2"])
    assert store.redefine(lambda: install(NICKNAME)) == []


def test_a_search_right_after_new_definitions_says_that_it_may_miss_something(
    store: Store,
) -> None:
    put(store, *names(1))
    finish(store)
    assert page(store, "Patient?name=nick").incomplete is False
    install(NICKNAME)
    assert page(store, "Patient?nickname=nick").incomplete is True


def test_two_processes_with_different_definitions_may_write_the_same_resource(
    store: Store,
) -> None:
    install(NICKNAME)
    put(store, *names(1))
    install({})
    put(store, patient("p1", name=[{"text": "Nick1"}], gender="male"))
    install(NICKNAME)
    put(store, patient("p1", name=[{"text": "Nick1"}], gender="female"))
    assert ids(store, "Patient?nickname=nick") == ["p1"]


def test_words_follow_the_commits(store: Store) -> None:
    put(store, *names(1, 2))
    assert store.reindexing() == [Progress("", 0, 2, "filling")]
    assert ids(store, "Patient?_content=nick1") == ["p1"]
    assert store.reindexing() == []
    put(store, patient("p1"))
    assert store.reindex_step() is True
    assert store.reindex_step() is False
    assert ids(store, "Patient?_content=nick1") == []


def test_a_long_backlog_of_words_is_said(store: Store) -> None:
    put(store, *names(*range(501)))
    found = page(store, "Patient?_content=nick0,nick500")
    assert ([one.id for one in found.matches], found.incomplete) == (["p0"], True)
    found = page(store, "Patient?_content=nick0,nick500")
    assert ([one.id for one in found.matches], found.incomplete) == (["p0", "p500"], False)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def old_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database of the first version, with a patient and an observation in it."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'gateway.db'}"
    else:
        url = request.getfixturevalue("postgres_url")
        empty_postgres(url)
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        upgrade(connection, "0001")
        for statement in OLD.split(";"):
            given = {name: value for name, value in CONTENTS.items() if f":{name}" in statement}
            connection.execute(text(statement), given)
    engine.dispose()
    return url


# 55005760 is the CRC-32 of "Patient.birthdate", as rows carry it.
OLD = """
INSERT INTO resource (rid, type, id, version, seq, deleted, digest)
VALUES (1, 'Patient', 'p', 1, 1, 0, :digest), (2, 'Observation', 'o', 1, 2, 0, :digest);
INSERT INTO resource_version (seq, rid, version, updated, method, content)
VALUES (1, 1, 1, 1700000000000000, 'PUT', :patient);
INSERT INTO resource_version (seq, rid, version, updated, method, content)
VALUES (2, 2, 1, 1700000000000001, 'PUT', :observation);
INSERT INTO index_date (param, low, high, rid)
VALUES (55005760, 315529200000000, 315615600000000, 1)
"""
CONTENTS = {
    "digest": b"",
    "patient": dumps(patient("p", birthDate="1980-01-01", name=[{"family": "Old"}])),
    "observation": dumps(
        observation("o", subject=reference("Patient/p"), valueQuantity={"value": 5, "unit": "mg"})
    ),
}


def test_a_database_of_the_first_version_is_searched_at_once_and_then_wholly(old_url: str) -> None:
    migrate(old_url)
    store = open_store(old_url)
    # Rows that were there are kept; what is not yet there is said to be missing.
    found = page(store, "Patient?birthdate=1980-01-01")
    assert ([one.id for one in found.matches], found.incomplete) == (["p"], True)
    found = page(store, "Observation?value-quantity=5")
    assert ([one.id for one in found.matches], found.incomplete) == ([], True)
    finish(store)
    store.close()
    store = open_store(old_url)
    found = page(store, "Observation?value-quantity=5&patient.family=old")
    assert ([one.id for one in found.matches], found.incomplete) == (["o"], False)
    assert ids(store, "Patient?_sort=-_lastUpdated&_lastUpdated=2023-11-14") == ["p"]
    assert store.reindexing() == []
    store.close()
