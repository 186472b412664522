from __future__ import annotations

import pytest

from gateway.app.cli.table import show

ROWS: list[dict[str, object]] = [{"id": 1, "what": "é"}, {"id": 200, "what": None}]


@pytest.mark.parametrize(
    ("rows", "as_json", "printed"),
    [
        (ROWS, False, "id   what\n1    é\n200  None\n"),
        (ROWS, True, '{"id": 1, "what": "é"}\n{"id": 200, "what": null}\n'),
        ([], False, "Nothing.\n"),
        ([], True, ""),
    ],
    ids=["columns", "JSON", "nothing", "no JSON"],
)
def test_rows_are_columns_or_a_json_object_a_line(
    rows: list[dict[str, object]],
    printed: str,
    capsys: pytest.CaptureFixture[str],
    *,
    as_json: bool,
) -> None:
    show(rows, as_json=as_json, empty="Nothing.")
    assert capsys.readouterr().out == printed
