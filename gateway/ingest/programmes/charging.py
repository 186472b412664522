"""Packages of patients, decided in the write: one per definition, patient and year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.errors import Conflict, Invalid
from gateway.fhir.search.query import parse_search
from gateway.ingest.conditions import current
from gateway.ingest.contention import persistently
from gateway.ingest.programmes.definitions import Definitions
from gateway.programmes.charging.definition import read_charge
from gateway.programmes.charging.package import VOID, charge_item, invoice, package_of
from gateway.programmes.charging.words import say
from gateway.programmes.measures.queries import read_search
from gateway.programmes.names import PROGRAMME

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from gateway.fhir.terminology.terminology import Terminology
    from gateway.fhir.wire import Resource
    from gateway.programmes.charging.definition import ChargeDefinition
    from gateway.programmes.charging.package import Package
    from gateway.store.api import Store, Transaction, Written

# Invoice.status of what is settled.
_SETTLED: Final = "balanced"
_MOST: Final = 1_000


@dataclass(frozen=True, slots=True)
class Counted:
    """What a package pays for: a title, the search that finds it, and what it found."""

    title: str
    search: str
    found: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Charged:
    """What was written, or was there already."""

    charge: Written
    invoice: Written
    counted: tuple[Counted, ...]


class Charging:
    """Charges the packages of episodes."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], datetime],
        lang: str = "fr",
        terminology: Terminology | None = None,
    ) -> None:
        """Write to `store`; refusals are in `lang`."""
        self._store = store
        self._clock = clock
        self._lang = lang
        self._terminology = terminology

    def package(
        self, episode_id: str, on: date, *, canonical: str = "", recompute: bool = False
    ) -> Charged:
        """Charge the package of the year of `on`, or return the one that is there.

        `recompute` counts anew what the package pays for. Raises `NotFound`, `Gone`, `Invalid` for
        an episode that is not charged or a year outside of the definition's period, `Conflict` for
        a package that another episode has had or that is settled.
        """
        with self._store.transaction() as tx:
            episode = current(tx, "EpisodeOfCare", episode_id)
        package = self._due(self._charged_by(episode, canonical), episode, on)
        definition, counted = package.definition, self._counted(package)
        services = list(dict.fromkeys(one for each in counted for one in each.found))

        def work() -> Charged:
            with self._store.transaction() as tx:
                # Whatever happened to the episode meanwhile counts.
                now = current(tx, "EpisodeOfCare", episode_id)
                package = package_of(definition, now, on, self._lang)
                held = self._held(tx, package)
                if held and not recompute:
                    written = [tx.unchanged(kind, package.id_of(kind)) for kind in _KINDS]
                else:
                    written = self._write(tx, package, services, held=held)
                return Charged(written[0], written[1], counted)

        return persistently(work)

    def _due(self, known: list[ChargeDefinition], episode: Resource, on: date) -> Package:
        """Return the package of the first definition that is due; raises the first refusal."""
        refusals: list[Invalid] = []
        for definition in known:
            try:
                return package_of(definition, episode, on, self._lang)
            except Invalid as refusal:
                refusals.append(refusal)
        raise refusals[0]

    def _charged_by(self, episode: Resource, canonical: str) -> list[ChargeDefinition]:
        if canonical:
            found = Definitions(self._store, self._lang).resolve(canonical)
            known = [found] if found else []
        else:
            known = self.definitions(_programme(episode))
        read = [read_charge(one, self._lang) for one in known]
        of_patients = [one for one in read if all(price.amount is not None for price in one.prices)]
        if not of_patients:
            raise Invalid(say(self._lang, "no-definition"), expression="EpisodeOfCare.type")
        return of_patients

    def definitions(self, programme: str) -> list[Resource]:
        """Return the active ChargeItemDefinitions of a programme, by its code."""
        if not programme:
            return []
        pairs = [("context", f"{PROGRAMME}|{programme}"), ("status", "active")]
        found = self._store.search(parse_search("ChargeItemDefinition", pairs)).matches
        return [one.resource for one in found]

    def _counted(self, package: Package) -> tuple[Counted, ...]:
        variables = {
            "episode": f"EpisodeOfCare/{package.episode['id']}",
            "patient": package.patient,
            "periodStart": package.first.isoformat(),
            "periodEnd": package.last.isoformat(),
        }
        found: list[Counted] = []
        for one in package.definition.covers:
            asked = read_search(one.search, variables, "ChargeItemDefinition.extension")
            query = parse_search(
                asked.type,
                asked.pairs,
                local_bases=self._store.local_bases,
                terminology=self._terminology,
            )
            listed = tuple(self._store.members(query, None, _MOST))
            found.append(Counted(one.title, asked.url, listed))
        return tuple(found)

    def _held(self, tx: Transaction, package: Package) -> bool:
        """Whether the package is there; raises `Conflict` when it is another episode's."""
        stored = tx.read("ChargeItem", package.id_of("ChargeItem"))
        if stored is None or stored.deleted or stored.resource.get("status") in VOID:
            return False
        context = stored.resource.get("context", {}).get("reference")
        if context != f"EpisodeOfCare/{package.episode['id']}":
            first = package.first.isoformat()
            raise Conflict(say(self._lang, "already", first=first, what=stored.reference))
        return True

    def _write(
        self, tx: Transaction, package: Package, services: list[str], *, held: bool
    ) -> list[Written]:
        entered = self._clock().strftime("%Y-%m-%dT%H:%M:%SZ")
        made = [charge_item(package, services, entered), invoice(package, entered)]
        if held:
            before = [current(tx, one["resourceType"], one["id"]) for one in made]
            if before[1].get("status") == _SETTLED:
                what = f"Invoice/{made[1]['id']}"
                raise Conflict(say(self._lang, "paid", what=what))
            # It was entered when it was entered; what changes is what it counts.
            made[0]["enteredDate"] = before[0].get("enteredDate", entered)
            made[1] |= {"date": before[1].get("date", entered), "status": before[1]["status"]}
        return [tx.put(one) for one in made]


_KINDS: Final = ("ChargeItem", "Invoice")


def _programme(episode: Resource) -> str:
    for concept in episode.get("type", ()):
        for coding in concept.get("coding", ()):
            if coding.get("system") == PROGRAMME:
                return str(coding.get("code", ""))
    return ""
