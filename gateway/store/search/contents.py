"""Contents of versions, of which no more is in memory than a page holds.

Resources are some kilobytes, and may be as large as a body that the door takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.store import rows
from gateway.store.search.sql import Piece, current, piece, select

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gateway.store.records import Stored
    from gateway.store.search.asking import Asker

# A page ends before it holds more than this, but for its first resource.
PAGE_BYTES: Final = 16 << 20
# Contents that are read at once, those that are larger one by one.
_CHUNK: Final = 100
_LARGE: Final = 256 << 10

# As `statements.CURRENT_COLUMNS`, of a resource `r` and its version `v`.
COLUMNS: Final = "r.type, r.id, v.version, v.seq, v.updated, v.method, v.content, r.rid, r.digest"
_RID: Final = 7
SEQ: Final = 3
_CONTENT: Final = 6
_SMALL: Final = COLUMNS.replace(
    "v.content", f"CASE WHEN length(v.content) <= {_LARGE} THEN v.content END"
)


def current_versions(asker: Asker, rids: Sequence[int]) -> Iterator[Stored]:
    """Yield current versions in the order given."""
    for first in range(0, len(rids), _CHUNK):
        some = rids[first : first + _CHUNK]
        place = Piece("FROM") + asker.flavor.listed(some) + current(asker.flavor, "r", "j.rid")
        version = asker.flavor.lookup("resource_version", "v", Piece("v.seq = r.seq"))
        found = asker.rows(select(_SMALL, place, version))
        known: dict[int, Any] = {row[_RID]: row for row in found}
        yield from (rows.stored(_whole(asker, known[rid])) for rid in some)


def _whole(asker: Asker, row: Sequence[Any]) -> Sequence[Any]:
    if row[_CONTENT] is not None:
        return row
    place = piece("FROM resource_version v WHERE v.seq = ?", row[SEQ])
    ((content,),) = asker.rows(select("v.content", place))
    return (*row[:_CONTENT], content, *row[_CONTENT + 1 :])
