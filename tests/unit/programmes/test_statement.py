"""What was charged, as CSV and as a page."""

from __future__ import annotations

import csv
from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.programmes.charging.statement import (
    COLUMNS,
    Line,
    csv_rows,
    french_amount,
    french_date,
    page,
)

LINE = Line(
    year_start="2022-01-01",
    year_end="2022-12-31",
    programme="Forfait CeSOA",
    patient="Patient/p",
    episode="EpisodeOfCare/e",
    structure="990000019",
    structure_name="Maison de santé",
    amount=Decimal(310),
    currency="EUR",
    status="billed",
    invoice="i",
    invoice_status="issued",
    entered="2022-12-31",
    services=6,
)


def test_the_csv_has_a_row_a_package_under_the_names_of_its_columns() -> None:
    rows = list(csv.reader(csv_rows([LINE])))
    assert rows[0] == list(COLUMNS)
    assert dict(zip(*rows, strict=True))["amount"] == "310"


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_any_name_comes_back_from_the_csv_and_is_no_formula(name: str) -> None:
    told = "".join(csv_rows([replace(LINE, structure_name=name)]))
    found = list(csv.reader(told.splitlines(keepends=True)))[1][COLUMNS.index("structure_name")]
    assert found.removeprefix("'") == name.removeprefix("'")
    assert not found.startswith(("=", "+", "-", "@"))


def test_the_page_is_escaped_and_adds_up_in_french() -> None:
    told = "".join(page([replace(LINE, structure_name="<b>&"), LINE], "Forfaits 2022"))
    assert "&lt;b&gt;&amp;" in told
    assert "<b>" not in told
    assert "2 forfaits" in told
    assert "620,00\u00a0€" in told
    assert "31/12/2022" in told


def test_amounts_and_dates_are_french() -> None:
    assert french_amount(Decimal("1234567.5")) == "1\u202f234\u202f567,50\u00a0€"
    assert french_date("2022-02-01") == "01/02/2022"


def test_the_page_adds_up_nothing_that_was_cancelled() -> None:
    told = "".join(page([LINE, replace(LINE, status="entered-in-error")], "Forfaits 2022"))
    assert "1 forfait<" in told
    assert "620,00" not in told
