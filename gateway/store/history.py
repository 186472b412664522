"""Versions, newest first: https://hl7.org/fhir/R4/http.html#history.

Versions lie in the order of their commits. Those of one resource have an index; of a type, the
versions are walked from the newest, or, where the type has few resources, read by resource.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.store import rows
from gateway.store.records import Stored
from gateway.store.search.contents import COLUMNS, PAGE_BYTES, SEQ
from gateway.store.search.sql import Piece, both, current, piece, select

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.store.search.asking import Asker

# Resources of a type that are looked up rather than walked by.
_FEW: Final = 5_000
# Contents are read once it is known how large they are.
_COLUMNS: Final = "v.seq, length(v.content)"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which versions: `since` from that instant on, `at` current at some time of [from, to).

    In microseconds since the epoch.
    """

    type: str | None
    id: str | None
    before_seq: int | None
    since: int | None
    at: tuple[int, int] | None
    limit: int


class Versions(list[Stored]):
    """Versions, newest first; `more` says that older ones follow."""

    more: bool = False


def versions(asker: Asker, wanted: Wanted) -> Versions:
    """Return the versions, up to `PAGE_BYTES` of them but for the first one."""
    found = Versions()
    size = 0
    listed = _listed(asker, wanted)
    seqs: list[int] = []
    for seq, length in listed[: wanted.limit]:
        size += length
        if seqs and size > PAGE_BYTES:
            break
        seqs.append(seq)
    found.more = len(listed) > len(seqs)
    found += _read(asker, seqs)
    return found


def _read(asker: Asker, seqs: list[int]) -> list[Stored]:
    place = Piece("FROM") + asker.flavor.listed(seqs)
    place += asker.flavor.lookup("resource_version", "v", Piece("v.seq = j.rid"))
    place += current(asker.flavor, "r", "v.rid")
    known = {row[SEQ]: row for row in asker.rows(select(COLUMNS, place))}
    return [rows.stored(known[seq]) for seq in seqs]


def _listed(asker: Asker, wanted: Wanted) -> Sequence[tuple[int, int]]:
    """Return (seq, octets) of the versions, one more than is wanted."""
    rids = _resources(asker, wanted)
    conditions = [Piece("WHERE 1 = 1"), *_conditions(wanted)]
    if rids is not None:
        # By resource: their versions are few, and sorted.
        place = Piece("FROM") + asker.flavor.listed(rids) + current(asker.flavor, "r", "j.rid")
        place += asker.flavor.lookup("resource_version", "v", Piece("v.rid = r.rid"))
    else:
        place = Piece("FROM resource_version v") + current(asker.flavor, "r", "v.rid")
        if wanted.type is not None:
            conditions.append(piece("r.type = ?", wanted.type))
    end = piece("ORDER BY v.seq DESC LIMIT ?", wanted.limit + 1)
    found: Sequence[tuple[int, int]] = asker.rows(select(_COLUMNS, place, both(conditions), end))
    return found


def _resources(asker: Asker, wanted: Wanted) -> list[int] | None:
    """Return the resources to look at, None when they are too many."""
    if wanted.type is None:
        return None
    where = piece("FROM resource r WHERE r.type = ?", wanted.type)
    if wanted.id is not None:
        where += piece("AND r.id = ?", wanted.id)
    found = asker.rows(select("r.rid", where, piece("LIMIT ?", _FEW + 1)))
    return [row[0] for row in found] if len(found) <= _FEW else None


def _conditions(wanted: Wanted) -> list[Piece]:
    found = []
    if wanted.before_seq is not None:
        found.append(piece("v.seq < ?", wanted.before_seq))
    if wanted.since is not None:
        found.append(piece("v.updated >= ?", wanted.since))
    if wanted.at is not None:
        start, end = wanted.at
        found.append(piece("v.updated < ?", end))
        # Current at the start or later: the next version, if there is one, came after the start.
        found.append(
            piece(
                "NOT EXISTS (SELECT 1 FROM resource_version n WHERE n.rid = v.rid "
                "AND n.version = v.version + 1 AND n.updated <= ?)",
                start,
            )
        )
    return found
