"""near: locations within a distance (https://hl7.org/fhir/R4/location.html#positional).

The database finds the box around the circle by latitude, the distance on the sphere is computed
here: SQLite has sines only where it was built with them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from gateway.fhir.search.parameters import parameter_id
from gateway.store.index_records import QUANTITY_SPANS
from gateway.store.search.sql import Piece, piece, select

if TYPE_CHECKING:
    from gateway.fhir.search.values import NearValue
    from gateway.store.search.asking import Asker

# The mean radius of the Earth, IUGG.
_RADIUS_KM: Final = 6371.0088
_LATITUDE: Final = parameter_id("Location", "near:latitude")
_LONGITUDE: Final = parameter_id("Location", "near:longitude")
_SPANS: Final = tuple(range(2 * len(QUANTITY_SPANS)))


def near(asker: Asker, value: NearValue) -> tuple[int, ...]:
    """Return the `rid` of the locations that are at most `km` away."""
    flavor = asker.flavor
    reach = math.degrees(value.km / _RADIUS_KM)
    where = piece(
        "WHERE t.param = ? AND t.low >= ? AND t.low <= ? AND",
        _LATITUDE,
        # A little more than the circle: the distance decides.
        value.latitude - reach - 1e-6,
        value.latitude + reach + 1e-6,
    )
    found = asker.rows(
        select(
            "t.rid, t.low, u.low",
            Piece(f"FROM {flavor.by_value('index_quantity', 't')}"),
            flavor.lookup(
                "index_quantity", "u", piece("u.rid = t.rid AND u.param = ?", _LONGITUDE)
            ),
            where,
            flavor.among("t.span", _SPANS),
        )
    )
    return tuple(
        sorted({rid for rid, latitude, longitude in found if _km(value, latitude, longitude)})
    )


def _km(value: NearValue, latitude: float, longitude: float) -> bool:
    """Return whether a place is near enough, by the haversine formula."""
    here, there = math.radians(value.latitude), math.radians(latitude)
    across = math.radians(longitude - value.longitude)
    part = (
        math.sin((there - here) / 2) ** 2
        + math.cos(here) * math.cos(there) * math.sin(across / 2) ** 2
    )
    return 2 * _RADIUS_KM * math.asin(min(1.0, math.sqrt(part))) <= value.km
