"""Grants to structures: computed from facts and figures, written as Account and Invoice."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from gateway.errors import Invalid, NotFound
from gateway.ingest.conditions import current
from gateway.ingest.contention import persistently
from gateway.ingest.measuring import Measuring, Request, Span
from gateway.ingest.programmes.charging import Charging
from gateway.ingest.programmes.definitions import Definitions
from gateway.programmes.charging.definition import read_charge
from gateway.programmes.charging.grants import account, grant_invoice, grant_of
from gateway.programmes.measures.definition import read_measure
from gateway.programmes.measures.figures import score
from gateway.programmes.names import PROGRAMME

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from gateway.fhir.wire import Resource
    from gateway.programmes.charging.definition import Fact
    from gateway.programmes.charging.grants import Grant
    from gateway.store.api import Store, Written


@dataclass(frozen=True, slots=True)
class Refused:
    """A grant that is not due: its title, and why."""

    title: str
    reason: str


class Granting:
    """Computes and writes the grants of a structure."""

    def __init__(self, store: Store, clock: Callable[[], datetime], lang: str = "fr") -> None:
        """Write to `store`; refusals are in `lang`."""
        self._store = store
        self._clock = clock
        self._lang = lang
        self._charging = Charging(store, clock, lang)
        self._measuring = Measuring(store, clock)

    def grants(
        self, structure_id: str, year: int, facts: Mapping[str, Any]
    ) -> tuple[list[Grant], list[Refused]]:
        """Return the grants of a year, and those that are not due with the reason.

        Raises `NotFound` and `Gone` for the structure.
        """
        with self._store.transaction() as tx:
            structure = current(tx, "Organization", structure_id)
        due: list[Grant] = []
        refused: list[Refused] = []
        for definition in self._definitions(structure):
            read = read_charge(definition, self._lang)
            known = {one.name: self._figure(one, structure_id, year) for one in read.facts}
            try:
                whole = {**read.given, **known, **facts}
                due.append(grant_of(read, f"Organization/{structure_id}", year, whole, self._lang))
            except Invalid as fault:
                refused.append(Refused(read.title, fault.text))
        return due, refused

    def write(self, grants: list[Grant]) -> list[Written]:
        """Write Account and Invoice of each grant in one commit; what is equal stays as it is."""
        entered = self._clock().strftime("%Y-%m-%dT%H:%M:%SZ")

        def work() -> list[Written]:
            with self._store.transaction() as tx:
                made = []
                for one in grants:
                    bill = grant_invoice(one, entered)
                    held = tx.read("Invoice", bill["id"])
                    if held is not None and not held.deleted:
                        bill["date"] = held.resource.get("date", entered)
                        bill["status"] = held.resource.get("status", "issued")
                    made += [tx.put(account(one)), tx.put(bill)]
                return made

        return persistently(work)

    def _definitions(self, structure: Resource) -> list[Resource]:
        codes = [
            str(coding.get("code", ""))
            for concept in structure.get("type", ())
            for coding in concept.get("coding", ())
            if coding.get("system") == PROGRAMME
        ]
        found = [one for code in codes for one in self._charging.definitions(code)]
        return [one for one in found if any(p.amount is None for p in read_charge(one).prices)]

    def _figure(self, fact: Fact, structure_id: str, year: int) -> Decimal:
        measure = Definitions(self._store, self._lang).resolve(fact.measure)
        if measure is None:
            message = f"{fact.measure} is not here."
            raise NotFound(message)
        wanted = year + fact.offset
        span = Span(f"{wanted}-01-01", f"{wanted}-12-31")
        subject = f"Organization/{structure_id}"
        found = self._measuring.figures(measure, fact.group, Request(span, "summary", subject))
        group = next(one for one in read_measure(measure).groups if one.code == fact.group)
        value = score(group.scoring, group.method, found.whole)
        if value is None:
            return Decimal(found.whole.numbers["initial-population"])
        return Decimal(repr(value)).quantize(Decimal("0.01"))
