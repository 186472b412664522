"""$package, $grants, $statement and $evaluate-measure through the door."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.ingest.programmes.definitions import install
from gateway.programmes.content import content_folder, read_content
from gateway.programmes.names import PROGRAMME

if TYPE_CHECKING:
    from tests.unit.rest.conftest import Caller

_OF_MONEY = ("ChargeItemDefinition", "Measure", "PlanDefinition")


@pytest.fixture
def episode(caller: Caller) -> str:
    """Write an inclusion of 2022; returns its address."""
    content = [one for one in read_content(content_folder()) if one["resourceType"] in _OF_MONEY]
    install(caller.ports.store, content)
    patient = caller.create({"resourceType": "Patient"})
    kind = [{"coding": [{"system": PROGRAMME, "code": "equip-addict"}]}]
    made = caller.create(
        {
            "resourceType": "EpisodeOfCare",
            "status": "active",
            "type": kind,
            "patient": {"reference": f"Patient/{patient['id']}"},
            "period": {"start": "2022-02-01"},
        }
    )
    return f"/fhir/EpisodeOfCare/{made['id']}"


def _parts(told: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [one for one in told["parameter"] if one["name"] == name]


def test_a_package_is_charged_by_post_and_told_with_what_it_counted(
    caller: Caller, episode: str
) -> None:
    answer = caller.ask("POST", f"{episode}/$package?year=2022")
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert _parts(told, "invoice")[0]["resource"]["totalGross"]["value"] == 806
    search = _parts(told, "counted")[0]["part"][2]["valueUri"]
    assert caller.ask("GET", f"/fhir/{search}").json()["type"] == "searchset"
    again = caller.ask("POST", f"{episode}/$package?year=2022")
    assert (again.status_code, _parts(again.json(), "invoice")) == (200, _parts(told, "invoice"))


def test_what_was_charged_comes_as_csv_and_as_a_page(caller: Caller, episode: str) -> None:
    caller.ask("POST", f"{episode}/$package?year=2022")
    answer = caller.ask("GET", "/fhir/ChargeItem/$statement?year=2022&package=equip-addict")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert len(answer.text.splitlines()) == 2
    assert ",806,EUR,billed," in answer.text
    printed = caller.ask("GET", "/fhir/ChargeItem/$statement?year=2022&format=html")
    assert printed.headers["content-type"] == "text/html; charset=utf-8"
    assert "806,00\u00a0€" in printed.text


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ("$package?year=22", 400, "four digits"),
        ("$package?year=2022&date=2022-01-01", 400, "year or date"),
        ("$package?year=2019", 422, "ne couvre pas"),
    ],
)
def test_a_package_that_cannot_be_charged_is_refused_with_a_sentence(
    caller: Caller, episode: str, asked: str, status: int, said: str
) -> None:
    answer = caller.ask("POST", f"{episode}/{asked}")
    assert answer.status_code == status
    assert said in answer.json()["issue"][0]["diagnostics"]


def test_a_measure_is_evaluated_by_its_id_or_its_canonical(caller: Caller, episode: str) -> None:
    period = "periodStart=2022&periodEnd=2022-12"
    url = "https://passerelle.example/fhir/Measure/equip-addict-indicateurs"
    by_id = caller.ask("GET", f"/fhir/Measure/equip-addict-indicateurs/$evaluate-measure?{period}")
    assert by_id.status_code == 200, by_id.text
    told = by_id.json()
    assert told["period"] == {"start": "2022-01-01", "end": "2022-12-31"}
    assert told["group"][0]["population"][0]["count"] == 1
    search = told["group"][0]["population"][0]["extension"][0]["valueUrl"]
    found = caller.ask("GET", f"/fhir/{search}").json()
    assert [one["fullUrl"].rpartition("/")[2] for one in found["entry"]] == [
        episode.rpartition("/")[2]
    ]
    by_url = caller.ask("GET", f"/fhir/Measure/$evaluate-measure?measure={url}&{period}").json()
    assert by_url["group"] == told["group"]
    judged = caller.ask("POST", "/fhir/MeasureReport/$validate", json=told).json()
    assert [one["severity"] for one in judged["issue"] if one["severity"] == "error"] == []


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ("measure=nothing&periodStart=2022&periodEnd=2022", 404, "no measure"),
        ("periodStart=2022&periodEnd=2022", 400, "Which measure"),
        ("measure=sec-pa-indicateurs&periodStart=2022-02&periodEnd=2022-01", 400, "reversed"),
        ("measure=sec-pa-indicateurs&periodStart=1990&periodEnd=2022", 400, "ten years"),
        ("measure=sec-pa-indicateurs&periodStart=2022", 400, "missing"),
        ("measure=sec-pa-indicateurs&periodStart=2022&periodEnd=2022&reportType=x", 400, "subject"),
        ("measure=sec-pa-indicateurs&periodStart=2022&periodEnd=2022&subject=?", 400, "reference"),
    ],
)
@pytest.mark.usefixtures("episode")
def test_a_measure_that_cannot_be_evaluated_is_refused_with_a_sentence(
    caller: Caller, asked: str, status: int, said: str
) -> None:
    answer = caller.ask("GET", f"/fhir/Measure/$evaluate-measure?{asked}")
    assert answer.status_code == status
    assert said in answer.json()["issue"][0]["diagnostics"]


def test_grants_are_computed_by_get_and_written_by_post(caller: Caller, episode: str) -> None:
    kind = [{"coding": [{"system": PROGRAMME, "code": "sec-pa"}]}]
    made = caller.create({"resourceType": "Organization", "name": "Centre", "type": kind})
    facts = "fact=activeFile|2000&fact=povertyRate|30&fact=amountPerPoint|500"
    place = f"/fhir/Organization/{made['id']}/$grants?year=2022&{facts}"
    told = caller.ask("GET", place).json()
    assert len(_parts(told, "account")) == 1
    assert len(_parts(told, "refused")) == 3
    address = f"/fhir/Account/{_parts(told, 'account')[0]['resource']['id']}"
    assert caller.ask("GET", address).status_code == 404
    assert caller.ask("POST", place).status_code == 200
    assert caller.ask("GET", address).status_code == 200
    assert episode
    wrong = caller.ask("GET", f"/fhir/Organization/{made['id']}/$grants?year=2022&fact=x")
    assert "name|value" in wrong.json()["issue"][0]["diagnostics"]


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_at_an_end_of_the_calendar_is_refused(caller: Caller, episode: str, day: str) -> None:
    install(caller.ports.store, read_content(content_folder()))
    patient = caller.ask("GET", episode).json()["patient"]["reference"]
    plan = "/fhir/PlanDefinition/equip-addict"
    for address in (
        f"{episode}/$follow-up?date={day}",
        f"{plan}/$follow-up?date={day}",
        f"{plan}/$apply?subject={patient}&date={day}",
        f"{plan}/$check-eligibility?subject={patient}&date={day}",
    ):
        assert caller.ask("GET", address).status_code == 400, address
