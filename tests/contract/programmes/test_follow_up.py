"""How patients of a programme go: done against the averages, late, lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.programmes.names import ACTIVITY, PROGRAMME
from tests.contract.programmes.region import ORGANIZATION, patient, structure

if TYPE_CHECKING:
    from tests.contract.programmes.region import Region


def episode(name: str, began: str = "2022-01-01", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any element
    return {
        "resourceType": "EpisodeOfCare",
        "id": f"episode-{name}",
        "status": "active",
        "type": [{"coding": [{"system": PROGRAMME, "code": "equip-addict"}]}],
        "patient": {"reference": f"Patient/{name}"},
        "managingOrganization": {"reference": ORGANIZATION},
        "period": {"start": began},
        **more,
    }


def plan(name: str) -> dict[str, Any]:
    return {
        "resourceType": "CarePlan",
        "id": f"plan-{name}",
        "status": "active",
        "intent": "plan",
        "subject": {"reference": f"Patient/{name}"},
        "supportingInfo": [{"reference": f"EpisodeOfCare/episode-{name}"}],
    }


def task(name: str, due: str) -> dict[str, Any]:
    return {
        "resourceType": "Task",
        "id": f"tache-{name}",
        "basedOn": [{"reference": f"CarePlan/plan-{name}"}],
        "status": "requested",
        "intent": "order",
        "description": "Plan personnalisé de soins",
        "for": {"reference": f"Patient/{name}"},
        "owner": {"reference": "Practitioner/coordinateur"},
        "restriction": {"period": {"end": due}},
    }


def encounter(name: str, day: str, activity: str, status: str = "finished") -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "id": f"{name}-{activity}-{day}"[:64],
        "status": status,
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "type": [{"coding": [{"system": ACTIVITY, "code": activity}]}],
        "subject": {"reference": f"Patient/{name}"},
        "episodeOfCare": [{"reference": f"EpisodeOfCare/episode-{name}"}],
        "period": {"start": day, "end": day},
    }


def prepare(region: Region) -> None:
    names = ("a-jour", "en-retard", "perdu", "annule", "termine")
    region.put(*structure(), *(patient(one) for one in names))
    region.put(
        episode("a-jour"),
        episode("en-retard"),
        episode("perdu"),
        episode("annule"),
        episode("termine", status="finished", period={"start": "2022-01-01", "end": "2022-02-01"}),
        *(plan(one) for one in names),
        task("a-jour", "2022-07-01"),
        task("en-retard", "2022-05-01"),
        encounter("a-jour", "2022-05-20", "consultation-psychologue"),
        encounter("a-jour", "2022-05-27", "consultation-psychologue"),
        encounter("en-retard", "2022-05-20", "consultation-medecin"),
        encounter("perdu", "2022-02-10", "consultation-medecin"),
        # What was cancelled is no contact.
        encounter("annule", "2022-05-20", "consultation-medecin", "cancelled"),
    )


def states(region: Region, query: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    url = f"/fhir/PlanDefinition/equip-addict/$follow-up?date=2022-06-01{query}"
    while url:
        bundle = region.ask("GET", url).json()
        for entry in bundle["entry"][0]["resource"].get("entry", ()):
            name = entry["item"]["reference"].partition("episode-")[2]
            found[name] = entry["flag"]["coding"][0]["code"]
        links = {one["relation"]: one["url"] for one in bundle["link"]}
        url = links.get("next", "").removeprefix("http://127.0.0.1:8080")
    return found


def test_every_episode_has_a_state(region: Region) -> None:
    prepare(region)

    assert states(region) == {
        "a-jour": "on-track",
        "en-retard": "late",
        "perdu": "lost",
        "annule": "lost",
    }
    assert states(region, "&status=ended") == {"termine": "ended"}


def test_the_list_is_asked_by_state_and_structure_and_read_in_pages(region: Region) -> None:
    prepare(region)

    assert set(states(region, "&status=late&status=lost&_count=1")) == {
        "en-retard",
        "perdu",
        "annule",
    }
    assert states(region, f"&organization={ORGANIZATION}&status=late") == {"en-retard": "late"}
    assert states(region, "&organization=Organization/autre") == {}


def test_one_episode_tells_what_was_done_against_the_averages(region: Region) -> None:
    prepare(region)

    url = "/fhir/EpisodeOfCare/episode-a-jour/$follow-up?date=2022-06-01"
    told = region.ask("GET", url).json()["parameter"]

    flat = {one["name"]: one for one in told}
    activities = {
        one["part"][0]["valueCoding"]["code"]: {part["name"]: part for part in one["part"]}
        for one in told
        if one["name"] == "activity"
    }
    assert flat["status"]["valueCode"] == "on-track"
    assert flat["lastContact"]["valueDate"] == "2022-05-27"
    psychologist = activities["consultation-psychologue"]
    assert psychologist["done"]["valueInteger"] == 2
    assert psychologist["averagePerYear"]["valueDecimal"] == 7
    assert psychologist["expected"]["valueDecimal"] == 2.9


def test_an_unknown_state_and_an_episode_of_no_programme_are_refused(region: Region) -> None:
    prepare(region)
    region.put(episode("a-jour", type=[{"text": "Autre"}]))

    state = region.ask("GET", "/fhir/PlanDefinition/equip-addict/$follow-up?status=lazy")
    other = region.ask("GET", "/fhir/EpisodeOfCare/episode-a-jour/$follow-up")

    assert [state.status_code, other.status_code] == [400, 422]
