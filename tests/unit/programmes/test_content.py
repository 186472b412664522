"""What ships with the gateway as definitions of programmes."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import Invalid
from gateway.fhir.validation import validate
from gateway.programmes.content import content_folder, read_content
from gateway.programmes.programme import Programme, program_of, read_programme

ROOT = Path(__file__).parents[3]
CONTENT = {one["url"]: one for one in read_content(content_folder())}
PROGRAMMES = ("cesoa", "cpts-imaging", "equip-addict", "post-covid", "sec-pa")


def programme(name: str) -> Programme:
    plan = next(p for p in plans() if p["id"] == name)
    return read_programme(plan, CONTENT.get)


def plans() -> list[dict[str, Any]]:
    return [one for one in CONTENT.values() if one["resourceType"] == "PlanDefinition"]


@pytest.mark.parametrize("resource", CONTENT.values(), ids=lambda one: one["id"])
def test_every_definition_is_valid_r4_and_says_its_language_and_version(
    resource: dict[str, Any],
) -> None:
    assert [one.text for one in validate(resource)] == []
    assert resource["language"] == "fr-FR"
    assert resource["version"]
    assert resource["url"].endswith(f"/{resource['resourceType']}/{resource['id']}")


def test_there_are_five_programmes_and_a_folder_for_each() -> None:
    names = sorted(one["id"] for one in plans() if program_of(one).get("code") == one["id"])

    assert names == sorted(PROGRAMMES)
    assert all((content_folder() / name).is_dir() for name in PROGRAMMES)


@pytest.mark.parametrize("name", PROGRAMMES)
def test_a_programme_names_its_sources_and_begins_on_a_day(name: str) -> None:
    read = programme(name)

    assert read.start
    assert any(one["type"] == "documentation" for one in read.plan["relatedArtifact"])
    assert read.inclusion is not None


def test_the_averages_of_equip_addict_are_those_of_its_source() -> None:
    found = {one.code: one.per_year for one in programme("equip-addict").every_action()}

    assert found["consultation-medecin"] == 1
    assert found["consultation-psychologue"] == 7
    assert found["consultation-travailleur-social"] == 6
    assert found["rcp"] == 5


def test_post_covid_shares_its_parts_and_adds_a_psychiatrist() -> None:
    first, second = (
        {one.definition.get("id") for one in programme(name).every_action() if one.definition}
        for name in ("equip-addict", "post-covid")
    )

    assert second - first == {"microstructure-consultation-psychiatre"}
    assert first <= second


def test_periods_are_those_of_the_sources() -> None:
    periods = {name: (programme(name).start, programme(name).end) for name in PROGRAMMES}

    assert periods == {
        "cesoa": ("2019-07-30", "2023-06-30"),
        "equip-addict": ("2020-10-01", "2023-09-30"),
        "post-covid": ("2021-02-28", "2023-02-28"),
        "sec-pa": ("2021-08-01", ""),
        "cpts-imaging": ("2022-01-01", ""),
    }


def test_a_plan_whose_activity_is_gone_is_refused_by_name() -> None:
    plan = next(p for p in plans() if p["id"] == "cesoa")
    gone = next(url for url in CONTENT if url.endswith("cesoa-imagerie"))

    with pytest.raises(Invalid, match="cesoa-imagerie"):
        read_programme(plan, lambda url: None if url == gone else CONTENT.get(url))


def test_a_plan_that_holds_itself_is_refused() -> None:
    plan = {
        "resourceType": "PlanDefinition",
        "url": "https://a.example/PlanDefinition/ring",
        "action": [{"definitionCanonical": "https://a.example/PlanDefinition/ring"}],
    }

    with pytest.raises(Invalid, match="se contient"):
        read_programme(plan, lambda _: plan)


@pytest.mark.parametrize("text", ["{", "[]", '{"resourceType": "Basic", "id": "a"}'])
def test_a_file_that_is_no_definition_is_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "seventh").mkdir()
    (tmp_path / "seventh" / "bad.json").write_text(text)

    with pytest.raises(Invalid, match=r"seventh/bad\.json"):
        list(read_content(tmp_path))


def test_the_wheel_takes_the_content_along() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]

    assert included["profiles/programmes"] == "gateway/profiles/programmes"
    assert included["docs/ehr.md"] == "gateway/profiles/ehr.md"
