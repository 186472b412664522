"""Whether anything of some types was written since; what is computed from them is kept by it."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, func, select

from gateway.store.statements import RESOURCE, VERSION, render_template

if TYPE_CHECKING:
    from sqlalchemy import Select

    from gateway.store.api import Store
    from gateway.store.statements import Sql

# More versions than this are not looked through: the resources of the types are fewer.
_FEW: Final = 10_000


class Generation:
    """The sequence number of the last write, deletions included, of some resource types.

    To ask costs one short question, and another about what was written since, if anything was.
    """

    def __init__(self, store: Store, *types: str) -> None:
        """Watch `types` in `store`."""
        self._store = store
        self._lock = Lock()
        self._seen = -1
        self._number = 0
        dialect = store.database.dialect
        self._last = render_template(select(func.max(VERSION.c.seq)), dialect)
        self._whole = render_template(_newest(types), dialect)
        self._since = render_template(_newest_since(types), dialect)

    def now(self) -> int:
        """Return the number; it is another one as soon as one of the types was written to."""
        with self._lock:
            seen, number = self._seen, self._number
        last = self._ask(self._last)
        if last == seen:
            return number
        # Asked after `last`: what is committed between the two is seen now or the next time.
        if 0 <= seen < last <= seen + _FEW:
            newer = self._ask(self._since, seen=seen, most=last)
        else:
            newer = self._ask(self._whole)
        with self._lock:
            if last > self._seen:
                self._seen, self._number = last, max(newer, self._number)
            return self._number

    def _ask(self, statement: tuple[Sql, dict[str, Any]], **given: int) -> int:
        sql, fixed = statement
        values = fixed | given
        with self._store.database.reading() as cursor:
            cursor.execute(sql.text, [values[name] for name in sql.names])
            row = cursor.fetchone()
        return int(row[0] or 0)


def _newest(types: tuple[str, ...]) -> Select[Any]:
    return select(func.max(RESOURCE.c.seq)).where(RESOURCE.c.type.in_(types))


def _newest_since(types: tuple[str, ...]) -> Select[Any]:
    """Return the last version of the types behind `seen` up to `most`, found from the versions."""
    of_types = select(1).where(RESOURCE.c.rid == VERSION.c.rid, RESOURCE.c.type.in_(types))
    return select(func.max(VERSION.c.seq)).where(
        VERSION.c.seq > bindparam("seen", 0),
        VERSION.c.seq <= bindparam("most", 0),
        of_types.exists(),
    )
