"""What was charged, as CSV and as a page to print.

The CSV is neutral (RFC 4180, UTF-8, ISO dates, a point in amounts): the national platform has no
public format. The page has French dates and amounts.
"""

from __future__ import annotations

import csv
import io
from dataclasses import astuple, dataclass, fields
from decimal import Decimal
from html import escape
from typing import TYPE_CHECKING, Final

from gateway.programmes.charging.package import VOID

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# What a spreadsheet would take for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_NARROW: Final = "\u202f"
_NO_BREAK: Final = "\u00a0"


@dataclass(frozen=True, slots=True)
class Line:
    """One package; texts are empty where a label keeps something back."""

    year_start: str
    year_end: str
    programme: str
    patient: str
    episode: str
    structure: str
    structure_name: str
    amount: Decimal
    currency: str
    status: str
    invoice: str
    invoice_status: str
    entered: str
    services: int


COLUMNS: Final = tuple(one.name for one in fields(Line))
# The columns of the page, and their French titles.
_PRINTED: Final = {
    "invoice": "Facture",
    "entered": "Date",
    "programme": "Forfait",
    "year_start": "Année du",
    "patient": "Patient",
    "structure_name": "Structure",
    "services": "Actes comptés",
    "invoice_status": "État",
    "amount": "Montant",
}
_STATES: Final = {"issued": "émise", "balanced": "soldée", "cancelled": "annulée"}
_STYLE: Final = (
    "body{font:11pt sans-serif;margin:2em}table{border-collapse:collapse;width:100%}"
    "th,td{border-bottom:1px solid #999;padding:.3em;text-align:left;vertical-align:top}"
    ".n{text-align:right;white-space:nowrap}tfoot td{font-weight:bold}"
    "@media print{body{margin:0}thead{display:table-header-group}}"
)


def csv_rows(lines: Iterable[Line]) -> Iterator[str]:
    """Yield the CSV, the names of the columns first."""
    yield _row(COLUMNS)
    for line in lines:
        yield _row(tuple(map(_cell, astuple(line))))


def _row(cells: tuple[str, ...]) -> str:
    written = io.StringIO(newline="")
    csv.writer(written).writerow(cells)
    return written.getvalue()


def _cell(value: object) -> str:
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


def page(lines: Iterable[Line], title: str) -> Iterator[str]:
    """Yield an HTML page with the sum at its end; what was cancelled is left out."""
    heads = "".join(f'<th scope="col">{escape(one)}</th>' for one in _PRINTED.values())
    yield (
        f'<!doctype html><html lang="fr"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>"
        f"<table><thead><tr>{heads}</tr></thead><tbody>"
    )
    number, total, currency = 0, Decimal(0), "EUR"
    for line in (one for one in lines if one.status not in VOID):
        number, total, currency = number + 1, total + line.amount, line.currency
        yield f"<tr>{''.join(_printed(line))}</tr>\n"
    said = f"{number} forfait{'s' if number > 1 else ''}"
    yield (
        f'</tbody><tfoot><tr><td colspan="{len(_PRINTED) - 1}">{said}</td>'
        f'<td class="n">{escape(french_amount(total, currency))}</td></tr></tfoot>'
        "</table></body></html>\n"
    )


def _printed(line: Line) -> Iterator[str]:
    for name in _PRINTED:
        value = getattr(line, name)
        match name:
            case "amount":
                text = french_amount(value, line.currency)
                yield f'<td class="n">{escape(text)}</td>'
            case "entered" | "year_start":
                yield f"<td>{escape(french_date(value))}</td>"
            case "invoice_status":
                yield f"<td>{escape(_STATES.get(value, value))}</td>"
            case _:
                yield f"<td>{escape(str(value))}</td>"


def french_amount(amount: Decimal, currency: str = "EUR") -> str:
    """Return 1 234,50 EUR as it is written in French."""
    whole = f"{amount:,.2f}".replace(",", _NARROW).replace(".", ",")
    return f"{whole}{_NO_BREAK}{'€' if currency == 'EUR' else currency}"


def french_date(text: str) -> str:
    """Return a FHIR date as DD/MM/YYYY."""
    return "/".join(reversed(text[:10].split("-")))
