"""The resources that carry an identifier, for those who decide by their labels; reads only."""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Integer, bindparam, literal_column, select

from gateway.fhir.search.parameters import parameter
from gateway.fhir.wire import loads
from gateway.store.statements import RESOURCE, TOKEN, VERSION, Sql, render, render_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Dialect

    from gateway.fhir.wire import Resource
    from gateway.store.api import Store

# What a decision looks at; a study of thousands of images has megabytes besides.
_DECISIVE: Final = ("resourceType", "id", "identifier", "meta", "subject", "securityLabel")
_REMEMBERED: Final = 4096
_ZERO: Final = literal_column("0", Integer)


class Labelled:
    """Reads what decides of a resource once for each of its versions, which never change."""

    def __init__(self, store: Store) -> None:
        """Read from `store`; nothing is remembered yet."""
        self._store = store
        self._lock = threading.Lock()
        self._known: dict[int, Resource] = {}

    def by_identifier(self, resource_type: str, values: Sequence[str]) -> list[Resource]:
        """Return the current resources that carry one of the values, as far as labels go.

        Raises `Unavailable`.
        """
        known = parameter(resource_type, "identifier")
        if known is None or not values:
            return []
        found = self._current(known.id, values)
        with self._lock:
            decisive = {seq: self._known[seq] for seq in found if seq in self._known}
        decisive |= self._read([seq for seq in found if seq not in decisive])
        return [decisive[seq] for seq in found]

    def patients_of(self, *resources: Resource) -> list[Resource]:
        """Return the current patients whom resources are about; raises `Unavailable`."""
        named = (one.get("subject", {}).get("reference", "").partition("/") for one in resources)
        ids = dict.fromkeys(name for kind, _, name in named if kind == "Patient")
        stored = (self._store.read("Patient", name) for name in ids)
        return [one.resource for one in stored if one is not None and not one.deleted]

    def _current(self, param: int, values: Sequence[str]) -> list[int]:
        dialect = self._store.database.dialect
        if len(values) == 1:
            sql = _current_of_one(dialect)
            given = {"param": param, "code": values[0]}
            return [row[0] for row in self._rows(sql.text, [given[name] for name in sql.names])]
        statement = _CURRENT.where(TOKEN.c.param == param, TOKEN.c.code.in_(values))
        return [row[0] for row in self._rows(*render_values(statement, dialect))]

    def _read(self, seqs: Sequence[int]) -> dict[int, Resource]:
        if not seqs:
            return {}
        statement: Any = select(VERSION.c.seq, VERSION.c.content).where(VERSION.c.seq.in_(seqs))
        read = {
            seq: {name: part for name, part in loads(bytes(content)).items() if name in _DECISIVE}
            for seq, content in self._rows(*render_values(statement, self._store.database.dialect))
        }
        with self._lock:
            self._known |= read
            while len(self._known) > _REMEMBERED:
                self._known.pop(next(iter(self._known)))
        return read

    def _rows(self, text: str, given: Iterable[Any]) -> Sequence[Any]:
        with self._store.database.reading() as cursor:
            cursor.execute(text, list(given))
            return cursor.fetchall()


_CURRENT: Final = (
    select(RESOURCE.c.seq)
    .join_from(TOKEN, RESOURCE, TOKEN.c.rid == RESOURCE.c.rid)
    .where(RESOURCE.c.deleted == _ZERO)
)


@lru_cache(maxsize=8)
def _current_of_one(dialect: Dialect) -> Sql:
    which = (TOKEN.c.param == bindparam("param"), TOKEN.c.code == bindparam("code"))
    return render(_CURRENT.where(*which), dialect)
