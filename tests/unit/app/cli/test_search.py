from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.app.cli.main import main
from gateway.store.api import open_store
from gateway.store.migrate import migrate

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation of its own, with three patients."""
    monkeypatch.setenv("GATEWAY_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    url = f"sqlite:///{tmp_path / 'data' / 'gateway.db'}"
    migrate(url)
    store = open_store(url)
    with store.transaction() as tx:
        for number in range(3):
            name = [{"family": f"Secret{number}"}]
            tx.put({"resourceType": "Patient", "id": f"p{number}", "name": name})
    store.close()


def test_a_search_prints_what_it_finds_without_content(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["search", "Patient?family=secret&_sort=-_id&_total=accurate"]) == 0
    assert capsys.readouterr().out == "Patient/p2\nPatient/p1\nPatient/p0\ntotal 3\n"


def test_a_page_says_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["search", "Patient?_count=2"]) == 0
    *found, more = capsys.readouterr().out.splitlines()
    assert found == ["Patient/p0", "Patient/p1"]
    assert main(["search", f"Patient?_count=2{more.removeprefix('more: ')}"]) == 0
    assert capsys.readouterr().out == "Patient/p2\n"


def test_an_explanation_shows_statements_values_and_plans(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["search", "--explain", "Patient?family=secret1"]) == 0
    told = capsys.readouterr().out
    assert "SELECT t.rid AS rid FROM index_string t" in told
    assert "'secret1'" in told
    assert "plan    SEARCH t USING PRIMARY KEY" in told
    assert "1 matches, 0 included, total 1" in told


def test_words_that_are_not_taken_in_yet_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["search", "Patient?_content=secret1"]) == 0
    told = capsys.readouterr().out
    assert told.splitlines() == [
        "total 0",
        "An index that this search needs is still being filled: matches may be missing.",
    ]


def test_a_search_that_cannot_be_read_is_refused_in_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["search", "Patient?nope=1"]) == 1
    assert capsys.readouterr().err == "gateway: nope is not a search parameter of Patient.\n"
