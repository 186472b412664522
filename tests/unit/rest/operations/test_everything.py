from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.rest.conftest import Caller


def _observe(caller: Caller, subject: str, when: str, **more: Any) -> str:  # noqa: ANN401 - elements
    created = caller.create(
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": "x"},
            "subject": {"reference": subject},
            "effectiveDateTime": when,
            **more,
        }
    )
    return f"Observation/{created['id']}"


class Story:
    """Two patients of one hospital, the first with two observations in an encounter."""

    def __init__(self, caller: Caller, patient: dict[str, Any]) -> None:
        """Store it."""
        hospital = caller.create({"resourceType": "Organization", "name": "CHU"})
        self.hospital = f"Organization/{hospital['id']}"
        managed = {**patient, "managingOrganization": {"reference": self.hospital}}
        self.patient = f"Patient/{caller.create(managed)['id']}"
        self.other = f"Patient/{caller.create(managed)['id']}"
        encounter = caller.create(
            {
                "resourceType": "Encounter",
                "status": "finished",
                "class": {"code": "AMB"},
                "subject": {"reference": self.patient},
                "period": {"start": "2024-01-01", "end": "2024-01-02"},
            }
        )
        self.encounter = f"Encounter/{encounter['id']}"
        within = {"encounter": {"reference": self.encounter}}
        self.observations = [
            _observe(caller, self.patient, "2024-01-01", **within),
            _observe(caller, self.patient, "2024-02-01"),
        ]
        self.elsewhere = _observe(caller, self.other, "2024-01-01")


@pytest.fixture
def story(caller: Caller, patient: dict[str, Any]) -> Story:
    return Story(caller, patient)


def _pages(caller: Caller, path: str, **said: Any) -> list[list[tuple[str, str]]]:  # noqa: ANN401 - httpx's own keywords
    """Return (reference, mode) of each page, following the links."""
    pages = []
    method = "POST" if said else "GET"
    while path:
        answer = caller.ask(method, path, **said)
        assert answer.status_code == 200, answer.text
        bundle = answer.json()
        pages.append(
            [
                ("/".join(one["fullUrl"].split("/")[-2:]), one["search"]["mode"])
                for one in bundle.get("entry", [])
            ]
        )
        links = {one["relation"]: one["url"] for one in bundle["link"]}
        following = links.get("next", "")
        method, said = "GET", {}
        path = following[following.index("/fhir/") :] if following else ""
    return pages


def _flat(pages: list[list[tuple[str, str]]]) -> set[tuple[str, str]]:
    return {one for page in pages for one in page}


def test_a_record_is_the_compartment_and_what_it_refers_to(caller: Caller, story: Story) -> None:
    (page,) = _pages(caller, f"/fhir/{story.patient}/$everything")
    members = [story.patient, story.encounter, *story.observations]
    assert page == [*((one, "match") for one in members), (story.hospital, "include")]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_record_comes_in_pages_without_doubles(caller: Caller, story: Story, count: int) -> None:
    whole = _flat(_pages(caller, f"/fhir/{story.patient}/$everything"))
    pages = _pages(caller, f"/fhir/{story.patient}/$everything?_count={count}")
    members = [name for page in pages for name, mode in page if mode == "match"]
    assert len(members) == len(set(members))
    assert max(sum(mode == "match" for _, mode in page) for page in pages) == count
    assert _flat(pages) == whole


def test_a_page_stays_what_it_is_while_others_write(caller: Caller, story: Story) -> None:
    path = f"/fhir/{story.patient}/$everything?_count=3"
    first = caller.ask("GET", path).json()
    later = _observe(caller, story.patient, "2023-01-01")
    following = next(one["url"] for one in first["link"] if one["relation"] == "next")
    rest = _flat(_pages(caller, following[following.index("/fhir/") :]))
    assert {(story.observations[1], "match"), (later, "match")} <= rest
    assert (story.patient, "match") not in rest


def test_the_records_of_all_patients_follow_each_other(caller: Caller, story: Story) -> None:
    expected = {
        (one, "match")
        for one in (
            story.patient,
            story.other,
            story.encounter,
            *story.observations,
            story.elsewhere,
        )
    } | {(story.hospital, "include")}
    for count in (1, 2, 5, 100):
        pages = _pages(caller, f"/fhir/Patient/$everything?_count={count}")
        assert _flat(pages) == expected


def test_a_window_leaves_out_what_is_not_asked_for(caller: Caller, story: Story) -> None:
    path = f"/fhir/{story.patient}/$everything"
    types = _flat(_pages(caller, f"{path}?_type=Observation,Organization&_type=Patient"))
    assert {name.split("/")[0] for name, _ in types} == {"Observation", "Organization", "Patient"}
    later = _flat(_pages(caller, f"{path}?start=2024-01-15&_type=Observation"))
    assert later == {(story.observations[1], "match")}
    sooner = _flat(_pages(caller, f"{path}?end=2024-01-15&_type=Observation,Encounter"))
    assert sooner == {(story.observations[0], "match"), (story.encounter, "match")}
    assert _flat(_pages(caller, f"{path}?_since=2999-01-01T00:00:00Z")) == set()


def test_an_encounter_has_a_record_too(caller: Caller, story: Story) -> None:
    (page,) = _pages(caller, f"/fhir/{story.encounter}/$everything")
    assert page == [
        (story.encounter, "match"),
        (story.observations[0], "match"),
        (story.patient, "include"),
    ]


def test_the_parameters_may_come_in_a_body(caller: Caller, story: Story) -> None:
    rows = [{"name": "_type", "valueCode": "Patient"}, {"name": "_count", "valueInteger": 1}]
    body = {"resourceType": "Parameters", "parameter": rows}
    pages = _pages(caller, f"/fhir/{story.patient}/$everything", json=body)
    assert _flat(pages) == {(story.patient, "match")}


@pytest.mark.parametrize(
    ("query", "expression"),
    [
        ("_count=0", "_count"),
        ("_count=x", "_count"),
        ("_type=Patient,Nothing", "_type"),
        ("_since=2024", "_since"),
        ("start=yesterday", "start"),
        ("_cursor=x", "_cursor"),
        ("_cursor=WzFd", "_cursor"),
        ("_cursor=%C3%A9", "_cursor"),
        ("other=1", "other"),
    ],
)
def test_what_is_asked_wrongly_is_named(
    caller: Caller, story: Story, query: str, expression: str
) -> None:
    answer = caller.ask("GET", f"/fhir/{story.patient}/$everything?{query}")
    assert answer.status_code == 400
    assert answer.json()["issue"][0]["expression"] == [expression]


def test_who_is_not_here_has_no_record(caller: Caller, story: Story) -> None:
    assert caller.ask("GET", "/fhir/Patient/none/$everything").status_code == 404
    caller.ask("DELETE", f"/fhir/{story.elsewhere}")
    caller.ask("DELETE", f"/fhir/{story.other}")
    assert caller.ask("GET", f"/fhir/{story.other}/$everything").status_code == 410
