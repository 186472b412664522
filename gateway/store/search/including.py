"""_include and _revinclude (https://hl7.org/fhir/R4/search.html#revinclude).

One statement a round: what the resources of the round point to, and what points to them. Rounds
after the first are for `:iterate`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.fhir.search.index import INSIDE, OTHER_REFERENCE
from gateway.fhir.search.parameters import Kind, parameters
from gateway.store.search.sql import Piece, both, current, piece, select, target, union

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.fhir.search.includes import Include
    from gateway.store.search.asking import Asker

MOST: Final = 1000
_ROUNDS: Final = 10


def included(
    asker: Asker, includes: Sequence[Include], matches: Sequence[int]
) -> tuple[list[int], bool]:
    """Return the `rid` of what comes with the matches, and whether some had to be left out."""
    known = dict.fromkeys(matches)
    edge, asked = list(matches), list(includes)
    found: list[int] = []
    for _ in range(_ROUNDS):
        if not edge or not asked:
            return found, False
        new = [rid for rid in _round(asker, asked, edge, len(known)) if rid not in known]
        if len(found) + len(new) > MOST:
            return [*found, *new][:MOST], True
        found += new
        known |= dict.fromkeys(new)
        edge, asked = new, [one for one in includes if one.iterate]
    return found, bool(edge and asked)


def _round(asker: Asker, includes: Sequence[Include], edge: list[int], known: int) -> list[int]:
    parts = [
        (_pointing if one.reverse else _pointed_to)(asker, one, edge)
        for one in dict.fromkeys(includes)
    ]
    inner = union(parts)
    # Those that are known already may come first, and are not counted.
    limit = piece("ORDER BY rid LIMIT ?", MOST + known + 1)
    return [
        row[0]
        for row in asker.rows(
            select("DISTINCT rid", Piece(f"FROM ({inner.text}) i", inner.values), limit)
        )
    ]


def _params(asker: Asker, include: Include) -> Piece:
    if include.parameter is not None:
        return piece("l.param = ?", include.parameter.id)
    if include.source:
        own = [one.id for one in parameters(include.source) if one.kind is Kind.REFERENCE]
        return asker.flavor.among("l.param", own)
    # Any reference parameter; what no parameter reads is not one, nor what is inside a Bundle.
    other = asker.flavor.among("l.param", sorted({OTHER_REFERENCE, *INSIDE}))
    return Piece(f"NOT ({other.text})", other.values)


def _pointed_to(asker: Asker, include: Include, edge: list[int]) -> Piece:
    flavor = asker.flavor
    on = Piece("l.rid = j.rid AND") + _params(asker, include)
    conditions = [Piece("WHERE p.deleted = 0")]
    if include.target:
        conditions.append(piece("l.target_type = ?", include.target))
    return select(
        "p.rid AS rid",
        Piece("FROM") + flavor.listed(edge),
        flavor.lookup("index_reference", "l", on),
        target(flavor, "p", "l"),
        both(conditions),
    )


def _pointing(asker: Asker, include: Include, edge: list[int]) -> Piece:
    flavor = asker.flavor
    on = Piece("l.target_id = m.id AND l.target_type = m.type AND") + _params(asker, include)
    conditions = [Piece("WHERE p.deleted = 0")]
    if include.target:
        conditions.append(piece("m.type = ?", include.target))
    return select(
        "p.rid AS rid",
        Piece("FROM") + flavor.listed(edge),
        current(flavor, "m", "j.rid"),
        flavor.lookup("index_reference", "l", on),
        current(flavor, "p", "l.rid"),
        both(conditions),
    )
