"""Query/Retrieve: identifiers of Patient Root and Study Root as queries (PS3.4 annex C)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.dicom.json_model import element, key, text
from gateway.dicom.matching import Options
from gateway.dicom.query import UNIQUE_KEYS, Level, Query
from gateway.errors import Invalid
from gateway.store.catalogue.catalogue import SUPPORTED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gateway.delivery.holdings import Holdings
    from gateway.dicom.json_model import Model
    from gateway.dimse.exchange import Exchange

PATIENT_ROOT_FIND: Final = "1.2.840.10008.5.1.4.1.2.1.1"
PATIENT_ROOT_MOVE: Final = "1.2.840.10008.5.1.4.1.2.1.2"
PATIENT_ROOT_GET: Final = "1.2.840.10008.5.1.4.1.2.1.3"
STUDY_ROOT_FIND: Final = "1.2.840.10008.5.1.4.1.2.2.1"
STUDY_ROOT_MOVE: Final = "1.2.840.10008.5.1.4.1.2.2.2"
STUDY_ROOT_GET: Final = "1.2.840.10008.5.1.4.1.2.2.3"
QUERY_LEVEL: Final = 0x00080052
_RETRIEVE_AE: Final = 0x00080054
_AVAILABILITY: Final = 0x00080056
# Of the request itself, and answered whatever they ask.
_OWN: Final = frozenset(
    map(key, (0x00080005, QUERY_LEVEL, 0x00080053, _RETRIEVE_AE, _AVAILABILITY))
)


def level_of(keys: Model, *, patient_root: bool) -> Level:
    """Return the level of an identifier; raises `Invalid` for none or one of another model."""
    name = text(keys, QUERY_LEVEL)
    if name not in Level.__members__ or (name == Level.PATIENT and not patient_root):
        message = "Query/Retrieve Level (0008,0052) is not one of this model."
        raise Invalid(message)
    return Level(name)


def query_of(keys: Model, *, patient_root: bool, combined: bool = False) -> Query:
    """Return the query that an identifier of C-FIND means; raises `Invalid`."""
    level = level_of(keys, patient_root=patient_root)
    asked = {name: one for name, one in keys.items() if name not in _OWN}
    return Query(level, asked, Options(combined=combined))


def retrieval_of(keys: Model, *, patient_root: bool) -> Query:
    """Return the query that an identifier of C-MOVE or C-GET means; raises `Invalid`.

    The unique key of its level must name something: nobody gets everything (PS3.4 C.4.2.1.4).
    """
    level = level_of(keys, patient_root=patient_root)
    query = Query(level, {name: one for name, one in keys.items() if name in _UNIQUE_NAMES})
    if not query.single(UNIQUE_KEYS[level]):
        message = f"The identifier has no unique key of level {level.value}."
        raise Invalid(message)
    return query


_UNIQUE_NAMES: Final = frozenset(map(key, UNIQUE_KEYS.values()))


def finder(
    holdings: Holdings, title: str, *, patient_root: bool
) -> Callable[[Model, Exchange], Iterator[Model]]:
    """Return who answers C-FIND; `title` is the AE title from which objects are retrieved."""

    def find(keys: Model, exchange: Exchange) -> Iterator[Model]:
        combined = exchange.channel.combines(exchange.command.sop_class)
        query = query_of(keys, patient_root=patient_root, combined=combined)
        said = {
            key(QUERY_LEVEL): element("CS", [query.level.value]),
            key(_RETRIEVE_AE): element("AE", [title]),
            key(_AVAILABILITY): element("CS", ["ONLINE"]),
        }
        for found in holdings.find(query):
            yield {**found.model, **said}

    return find


def supports(keys: Model) -> bool:
    """Say whether every key of an identifier is matched and answered at its level."""
    level = Level(text(keys, QUERY_LEVEL))
    return keys.keys() <= SUPPORTED[level] | _OWN
