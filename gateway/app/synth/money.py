"""The packages of synthetic episodes, as the gateway itself would make them."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from gateway.errors import Invalid
from gateway.programmes.charging.definition import read_charge
from gateway.programmes.charging.package import charge_item, invoice, package_of
from gateway.programmes.content import content_folder, read_content
from gateway.programmes.programme import program_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gateway.programmes.charging.definition import ChargeDefinition

Resource = dict[str, Any]


@lru_cache(maxsize=1)
def definitions() -> dict[str, ChargeDefinition]:
    """Return the definition of each programme that pays a package for a patient."""
    found = {}
    for one in read_content(content_folder()):
        if one["resourceType"] == "ChargeItemDefinition" and _is_of_patients(one):
            found[str(program_of(one).get("code"))] = read_charge(one)
    return found


def _is_of_patients(definition: Resource) -> bool:
    return all(one.amount is not None for one in read_charge(definition).prices)


def packages(episode: Resource, encounters: Sequence[Resource]) -> Iterator[Resource]:
    """Yield ChargeItem and Invoice of each year of an episode that has encounters."""
    definition = definitions().get(episode["type"][0]["coding"][0]["code"])
    if definition is None:
        return
    years = sorted({one["period"]["start"][:4] for one in encounters})
    for year in years:
        try:
            package = package_of(definition, episode, date(int(year), 12, 31))
        except Invalid:
            # Outside of the programme's period.
            continue
        services = [
            f"Encounter/{one['id']}" for one in encounters if one["period"]["start"][:4] == year
        ]
        entered = f"{year}-12-31T18:00:00+01:00"
        for made in (charge_item(package, services, entered), invoice(package, entered)):
            made["meta"]["security"] = list(episode["meta"]["security"])
            yield made
