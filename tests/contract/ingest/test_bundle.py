"""Transaction bundles on each database: all or nothing, decided inside one commit."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from gateway.errors import Conflict, GatewayError, Malformed, PreconditionFailed, UnknownReference
from gateway.fhir.search.query import SearchQuery, parse_search
from gateway.fhir.transaction import read_entries, whole
from gateway.ingest.resource import ResourceIngest
from gateway.rest.call import read_pairs

if TYPE_CHECKING:
    from gateway.store.api import Store

Json = dict[str, Any]
BASE = "http://door.example/fhir"
URN = "urn:uuid:0b3f1f0e-6f0b-4a5e-9d0c-00000000000"


@pytest.fixture
def writes(store: Store) -> ResourceIngest:
    return ResourceIngest(
        store, validation="base", new_id=lambda: str(uuid4()), local_bases=(BASE,)
    )


def ask(resource_type: str, search: str) -> SearchQuery:
    return parse_search(resource_type, read_pairs(search.encode()))


def entry(method: str, url: str, resource: Json | None = None, **more: str) -> Json:
    full_url = more.pop("full_url", "")
    made: Json = {"request": {"method": method, "url": url, **more}}
    if full_url:
        made["fullUrl"] = full_url
    return made if resource is None else {**made, "resource": resource}


def send(writes: ResourceIngest, *entries: Json) -> list[list[tuple[str, str]]]:
    """Return outcome and reference of what each entry wrote."""
    read = whole(read_entries({"entry": list(entries)}, (BASE,)))
    done = writes.transaction(read, ask)
    return [[(one.outcome, one.stored.reference) for one in each] for each in done]


def a_patient(value: str = "1", **more: Any) -> Json:  # noqa: ANN401 - elements
    return {"resourceType": "Patient", "identifier": [{"system": "s", "value": value}], **more}


def an_observation(subject: str, **more: Any) -> Json:  # noqa: ANN401 - elements
    code = {"text": "Hb"}
    held = {"reference": subject}
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": code,
        "subject": held,
        **more,
    }


def test_parallel_bundles_make_one_patient_and_all_refer_to_it(
    store: Store, writes: ResourceIngest
) -> None:
    def once(number: int) -> str:
        (patient,), _ = send(
            writes,
            entry("POST", "Patient", a_patient(), full_url=URN, ifNoneExist="identifier=s|1"),
            entry("POST", "Observation", an_observation(URN, identifier=[{"value": str(number)}])),
        )
        return patient[0]

    with ThreadPoolExecutor(8) as threads:
        outcomes = Counter(threads.map(once, range(8)))
    assert outcomes == {"created": 1, "unchanged": 7}
    (patient,) = store.search(ask("Patient", "identifier=s|1")).matches
    found = store.search(ask("Observation", f"subject={patient.reference}"))
    assert len(found.matches) == 8


def test_a_refused_bundle_leaves_no_trace(store: Store, writes: ResourceIngest) -> None:
    writes.update("Patient", "kept", a_patient("kept", id="kept"))
    before = store.changes(0)
    with pytest.raises(PreconditionFailed):
        send(
            writes,
            entry("DELETE", "Patient/kept"),
            entry("POST", "Patient", a_patient()),
            entry("PUT", "Patient/b", a_patient("2", id="b"), ifMatch='W/"4"'),
        )
    assert store.changes(0) == before


def test_conditions_that_name_each_others_entries_are_resolved_in_order(
    writes: ResourceIngest,
) -> None:
    bundle = (
        entry(
            "POST",
            "Observation",
            an_observation(f"{URN}1", identifier=[{"value": "o"}]),
            full_url=f"{URN}2",
            ifNoneExist=f"identifier=o&subject={URN}1",
        ),
        entry("PUT", "Patient?identifier=s|1", a_patient(), full_url=f"{URN}1"),
    )
    first, second = send(writes, *bundle), send(writes, *bundle)
    assert [each[0][0] for each in first] == ["created", "created"]
    assert [each[0][0] for each in second] == ["unchanged", "unchanged"]
    assert [each[0][1] for each in first] == [each[0][1] for each in second]


def test_conditions_that_wait_for_each_other_are_refused(writes: ResourceIngest) -> None:
    with pytest.raises(Malformed, match="depend on each other"):
        send(
            writes,
            entry("PUT", f"Patient?link={URN}2", a_patient("1"), full_url=f"{URN}1"),
            entry("PUT", f"Patient?link={URN}1", a_patient("2"), full_url=f"{URN}2"),
        )


def test_references_by_search_find_what_refers_by_search_itself(
    store: Store, writes: ResourceIngest
) -> None:
    encounter = {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"code": "AMB"},
        "identifier": [{"value": "e"}],
        "subject": {"reference": "Patient?identifier=s|1"},
    }
    observation = an_observation(
        "Patient?identifier=s|1", encounter={"reference": "Encounter?identifier=e"}
    )
    done = send(
        writes,
        entry("POST", "Observation", observation),
        entry("POST", "Encounter", encounter),
        entry("POST", "Patient", a_patient()),
    )
    (((_, made),), ((_, during),), ((_, about),)) = done
    held = store.read(*made.split("/"))
    assert held is not None
    assert held.resource["encounter"] == {"reference": during}
    assert held.resource["subject"] == {"reference": about}


def test_entries_may_refer_to_each_other_before_either_is_there(
    store: Store, writes: ResourceIngest
) -> None:
    def link(other: str) -> list[Json]:
        return [{"other": {"reference": other}, "type": "seealso"}]

    send(
        writes,
        entry("PUT", "Patient/a", a_patient("1", id="a", link=link("Patient/b"))),
        entry("PUT", "Patient/b", a_patient("2", id="b", link=link("Patient/a"))),
    )
    assert store.read("Patient", "b") is not None
    with pytest.raises(Conflict):
        writes.delete("Patient", "a")
    done = send(writes, entry("DELETE", "Patient/a"), entry("DELETE", "Patient/b"))
    assert [each[0][0] for each in done] == ["deleted", "deleted"]


def test_a_referrer_that_lets_go_in_the_same_bundle_holds_nothing_back(
    writes: ResourceIngest,
) -> None:
    writes.update("Patient", "a", a_patient("1", id="a"))
    writes.update("Patient", "b", a_patient("2", id="b"))
    writes.update("Observation", "o", an_observation("Patient/a", id="o"))
    done = send(
        writes,
        entry("DELETE", "Patient/a"),
        entry("PUT", "Observation/o", an_observation("Patient/b", id="o")),
    )
    assert [each[0][0] for each in done] == ["deleted", "updated"]


def test_a_delete_and_a_create_of_one_identifier_replace(writes: ResourceIngest) -> None:
    (old,) = send(writes, entry("POST", "Patient", a_patient()))
    deleted, made = send(
        writes,
        entry("DELETE", "Patient?identifier=s|1"),
        entry("POST", "Patient", a_patient(), ifNoneExist="identifier=s|1"),
    )
    assert (deleted, made[0][0]) == ([("deleted", old[0][1])], "created")


def test_what_was_deleted_already_is_no_fault(writes: ResourceIngest) -> None:
    writes.update("Patient", "a", a_patient(id="a"))
    writes.delete("Patient", "a")
    assert send(writes, entry("DELETE", "Patient/a")) == [[]]


def test_every_reference_that_leads_nowhere_is_named_with_its_entry(
    writes: ResourceIngest,
) -> None:
    with pytest.raises(UnknownReference) as fault:
        send(
            writes,
            entry("POST", "Observation", an_observation("Patient/x")),
            entry("POST", "Observation", an_observation("Patient/x")),
            entry("POST", "Observation", an_observation("Patient/y")),
        )
    assert [issue.expression for issue in fault.value.issues] == [
        "Bundle.entry[0].resource.subject.reference",
        "Bundle.entry[2].resource.subject.reference",
    ]


def test_bundles_against_one_patient_do_not_lose_each_others_versions(
    store: Store, writes: ResourceIngest
) -> None:
    def once(number: int) -> str:
        changed = a_patient(language=f"x-{number}")
        try:
            send(writes, entry("PUT", "Patient?identifier=s|1", changed))
        except GatewayError as refusal:
            return type(refusal).__name__
        return "done"

    with ThreadPoolExecutor(8) as threads:
        assert Counter(threads.map(once, range(8))) == {"done": 8}
    (only,) = store.search(ask("Patient", "identifier=s|1")).matches
    assert only.version == 8


def test_hooks_hear_of_every_write(store: Store, writes: ResourceIngest) -> None:
    heard: list[str] = []
    store.watch(lambda _, written: heard.append(f"{written.outcome} {written.stored.type}"))
    send(
        writes,
        entry("POST", "Observation", an_observation(URN)),
        entry("POST", "Patient", a_patient(), full_url=URN),
    )
    assert Counter(heard) == {"created Observation": 1, "created Patient": 1}


def test_a_thousand_entries_are_one_commit(sqlite_store: Store) -> None:
    writes = ResourceIngest(sqlite_store, validation="base", new_id=lambda: str(uuid4()))
    make = partial(entry, "POST", "Patient")
    done = send(writes, *(make(a_patient(str(n)), full_url=f"urn:uuid:{n}") for n in range(1000)))
    assert Counter(one[0][0] for one in done) == {"created": 1000}
