"""Numbers that are given out one after another, in the transaction that uses them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from gateway.store.dicom_tables import NumberGivenRow
from gateway.store.statements import table

if TYPE_CHECKING:
    from gateway.store.api import Transaction

_GIVEN = table(NumberGivenRow)


def next_number(tx: Transaction, name: str) -> int:
    """Return the next number of a name; one that is undone with its transaction is given again.

    Writers of a database follow one another, so that no two of them see the same.
    """
    found = tx.ask(select(_GIVEN.c.last).where(_GIVEN.c.name == name))
    if not found:
        tx.change(insert(_GIVEN).values(name=name, last=1))
        return 1
    number = int(found[0][0]) + 1
    tx.change(update(_GIVEN).where(_GIVEN.c.name == name).values(last=number))
    return number
