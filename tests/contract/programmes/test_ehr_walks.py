"""`docs/ehr.md`, sent as it stands there: a story a programme, from referral to indicator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.app.built_in import built_in_package
from gateway.app.demo.walk import Mail, Words, read_walks, walks
from gateway.fhir.packages import read_package
from gateway.fhir.search.parameters import install
from gateway.fhir.wire import loads
from gateway.ingest.search_parameters import SearchParameters
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.programmes.region import Region

PAGE = (ROOT / "docs" / "ehr.md").read_text("utf-8")
NAMES = ("cesoa", "equip-addict", "post-covid", "sec-pa", "cpts-imaging")


def test_every_programme_has_its_walk_and_no_block_of_the_page_is_left_out() -> None:
    found = read_walks(PAGE)

    requests = sum(not isinstance(step, Mail) for walk in found.values() for step in walk.steps)
    assert set(found) == set(walks()) == set(NAMES)
    assert PAGE.count("```http") == 2 * requests


@pytest.fixture
def served(region: Region) -> Iterator[Region]:
    """The door with the search parameters of our own package, as an installation has them."""
    with built_in_package().open("rb") as file:
        package = read_package(file.read())
    own = [one for one in package.resources() if one["resourceType"] == "SearchParameter"]
    region.put(*own)
    SearchParameters(region.store).refresh()
    yield region
    install({})


@pytest.mark.parametrize("name", NAMES)
def test_the_walk_of_a_programme_is_answered_as_the_page_says(served: Region, name: str) -> None:
    region, words = served, Words()

    for step in walks()[name].steps:
        if isinstance(step, Mail):
            assert step.to in mailboxes(region), step
            continue
        body = words.said(step.body).encode() or None
        answer = region.ask(
            step.method, words.said(step.target), content=body, headers=step.headers
        )
        assert answer.status_code == step.status, (step.title, answer.text)
        if step.shown is not None:
            fault = words.fault(step.shown, loads(answer.content))
            assert fault == "", (step.title, fault, answer.text[:3000])


def mailboxes(region: Region) -> set[str]:
    """Return the addresses of those for whom a delivery waits."""
    people = [region.read(one.recipient) for one in region.store.deliveries() if one.recipient]
    return {point["value"] for one in people for point in one.get("telecom", ())}


def test_what_is_shown_must_be_there_and_words_keep_their_meaning() -> None:
    words = Words()

    assert words.fault({"entry": [{"id": "{one}"}]}, {"entry": [{"a": 1}, {"id": "x"}]}) == ""
    assert words.fault({"id": "{one}"}, {"id": "y"}) != ""
    assert words.fault({"a": [1, 2]}, {"a": [2, 3]}) != ""
    assert words.said("Task/{one}/{two}") == "Task/x/{two}"


def test_a_request_without_an_answer_is_a_mistake_of_the_page() -> None:
    with pytest.raises(ValueError, match="no answer"):
        read_walks("## `a`: b\n\n```http\n# Titre\nGET /fhir\n```\n")
