"""Fills index rows behind the commits: after a migration, for new search parameters, for words.

Each step is a small transaction of its own that also says how far it came: killed at any moment,
the next step goes on from there. Rows are compared with what is there, so that doing a step twice
changes nothing, and a resource that is indexed already costs no write.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.search.index import index_rows
from gateway.fhir.search.parameters import parameter_id
from gateway.fhir.search.words import words_of
from gateway.fhir.wire import loads
from gateway.store.index_records import records
from gateway.store.index_state import (
    COLUMNS,
    SELECT,
    WORDS,
    WORDS_MADE_AS,
    State,
    filled,
    wanted,
)
from gateway.store.records import Progress
from gateway.store.search.asking import Asker
from gateway.store.search.sql import FLAVORS, Piece, current, piece, select
from gateway.store.statements import BULK, INDEX_COLUMNS, WORD_COLUMNS
from gateway.store.unwritten import write_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.store.database import Cursor, Database
    from gateway.store.group_commit import GroupCommit

# Resources a step: it holds the writers' lock for some tens of milliseconds.
STEP: Final = 100
# Every process knows a new search parameter after this: what is written later has its rows.
_SETTLE_SECONDS: Final = 2.0
# Versions that a search for words waits for.
BACKLOG: Final = 500
# The rows of one table, by resource, as sets of tuples.
_Rows = dict[int, frozenset[tuple[Any, ...]]]


class Reindexing:
    """The job of one store; several may run at once and only waste each other's time."""

    def __init__(
        self,
        database: Database,
        writers: GroupCommit,
        local_bases: tuple[str, ...],
        settle: float = _SETTLE_SECONDS,
    ) -> None:
        """Write through `writers`; `settle` is how long a new definition waits, in seconds."""
        self._database = database
        self._writers = writers
        self._bases = local_bases
        self._settle = settle
        self._flavor = FLAVORS[database.dialect.name]
        self._noticed: dict[tuple[str, str], float] = {}

    def step(self, limit: int = STEP) -> bool:
        """Do a little; False when there is nothing to do now. Raises `Unavailable`."""
        with self._database.reading() as cursor:
            asker = self._asker(cursor)
            states = self._states(asker)
            unknown = [name for name in _types(asker) if name not in states]
        if unknown:
            self._begin(unknown[0])
            return True
        for name, state in states.items():
            if name != WORDS and state.wanted != wanted(name) and self._is_settled(name):
                self._begin(name)
                return True
        for name, state in states.items():
            if name != WORDS and state.position < state.last and state.wanted == wanted(name):
                self._fill(state, limit)
                return True
        return self.step_of_words(limit)

    def redefine(self, change: Callable[[], None]) -> list[str]:
        """Change the definitions by `change`; return the types that are filled anew for it.

        Those are what another process had begun to fill while this one still wrote by the old
        definitions: it learnt of the new ones later than `settle`.
        """
        with self._database.reading() as cursor:
            before = {name: wanted(name) for name in self._states(self._asker(cursor))}
        change()
        with self._database.reading() as cursor:
            states = self._states(self._asker(cursor))
        late = [
            name
            for name, state in states.items()
            if state.wanted == wanted(name) != before.get(name, state.wanted)
        ]
        for name in late:
            self._begin(name)
        return late

    def progress(self) -> list[Progress]:
        """Return what is not whole."""
        with self._database.reading() as cursor:
            asker = self._asker(cursor)
            states = self._states(asker)
            newest = asker.number(Piece("SELECT coalesce(max(seq), 0) FROM resource_version"))
        words = states.pop(WORDS, None)
        found = [
            Progress(
                state.type,
                state.done if state.wanted == wanted(state.type) else 0,
                state.total,
                "filling" if state.wanted == wanted(state.type) else "waiting",
            )
            for state in states.values()
            if not state.is_current
        ]
        done = words.position if words and words.wanted == WORDS_MADE_AS else 0
        if done < newest:
            found.append(Progress(WORDS, done, newest, "filling"))
        return found

    def catch_up_words(self, *, write: bool = True) -> bool:
        """Take the words of a small backlog in; False when there is more of it."""
        for _ in range(BACKLOG // STEP if write else 0):
            if not self.step_of_words(STEP):
                return True
        with self._database.reading() as cursor:
            return not self._behind(self._asker(cursor), 1)[1]

    def step_of_words(self, limit: int = STEP) -> bool:
        """Take the words of some versions in, in the order of their commits."""
        with self._database.reading() as cursor:
            asker = self._asker(cursor)
            state, versions = self._behind(asker, limit)
            if not versions:
                return False
            contents = self._contents(asker, sorted({rid for _, rid in versions}))
        words = {rid: _words(content) for rid, _, content in contents}
        for _, rid in versions:
            words.setdefault(rid, frozenset())
        with self._writers.member() as batch:
            batch.secure()
            writing = self._asker(batch.cursor)
            if self._state(writing, WORDS) == state:
                _settle(self._database, writing, "words", words)
                done = state.done if state else 0
                last = versions[-1][0]
                self._put(
                    writing,
                    State(WORDS, "{}", WORDS_MADE_AS, last, last, done + len(versions), 0),
                )
        return True

    def _behind(self, asker: Asker, limit: int) -> tuple[State | None, list[tuple[int, int]]]:
        """Return how far the words are, and the next versions (seq, rid)."""
        state = self._state(asker, WORDS)
        position = state.position if state and state.wanted == WORDS_MADE_AS else 0
        found = asker.rows(
            piece(
                "SELECT seq, rid FROM resource_version WHERE seq > ? ORDER BY seq LIMIT ?",
                position,
                limit,
            )
        )
        return state, [(row[0], row[1]) for row in found]

    def _is_settled(self, name: str) -> bool:
        now = time.monotonic()
        return now - self._noticed.setdefault((name, wanted(name)), now) >= self._settle

    def _begin(self, name: str) -> None:
        with self._writers.member() as batch:
            batch.secure()
            asker = self._asker(batch.cursor)
            had = self._state(asker, name)
            where = "FROM resource WHERE type = ? AND deleted = 0"
            row = asker.rows(select("count(*), coalesce(max(rid), 0)", piece(where, name)))[0]
            kept = had.filled if had else "{}"
            self._put(asker, State(name, kept, wanted(name), 0, row[1], 0, row[0]))

    def _fill(self, state: State, limit: int) -> None:
        where = "FROM resource WHERE type = ? AND deleted = 0 AND rid > ? AND rid <= ?"
        end = "ORDER BY rid LIMIT ?"
        with self._writers.member() as batch:
            batch.secure()
            asker = self._asker(batch.cursor)
            if self._state(asker, state.type) != state:
                return
            asked = piece(f"{where} {end}", state.type, state.position, state.last, limit)
            rids = [row[0] for row in asker.rows(select("rid", asked))]
            if rids:
                self._index(asker, rids)
            self._put(asker, _advanced(state, rids, limit))

    def _index(self, asker: Asker, rids: list[int]) -> None:
        made: dict[str, _Rows] = {name: {} for name in INDEX_COLUMNS}
        for rid, _, content in self._contents(asker, rids):
            rows = records(index_rows(loads(content), self._bases))
            for name, some in rows.items():
                made[name][rid] = some
        for name in INDEX_COLUMNS:
            _settle(self._database, asker, name, made[name])

    def _contents(self, asker: Asker, rids: Sequence[int]) -> list[tuple[int, str, bytes]]:
        """Return (rid, type, content) of the current ones."""
        place = Piece("FROM") + self._flavor.listed(rids) + current(self._flavor, "r", "j.rid")
        version = self._flavor.lookup("resource_version", "v", Piece("v.seq = r.seq"))
        where = Piece("WHERE r.deleted = 0")
        found = asker.rows(select("r.rid, r.type, v.content", place, version, where))
        return [(row[0], row[1], bytes(row[2])) for row in found]

    def _states(self, asker: Asker) -> dict[str, State]:
        return {row[0]: State(*row) for row in asker.rows(Piece(SELECT))}

    def _state(self, asker: Asker, name: str) -> State | None:
        found = asker.rows(piece(f"{SELECT} WHERE type = ?", name))
        return State(*found[0]) if found else None

    def _put(self, asker: Asker, state: State) -> None:
        asker.run(piece("DELETE FROM index_state WHERE type = ?", state.type))
        asker.run(insertion(state))

    def _asker(self, cursor: Cursor) -> Asker:
        return Asker(cursor, self._flavor, self._bases)


def insertion(state: State) -> Piece:
    """Return the statement that adds a state."""
    values = tuple(getattr(state, name) for name in COLUMNS)
    places = ", ".join("?" for _ in COLUMNS)
    return Piece(
        " ".join(["INSERT INTO", f"index_state ({', '.join(COLUMNS)}) VALUES ({places})"]), values
    )


def _advanced(state: State, rids: list[int], limit: int) -> State:
    """Return the state behind these resources; the last step makes the definitions whole."""
    over = len(rids) < limit
    return State(
        state.type,
        filled(state.type) if over else state.filled,
        state.wanted,
        state.last if over else rids[-1],
        state.last,
        state.done + len(rids),
        state.total,
    )


def _types(asker: Asker) -> list[str]:
    """Return the types that there are, one look-up each."""
    found: list[str] = []
    while True:
        last = found[-1] if found else ""
        where = piece("FROM resource WHERE type > ? ORDER BY type LIMIT 1", last)
        rows = asker.rows(select("type", where))
        if not rows:
            return found
        found.append(rows[0][0])


def _words(content: bytes) -> frozenset[tuple[Any, ...]]:
    resource = loads(content)
    name, words = resource["resourceType"], words_of(resource)
    text, whole = parameter_id(name, "_text"), parameter_id(name, "_content")
    return frozenset(
        [(text, word) for word in words.text] + [(whole, word) for word in words.content]
    )


def _settle(database: Database, asker: Asker, name: str, made: _Rows) -> None:
    """Bring the rows of some resources in one index to what they should be."""
    columns = WORD_COLUMNS if name == "words" else INDEX_COLUMNS[name]
    table = BULK[f"insert_{name}"].name
    place = Piece(f"FROM {asker.flavor.by_resource(table, 't')} WHERE")
    asked = select(f"rid, {', '.join(columns)}", place, asker.flavor.among("t.rid", list(made)))
    had: dict[int, set[tuple[Any, ...]]] = {}
    for rid, *row in asker.rows(asked):
        had.setdefault(rid, set()).add(tuple(row))
    gone = [(*row, rid) for rid, some in had.items() for row in some - made[rid]]
    new = [(*row, rid) for rid, some in made.items() for row in some - had.get(rid, set())]
    for kind, rows in (("delete", gone), ("insert", new)):
        write_rows(database, asker.cursor, f"{kind}_{name}", columns, rows)
