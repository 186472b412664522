"""Writes of the FHIR door on each database: conditions are decided inside the write."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from gateway.errors import (
    Conflict,
    GatewayError,
    Gone,
    Invalid,
    Malformed,
    NotFound,
    PreconditionFailed,
    UnknownReference,
)
from gateway.fhir.patch.json_patch import json_patch
from gateway.fhir.search.query import parse_search
from gateway.ingest.conditions import MAX_DELETED
from gateway.ingest.resource import ResourceIngest
from gateway.store.api import open_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.fhir.search.query import SearchQuery
    from gateway.store.api import Store

Json = dict[str, Any]
BASE = "http://door.example/fhir"


@pytest.fixture
def writes(store: Store) -> ResourceIngest:
    return ingest(store)


def ingest(store: Store) -> ResourceIngest:
    return ResourceIngest(
        store, validation="base", new_id=lambda: str(uuid4()), local_bases=(BASE,)
    )


def a_patient(value: str = "1", **more: Any) -> Json:  # noqa: ANN401 - elements
    return {"resourceType": "Patient", "identifier": [{"system": "s", "value": value}], **more}


def an_observation(subject: str, **more: Any) -> Json:  # noqa: ANN401 - elements
    reference = {"reference": subject}
    code = {"text": "Hb"}
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": code,
        "subject": reference,
        **more,
    }


def where(resource_type: str, **given: str) -> SearchQuery:
    return parse_search(resource_type, tuple(given.items()))


def at_once(work: Callable[[int], object], times: int) -> Counter[str]:
    """Run in as many threads; count outcomes by name, refusals by class."""

    def attempt(number: int) -> str:
        try:
            return str(work(number))
        except GatewayError as refusal:
            return type(refusal).__name__

    with ThreadPoolExecutor(times) as threads:
        return Counter(threads.map(attempt, range(times)))


class TestConditionalCreate:
    @pytest.mark.parametrize("condition", ["s|1", "1"])
    def test_in_parallel_makes_exactly_one(self, writes: ResourceIngest, condition: str) -> None:
        query = where("Patient", identifier=condition)

        def create(_: int) -> str:
            return writes.create("Patient", a_patient(), query).outcome

        assert at_once(create, 16) == {"created": 1, "unchanged": 15}

    def test_looks_at_what_is_current_alone(self, writes: ResourceIngest) -> None:
        query = where("Patient", identifier="s|1")
        first = writes.create("Patient", a_patient(), query)
        writes.delete("Patient", first.stored.id)
        second = writes.create("Patient", a_patient(), query)
        assert (second.outcome, second.stored.id != first.stored.id) == ("created", True)

    def test_takes_any_search(self, writes: ResourceIngest) -> None:
        query = where("Patient", gender="male", identifier="s|1")
        outcomes = [
            writes.create("Patient", a_patient(gender="male"), query).outcome for _ in range(2)
        ]
        assert outcomes == ["created", "unchanged"]


class TestConditionalUpdate:
    def test_in_parallel_makes_one_with_all_its_versions(
        self, store: Store, writes: ResourceIngest
    ) -> None:
        query = where("Patient", identifier="s|1")

        def update(number: int) -> str:
            return writes.update_matching(query, a_patient(language=f"x-{number}")).outcome

        assert at_once(update, 8) == {"created": 1, "updated": 7}
        (only,) = store.search(query).matches
        assert only.version == 8

    def test_takes_the_callers_id_when_it_is_free(self, writes: ResourceIngest) -> None:
        query = where("Patient", identifier="s|1")
        made = writes.update_matching(query, a_patient(id="mine"))
        assert (made.outcome, made.stored.id) == ("created", "mine")
        again = writes.update_matching(query, a_patient(gender="male"))
        assert (again.outcome, again.stored.reference) == ("updated", "Patient/mine")

    def test_does_not_write_over_another(self, writes: ResourceIngest) -> None:
        writes.update("Patient", "taken", a_patient("2", id="taken"))
        query = where("Patient", identifier="s|1")
        with pytest.raises(Conflict, match="Patient/taken is another Patient"):
            writes.update_matching(query, a_patient(id="taken"))
        writes.create("Patient", a_patient())
        with pytest.raises(Malformed, match="has another id"):
            writes.update_matching(query, a_patient(id="taken"))

    def test_does_not_choose_among_several(self, writes: ResourceIngest) -> None:
        for _ in range(2):
            writes.create("Patient", a_patient())
        with pytest.raises(PreconditionFailed):
            writes.update_matching(where("Patient", identifier="s|1"), a_patient())

    def test_holds_the_version_that_was_demanded(self, writes: ResourceIngest) -> None:
        query = where("Patient", identifier="s|1")
        with pytest.raises(PreconditionFailed):
            writes.update_matching(query, a_patient(), 1)
        writes.create("Patient", a_patient())
        with pytest.raises(PreconditionFailed):
            writes.update_matching(query, a_patient(), only_new=True)
        assert writes.update_matching(query, a_patient(gender="male"), 1).stored.version == 2


class TestUpdate:
    def test_that_may_only_create_makes_one(self, writes: ResourceIngest) -> None:
        def update(number: int) -> str:
            resource = a_patient(str(number), id="a")
            return writes.update("Patient", "a", resource, only_new=True).outcome

        assert at_once(update, 8) == {"created": 1, "PreconditionFailed": 7}

    def test_of_one_version_is_won_once(self, writes: ResourceIngest) -> None:
        writes.update("Patient", "a", a_patient(id="a"))

        def update(number: int) -> str:
            return writes.update("Patient", "a", a_patient(str(number + 5), id="a"), 1).outcome

        assert at_once(update, 8) == {"updated": 1, "PreconditionFailed": 7}

    def test_without_change_makes_no_version(self, writes: ResourceIngest) -> None:
        first = writes.update("Patient", "a", a_patient(id="a"))
        meta = {"versionId": "77", "lastUpdated": "2020-01-01T00:00:00Z"}
        again = writes.update("Patient", "a", a_patient(id="a", meta=meta))
        assert (again.outcome, again.stored) == ("unchanged", first.stored)

    def test_keeps_tags_labels_and_profiles(self, writes: ResourceIngest) -> None:
        meta = {
            "profile": ["http://example.org/p"],
            "security": [{"code": "R"}],
            "tag": [{"code": "t"}],
        }
        kept = writes.update("Patient", "a", a_patient(id="a", meta=meta)).stored.resource["meta"]
        assert {name: kept[name] for name in meta} == meta


class TestPatch:
    def test_in_parallel_loses_nothing(self, store: Store, writes: ResourceIngest) -> None:
        writes.update("Patient", "a", a_patient(id="a", name=[{"family": "X"}]))

        def patch(number: int) -> str:
            add = {"op": "add", "path": "/name/-", "value": {"family": str(number)}}
            return writes.patch("Patient", "a", json_patch([add])).outcome

        assert at_once(patch, 8) == {"updated": 8}
        held = store.read("Patient", "a")
        assert held is not None
        assert {name["family"] for name in held.resource["name"]} == {"X", *"01234567"}

    def test_is_judged_by_what_becomes_of_the_resource(self, writes: ResourceIngest) -> None:
        writes.update("Patient", "a", a_patient(id="a"))
        bad = json_patch([{"op": "add", "path": "/gender", "value": "x"}])
        with pytest.raises(Invalid) as refused:
            writes.patch("Patient", "a", bad)
        assert refused.value.issues[0].expression == "Patient.gender"
        nowhere = {"reference": "Organization/nowhere"}
        lost = json_patch([{"op": "add", "path": "/managingOrganization", "value": nowhere}])
        with pytest.raises(UnknownReference):
            writes.patch("Patient", "a", lost)

    def test_needs_something_to_patch(self, writes: ResourceIngest) -> None:
        nothing = json_patch([])
        with pytest.raises(NotFound):
            writes.patch("Patient", "nobody", nothing)
        with pytest.raises(NotFound):
            writes.patch("Patient", where("Patient", identifier="s|1"), nothing)
        writes.update("Patient", "a", a_patient(id="a"))
        writes.delete("Patient", "a")
        with pytest.raises(Gone):
            writes.patch("Patient", "a", nothing)


class TestConditionalDelete:
    def test_deletes_all_that_match_or_none(self, store: Store, writes: ResourceIngest) -> None:
        query = where("Patient", identifier="s|1")
        ids = [writes.create("Patient", a_patient()).stored.id for _ in range(3)]
        writes.create("Observation", an_observation(f"Patient/{ids[1]}"))
        with pytest.raises(Conflict, match=f"Patient/{ids[1]} is referred to by Observation/"):
            writes.delete_matching(query)
        assert len(store.search(query).matches) == 3
        writes.delete_matching(where("Observation", subject=f"Patient/{ids[1]}"))
        assert len(writes.delete_matching(query)) == 3
        assert writes.delete_matching(query) == ()

    def test_has_a_bound(self, sqlite_store: Store) -> None:
        writes = ingest(sqlite_store)
        with sqlite_store.together():
            for _ in range(MAX_DELETED + 1):
                writes.create("Patient", a_patient())
        with pytest.raises(PreconditionFailed, match="more than 1000 resources"):
            writes.delete_matching(where("Patient", identifier="s|1"))


class TestReferences:
    def test_lead_to_what_is_current(self, writes: ResourceIngest) -> None:
        writes.update("Patient", "a", a_patient(id="a"))
        writes.update("Patient", "b", a_patient("2", id="b"))
        writes.delete("Patient", "b")
        for good in (
            "Patient/a",
            f"{BASE}/Patient/a",
            "Patient/a/_history/1",
            "Patient/b/_history/1",
        ):
            writes.create("Observation", an_observation(good))
        writes.create("Observation", an_observation("http://elsewhere.example/fhir/Patient/z"))
        refused = {
            "Patient/b": "Patient/b was deleted.",
            "Patient/c": "Patient/c is not here.",
            f"{BASE}/Patient/c": "Patient/c is not here.",
            "Patient/a/_history/9": "Patient/a has no version 9.",
        }
        for reference, sentence in refused.items():
            with pytest.raises(UnknownReference) as fault:
                writes.create("Observation", an_observation(reference))
            assert fault.value.text == sentence

    def test_all_that_lead_nowhere_are_named(self, writes: ResourceIngest) -> None:
        observation = an_observation("Patient/x", performer=[{"reference": "Practitioner/y"}])
        with pytest.raises(UnknownReference) as fault:
            writes.create("Observation", observation)
        assert [issue.expression for issue in fault.value.issues] == [
            "Observation.subject.reference",
            "Observation.performer[0].reference",
        ]

    def test_may_lead_to_the_resource_itself(self, writes: ResourceIngest) -> None:
        link = [{"other": {"reference": "Patient/a"}, "type": "seealso"}]
        assert writes.update("Patient", "a", a_patient(id="a", link=link)).outcome == "created"
        assert writes.delete("Patient", "a").outcome == "deleted"

    def test_without_a_search_parameter_count_too(self, writes: ResourceIngest) -> None:
        writes.update("Patient", "a", a_patient(id="a"))
        study = {"resourceType": "ImagingStudy", "status": "available", "id": "s"}
        writes.update("ImagingStudy", "s", {**study, "subject": {"reference": "Patient/a"}})
        report = {"resourceType": "DiagnosticReport", "status": "final", "code": {"text": "CT"}}
        references = {"imagingStudy": [{"reference": "ImagingStudy/s"}]}
        made = writes.create("DiagnosticReport", {**report, **references})
        with pytest.raises(Conflict, match=f"by DiagnosticReport/{made.stored.id}"):
            writes.delete("ImagingStudy", "s")

    def test_of_records_of_what_happened_hold_nothing_back(self, writes: ResourceIngest) -> None:
        provenance = {
            "resourceType": "Provenance",
            "recorded": "2026-11-22T10:00:00Z",
            "agent": [{"who": {"display": "Import"}}],
        }
        writes.update("Patient", "a", a_patient(id="a"), provenance=provenance)
        assert writes.delete("Patient", "a").outcome == "deleted"

    def test_within_a_stored_bundle_are_its_own(self, writes: ResourceIngest) -> None:
        entry = {"fullUrl": "urn:uuid:1", "resource": an_observation("Patient/within")}
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": [entry]}
        assert writes.create("Bundle", bundle).outcome == "created"


class TestProvenance:
    def test_is_committed_with_the_write(self, store: Store, writes: ResourceIngest) -> None:
        provenance = {
            "resourceType": "Provenance",
            "recorded": "2026-11-22T10:00:00Z",
            "agent": [{"who": {"display": "Import"}}],
        }
        writes.update("Patient", "a", a_patient(id="a"), provenance=provenance)
        writes.update("Patient", "a", a_patient(id="a"), provenance=provenance)
        (only,) = store.search(where("Provenance", target="Patient/a")).matches
        assert only.resource["target"] == [{"reference": "Patient/a/_history/1"}]

    def test_that_is_wrong_undoes_the_write(self, store: Store, writes: ResourceIngest) -> None:
        target = [{"reference": "Patient/a"}]
        for wrong, refusal in (({}, Invalid), ({"target": target}, Malformed)):
            provenance = {"resourceType": "Provenance", **wrong}
            with pytest.raises(refusal):
                writes.update("Patient", "a", a_patient(id="a"), provenance=provenance)
        assert store.read("Patient", "a") is None


def _create_in_process(url: str, times: int) -> list[str]:
    store = open_store(url)
    writes, query = ingest(store), where("Patient", identifier="s|1")
    outcomes: list[str] = [
        writes.create("Patient", a_patient(), query).outcome for _ in range(times)
    ]
    store.close()
    return outcomes


def test_processes_decide_together(database_url: str) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as processes:
        outcomes = processes.starmap(_create_in_process, [(database_url, 10)] * 2)
    assert Counter(one for each in outcomes for one in each) == {"created": 1, "unchanged": 19}
