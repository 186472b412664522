"""Conditions on other resources, and conditions that combine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.fhir.search.conditions import Clause
from gateway.fhir.search.parameters import parameter
from gateway.fhir.search.query import SearchQuery, parse_search
from gateway.fhir.search.values import TokenValue
from tests.contract.store.searching import (
    Resource,
    check,
    coding,
    ids,
    observation,
    patient,
    put,
    reference,
)

if TYPE_CHECKING:
    from gateway.store.api import Store


def organization(identity: str, **more: Any) -> Resource:  # noqa: ANN401 - elements of a resource
    return {"resourceType": "Organization", "id": identity, **more}


@pytest.fixture
def ward(store: Store) -> Store:
    """Three patients, of whom two have observations."""
    put(
        store,
        organization("north", name="North"),
        organization("south", name="South", partOf=reference("Organization/north")),
        patient(
            "anne",
            gender="female",
            name=[{"family": "Martin"}],
            managingOrganization=reference("Organization/north"),
        ),
        patient(
            "bob",
            gender="male",
            name=[{"family": "Martin"}],
            managingOrganization=reference("Organization/south"),
        ),
        patient("carl", gender="male", name=[{"family": "Petit"}]),
        observation("a1", subject=reference("Patient/anne"), code=coding("urn:c", "x")),
        observation("a2", subject=reference("Patient/anne"), code=coding("urn:c", "y")),
        observation("b1", subject=reference("Patient/bob"), code=coding("urn:c", "x")),
        observation("g1", subject=reference("Group/anne"), code=coding("urn:c", "x")),
        observation("part", hasMember=[reference("Observation/a1")]),
    )
    return store


def test_chains_follow_references(ward: Store) -> None:
    check(
        ward,
        {
            "Observation?subject:Patient.family=martin": "a1 a2 b1",
            "Observation?patient.family=martin&code=x": "a1 b1",
            "Observation?patient.gender=male": "b1",
            "Observation?patient.gender:not=male": "a1 a2",
            "Observation?patient._id=anne": "a1 a2",
            "Observation?patient.organization.name=south": "b1",
            "Observation?patient.organization.partof.name=north": "b1",
            "Observation?patient.organization:missing=true": "",
            "Observation?has-member.patient.family=martin": "part",
            "Observation?patient.family=petit": "",
        },
    )


def test_a_chain_does_not_reach_what_was_deleted(ward: Store) -> None:
    with ward.transaction() as tx:
        tx.delete("Patient", "bob")
    check(
        ward,
        {
            "Observation?patient.family=martin": "a1 a2",
            "Observation?subject=Patient/bob": "b1",
            "Organization?_has:Patient:organization:family=martin": "north",
        },
    )


def test_has_looks_for_what_points_here(ward: Store) -> None:
    check(
        ward,
        {
            "Patient?_has:Observation:patient:code=x": "anne bob",
            "Patient?_has:Observation:patient:code=y": "anne",
            "Patient?_has:Observation:patient:code:not=x": "anne",
            "Patient?_has:Observation:patient:code=x&gender=male": "bob",
            "Organization?_has:Patient:organization:gender=male": "south",
            "Organization?_has:Patient:organization:_has:Observation:patient:code=y": "north",
            "Observation?_has:Observation:has-member:status=final": "a1",
        },
    )


def test_filters_combine_conditions(ward: Store) -> None:
    check(
        ward,
        {
            "Patient?_filter=gender eq male and name eq martin": "bob",
            "Patient?_filter=gender eq female or name eq petit": "anne carl",
            "Patient?_filter=not (gender eq male)": "anne",
            "Patient?_filter=organization pr false": "carl",
            "Observation?_filter=patient.name sw mar and code eq y": "a2",
        },
    )


def test_members_of_a_list(ward: Store) -> None:
    def entry(target: str, **more: Any) -> Resource:  # noqa: ANN401 - elements of a resource
        return {"item": reference(target), **more}

    put(
        ward,
        {
            "resourceType": "List",
            "id": "round",
            "status": "current",
            "mode": "changes",
            "entry": [
                entry("Patient/anne"),
                entry("Patient/carl", deleted=True),
                entry("Observation/b1"),
                entry("Patient/nobody"),
            ],
        },
    )
    check(
        ward,
        {
            "Patient?_list=round": "anne",
            "Observation?_list=round": "b1",
            "Patient?_list=round&gender=male": "",
            "Patient?_list=none": "",
            "Observation?patient._list=round": "a1 a2",
        },
    )


def test_a_search_over_all_types(ward: Store) -> None:
    put(
        ward,
        patient("tagged", meta={"tag": [{"system": "urn:t", "code": "1"}]}),
        organization("tagged-too", meta={"tag": [{"system": "urn:t", "code": "1"}]}),
    )

    def system(*pairs: tuple[str, str]) -> list[str]:
        return [one.reference for one in ward.search(parse_search("", pairs)).matches]

    tagged = ["Patient/tagged", "Organization/tagged-too"]
    assert system(("_tag", "urn:t|1")) == tagged
    assert system(("_tag", "urn:t|1"), ("_type", "Patient")) == tagged[:1]
    assert system(("_id", "north,anne"), ("_type", "Patient,Organization")) == [
        "Organization/north",
        "Patient/anne",
    ]
    assert system(("_type", "Condition,Observation"), ("code", "y")) == ["Observation/a2"]
    assert len(system(("_lastUpdated", "gt2020"))) == 12
    assert system(("_sort", "-_id"), ("_count", "2")) == tagged[::-1]


def test_a_compartment_is_what_belongs_to_one_resource(ward: Store) -> None:
    query = parse_search("Observation", [], compartment=("Patient", "anne"))
    assert [one.id for one in ward.search(query).matches] == ["a1", "a2"]
    coded = parse_search("Observation", [("code", "y")], compartment=("Patient", "anne"))
    assert [one.id for one in ward.search(coded).matches] == ["a2"]


def test_ten_thousand_codes_are_one_list(ward: Store) -> None:
    found = parameter("Observation", "code")
    assert found is not None
    codes = tuple(TokenValue("urn:c", f"no-{number}") for number in range(10_000))
    wanted = (*codes, TokenValue("urn:c", "y"), TokenValue(None, "none"))
    clause = Clause(found, "", wanted)
    query = SearchQuery(type="Observation", clauses=(clause,))
    assert [one.id for one in ward.search(query).matches] == ["a2"]
    excluded = SearchQuery(type="Observation", clauses=(Clause(found, "not", wanted),))
    assert [one.id for one in ward.search(excluded).matches] == ["a1", "b1", "g1", "part"]


def test_a_thousand_values_of_each_kind(ward: Store) -> None:
    names = ",".join(f"n{number}" for number in range(900))
    days = ",".join(f"ge{1000 + number}-01-01" for number in range(900))
    amounts = ",".join(f"lt{number}" for number in range(900))
    check(
        ward,
        {
            f"Patient?family={names},petit": "carl",
            f"Patient?birthdate={days}": "",
            f"Observation?value-quantity={amounts}": "",
            f"Patient?family:contains={names},eti": "carl",
        },
    )


def test_values_that_look_like_sql_are_values(ward: Store) -> None:
    for value in ("' OR 1=1 --", '"', "%", "_", "?", "%s", "{0}", "\\\\", "';DROP TABLE resource;"):
        assert ids(ward, f"Patient?family={value.replace('%', '%25').replace(';', '%3B')}") == []
    check(ward, {"Patient?family=martin": "anne bob"})


def test_search_ids_inside_a_transaction_see_what_it_wrote(ward: Store) -> None:
    def found(search: str) -> list[str]:
        resource_type, _, text = search.partition("?")
        name, _, value = text.partition("=")
        return tx.search_ids(parse_search(resource_type, [(name, value)]), limit=10)

    with ward.transaction() as tx:
        tx.put(observation("new", subject=reference("Patient/carl"), code=coding("urn:c", "z")))
        assert found("Observation?code=urn:c|z") == ["new"]
        assert found("Observation?patient.family=petit") == ["new"]
        assert found("Patient?_has:Observation:patient:code=z") == ["carl"]
        assert found("Observation?code=urn:c|x") == ["a1", "b1", "g1"]
        assert tx.referrers("Patient/carl") == ["Observation/new"]


def test_referrers_are_found_where_no_parameter_looks(store: Store) -> None:
    study = {"resourceType": "ImagingStudy", "id": "s", "status": "available"}
    report = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "code": {"text": "CT"},
        "imagingStudy": [reference("ImagingStudy/s")],
    }
    put(store, study | {"subject": reference("Patient/1")}, report)
    with store.transaction() as tx:
        assert tx.referrers("ImagingStudy/s") == ["DiagnosticReport/r"]
