"""$package, $grants and $statement: what the care programmes pay.

Operations of our own: R4 defines none for ChargeItem, Invoice and Account.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Malformed
from gateway.fhir.parameters import (
    Input,
    named,
    parameters_resource,
    with_parts,
    with_resource,
)
from gateway.ingest.programmes.charging import Charging
from gateway.ingest.programmes.granting import Granting
from gateway.ingest.programmes.statement import Asked, lines
from gateway.programmes.agenda import PARIS
from gateway.programmes.charging.grants import account, grant_invoice
from gateway.programmes.charging.statement import csv_rows, page
from gateway.rest.answer import Answer
from gateway.rest.operations.given import given, told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gateway.fhir.parameters import Given
    from gateway.fhir.wire import Resource
    from gateway.ingest.programmes.charging import Charged, Counted
    from gateway.ingest.programmes.granting import Refused
    from gateway.programmes.charging.grants import Grant
    from gateway.rest.call import Call

PACKAGE_INPUTS: Final = (
    Input("year", "string"),
    Input("date", "date"),
    Input("definition", "canonical"),
    Input("recompute", "boolean"),
)
_TITLE: Final = Input("title", "string", low=1)
PACKAGE_OUTPUTS: Final = (
    Input("chargeItem", "ChargeItem", low=1),
    Input("invoice", "Invoice", low=1),
    Input(
        "counted",
        "",
        high=0,
        parts=(_TITLE, Input("count", "integer", low=1), Input("search", "uri", low=1)),
    ),
)
GRANTS_INPUTS: Final = (Input("year", "string", 1), Input("fact", "string", 0, 0))
GRANTS_OUTPUTS: Final = (
    Input("account", "Account", high=0),
    Input("invoice", "Invoice", high=0),
    # And a part for each fact that was counted, by its name.
    Input("computed", "", high=0, parts=(_TITLE, Input("amount", "decimal", low=1))),
    Input("refused", "", high=0, parts=(_TITLE, Input("reason", "string", low=1))),
)
STATEMENT_INPUTS: Final = (
    Input("year", "string", 1),
    Input("package", "code"),
    Input("structure", "string"),
    Input("format", "code"),
)
_FIRST_YEAR: Final = 1900
_DIGITS: Final = 4
_WRITTEN: Final = {"true": True, "false": False}


def charge_package(call: Call) -> Answer:
    """Charge the package of an episode: 201 when it is new, else 200 with the one that is there."""
    asked = given(call, *PACKAGE_INPUTS)
    charging = Charging(
        call.ports.store, call.ports.clock, call.ports.settings.lang, call.ports.terminology
    )
    charged = charging.package(
        call.id,
        _day(call, asked),
        canonical=asked.text("definition") or "",
        recompute=asked.boolean("recompute") is True,
    )
    return told(_charged(charged), 201 if charged.charge.outcome == "created" else 200)


def _day(call: Call, asked: Given) -> date:
    year, day = asked.text("year"), asked.text("date")
    if year and day:
        message = "Give year or date: both say which year the package is of."
        raise Malformed(message, expression="date")
    if year:
        # The last day: a rolling year that has begun by then is the one that counts.
        return date(_year(year), 12, 31)
    if not day:
        return call.ports.clock().astimezone(PARIS).date()
    try:
        return date.fromisoformat(day[:10])
    except ValueError:
        message = "date is a whole date, YYYY-MM-DD."
        raise Malformed(message, expression="date") from None


def _year(text: str) -> int:
    if not (len(text) == _DIGITS and text.isascii() and text.isdigit() and int(text) > _FIRST_YEAR):
        message = "year is a year of four digits."
        raise Malformed(message, expression="year")
    return int(text)


def _charged(charged: Charged) -> Resource:
    return parameters_resource(
        with_resource("chargeItem", charged.charge.stored.resource),
        with_resource("invoice", charged.invoice.stored.resource),
        *map(_counted, charged.counted),
    )


def _counted(one: Counted) -> Resource:
    return with_parts(
        "counted",
        named("title", "string", one.title or one.search),
        named("count", "integer", Decimal(len(one.found))),
        named("search", "uri", one.search),
    )


def grants(call: Call) -> Answer:
    """Compute the grants of a structure; by POST they are written too."""
    asked = given(call, *GRANTS_INPUTS)
    facts = dict(_fact(one) for one in asked.texts("fact"))
    granting = Granting(call.ports.store, call.ports.clock, call.ports.settings.lang)
    due, refused = granting.grants(call.id, _year(asked.text("year") or ""), facts)
    if call.method == "POST":
        made = [one.stored.resource for one in granting.write(due)]
    else:
        entered = call.ports.clock().strftime("%Y-%m-%dT%H:%M:%SZ")
        made = [one for each in due for one in (account(each), grant_invoice(each, entered))]
    rows = [with_resource(_name(one), one) for one in made]
    return told(parameters_resource(*rows, *map(_facts, due), *map(_refused, refused)))


def _name(resource: Resource) -> str:
    return "account" if resource["resourceType"] == "Account" else "invoice"


def _facts(grant: Grant) -> Resource:
    told_facts: Mapping[str, Any] = grant.facts
    parts = [named(name, "string", str(value)) for name, value in sorted(told_facts.items())]
    title = named("title", "string", grant.definition.title)
    return with_parts("computed", title, named("amount", "decimal", grant.amount), *parts)


def _refused(one: Refused) -> Resource:
    return with_parts(
        "refused", named("title", "string", one.title), named("reason", "string", one.reason)
    )


def _fact(text: str) -> tuple[str, Any]:
    name, bar, value = text.partition("|")
    if not bar or not name.isidentifier():
        message = "A fact is written name|value, for example requested|50000."
        raise Malformed(message, expression="fact")
    if value in _WRITTEN:
        return name, _WRITTEN[value]
    try:
        number = Decimal(value)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        message = f"The fact {name[:64]} is a number, true or false."
        raise Malformed(message, expression="fact")
    return name, number


def statement(call: Call) -> Answer:
    """Answer the packages of a year as CSV, or as a page to print."""
    asked = given(call, *STATEMENT_INPUTS)
    form = asked.text("format") or "csv"
    if form not in ("csv", "html"):
        message = "format is csv or html."
        raise Malformed(message, expression="format")
    wanted = Asked(
        asked.text("package") or "", _year(asked.text("year") or ""), asked.text("structure") or ""
    )
    found = lines(call.ports.store, wanted)
    if form == "html":
        title = f"Forfaits {wanted.package} {wanted.year}".replace("  ", " ")
        return Answer(200, media=b"text/html; charset=utf-8", pieces=_encoded(page(found, title)))
    name = f"forfaits-{wanted.year}.csv".encode("ascii")
    saved = ((b"content-disposition", b'attachment; filename="' + name + b'"'),)
    return Answer(
        200, headers=saved, media=b"text/csv; charset=utf-8", pieces=_encoded(csv_rows(found))
    )


def _encoded(texts: Iterator[str]) -> Iterator[bytes]:
    return (text.encode() for text in texts)
