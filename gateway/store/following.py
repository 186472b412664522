"""Rows that are made of resources behind the commits, and caught up with before they answer.

`seq` numbers the versions in the order of their commits, so that whoever has followed up to one has
missed nothing before it. Writers pay nothing for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, func, insert, select

from gateway.store.dicom_tables import FollowerRow
from gateway.store.statements import RESOURCE, VERSION, render_template, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.store.api import Store, Transaction
    from gateway.store.statements import Sql

FOLLOWER = table(FollowerRow)


class Follower:
    """How far something that is derived from some types of resources has followed them."""

    def __init__(self, store: Store, name: str, types: Sequence[str]) -> None:
        """Follow resources of `types` in `store`, under `name`."""
        self._store = store
        self._name = name
        # Asked several times a second, and whenever somebody wants to know: rendered once.
        self._position = self._rendered(select(FOLLOWER.c.seq).where(FOLLOWER.c.name == name))
        self._last = self._rendered(select(func.max(VERSION.c.seq)))
        self._changed = self._rendered(
            select(VERSION.c.seq, RESOURCE.c.type, RESOURCE.c.id)
            .join_from(VERSION, RESOURCE, VERSION.c.rid == RESOURCE.c.rid)
            .where(VERSION.c.seq > bindparam("after", 0), RESOURCE.c.type.in_(tuple(types)))
            .order_by(VERSION.c.seq)
            .limit(bindparam("most", 0))
        )

    def position(self) -> int:
        """Return the version that was followed last."""
        found = self._ask(self._position)
        return int(found[0][0]) if found else 0

    def changed(self, after: int, limit: int) -> list[tuple[int, str]]:
        """Return (seq, `Type/id`) of what has changed behind a version, in order."""
        found = self._ask(self._changed, after=after, most=limit)
        return [(row[0], f"{row[1]}/{row[2]}") for row in found]

    def last(self) -> int:
        """Return the last version of all."""
        return int(self._ask(self._last)[0][0] or 0)

    def move(self, tx: Transaction, before: int, to: int) -> bool:
        """Say that all up to `to` is followed; False when another process has done it."""
        mine = FOLLOWER.c.name == self._name
        found = tx.ask(select(FOLLOWER.c.seq).where(mine))
        if (int(found[0][0]) if found else 0) != before:
            return False
        tx.change(delete(FOLLOWER).where(mine))
        tx.change(insert(FOLLOWER).values(name=self._name, seq=to))
        return True

    def _rendered(self, statement: Any) -> tuple[Sql, dict[str, Any]]:  # noqa: ANN401 - Select is generic
        return render_template(statement, self._store.database.dialect)

    def _ask(self, statement: tuple[Sql, dict[str, Any]], **given: object) -> Sequence[Any]:
        sql, fixed = statement
        values = fixed | given
        with self._store.database.reading() as cursor:
            cursor.execute(sql.text, [values[name] for name in sql.names])
            return cursor.fetchall()
