"""The definitions of programmes in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.errors import NotFound
from gateway.ingest.programmes.definitions import Definitions, install
from gateway.programmes.content import content_folder, read_content

if TYPE_CHECKING:
    from gateway.store.api import Store


def test_definitions_are_installed_once(store: Store) -> None:
    made_up = [{**one, "id": f"autre-{one['id']}"} for one in read_content(content_folder())]

    assert install(store, made_up) == len(made_up)
    assert install(store, made_up) == 0


def test_what_an_installation_changed_or_deleted_stays_until_a_newer_version(store: Store) -> None:
    content = list(read_content(content_folder()))
    install(store, content)
    plan = next(one for one in content if one["id"] == "cesoa")
    with store.transaction() as tx:
        tx.put({**plan, "effectivePeriod": {"start": "2019-07-30", "end": "2030-12-31"}})
        tx.delete("Questionnaire", "cesoa-evaluation")

    assert install(store, content) == 0
    assert Definitions(store).programme("cesoa").end == "2030-12-31"

    newer = [{**one, "version": "1.0.1"} for one in content]
    assert install(store, newer) == len(content) - 1
    assert Definitions(store).programme("cesoa").end == "2023-06-30"


def test_a_programme_is_found_by_its_plan_and_by_an_episode(store: Store) -> None:
    install(store, read_content(content_folder()))
    definitions = Definitions(store)
    found = definitions.programme("equip-addict")
    episode = {"resourceType": "EpisodeOfCare", "id": "e", "type": [{"coding": [found.code]}]}

    assert found.title == "Équip'Addict"
    assert definitions.programme_of(episode).canonical == found.canonical
    with pytest.raises(NotFound):
        definitions.programme("no-such")
