"""What a writer asks of resources by code and by target, what it wrote included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from gateway.fhir.search.parameters import parameter
from gateway.store import rows
from gateway.store.statements import LOOKUP_CODES, LOOKUP_PARAMS, STATE_NAMES
from gateway.store.writing import Writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from gateway.store.database import Database
    from gateway.store.group_commit import Batch
    from gateway.store.records import Stored
    from gateway.store.unwritten import Change

Key = TypeVar("Key")


class Hit(NamedTuple):
    """A current resource that carries a token."""

    type: str
    id: str
    system: str
    code: str


class Lookups(Writer):
    """The questions of a transaction: each is put to the database once, and remembered."""

    def __init__(self, database: Database, batch: Batch, now: datetime) -> None:
        """Work in `batch`; nothing is known yet."""
        super().__init__(database, batch, now)
        # What has been read: nobody else writes while this transaction lasts.
        self._known: dict[tuple[str, str], Stored | None] = {}
        # What the database has said of codes, and how often it had been told something by then.
        self._looked: dict[tuple[int, str], list[Hit]] = {}
        self._looked_at = (0, 0)

    def read(self, resource_type: str, resource_id: str) -> Stored | None:
        """Return the current version, a deletion included, or None."""
        key = (resource_type, resource_id)
        if key not in self._known:
            found = self._batch.unwritten.resources.get(key)
            if found is None:
                row = self._one("read", type=resource_type, id=resource_id)
                found = None if row is None else rows.stored(row)
            self._known[key] = found
        return self._known[key]

    def states(self, names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], tuple[int, bool]]:
        """Return the version of each resource (type, id) that is or was here, and if it is deleted.

        One question for eight of them, and their content stays where it is.
        """
        found: dict[tuple[str, str], tuple[int, bool]] = {}
        asked: list[tuple[str, str]] = []
        for name in dict.fromkeys(names):
            held = self._known.get(name) or self._batch.unwritten.resources.get(name)
            if held is not None:
                found[name] = held.version, held.deleted
            elif name not in self._known:
                asked.append(name)
        for start in range(0, len(asked), STATE_NAMES):
            some = asked[start : start + STATE_NAMES]
            given = {f"type{n}": some[min(n, len(some) - 1)][0] for n in range(STATE_NAMES)}
            given |= {f"id{n}": some[min(n, len(some) - 1)][1] for n in range(STATE_NAMES)}
            rows_of = ((row[:2], row[2:]) for row in self._all("states", **given))
            found |= {tuple(name): (row[0], bool(row[1])) for name, row in rows_of}
        return found

    def find(
        self, resource_type: str, keys: Iterable[tuple[str, str]], param: str = "identifier"
    ) -> list[Stored]:
        """Return the current resources that carry any of the tokens, best key first.

        A key is (system, code); an empty system means any.
        """
        wanted = list(keys)
        hits = self.lookup((resource_type,), [code for _, code in wanted], param)
        ordered = [
            hit.id
            for system, code in wanted
            for hit in hits
            if hit.code == code and system in ("", hit.system)
        ]
        found = (self.read(resource_type, one) for one in dict.fromkeys(ordered))
        return [one for one in found if one is not None]

    def lookup(
        self, resource_types: Sequence[str], codes: Sequence[str], param: str = "identifier"
    ) -> list[Hit]:
        """Return which current resources of these (at most three) types carry any of the codes."""
        known = [parameter(name, param) for name in resource_types]
        params = [one.id for one in known if one is not None]
        looked = self._look(params, codes)
        found = [hit for code in codes for one in params for hit in looked[one, code]]
        hits = dict.fromkeys(found)
        for code in codes:
            for change in self._changes(code):
                if change.param in params:
                    hit = Hit(change.type, change.id, change.scope, code)
                    _apply(change, hit, hits)
        return list(hits)

    def foresee(
        self, names: Iterable[tuple[str, str]], resource_types: Sequence[str], codes: Sequence[str]
    ) -> None:
        """Ask at once for what is going to be asked one by one: the questions travel together.

        `names` are (type, id) of resources; the codes are those of a `lookup` by identifier.
        """
        kept = (self._known, self._batch.unwritten.resources)
        unread = [name for name in dict.fromkeys(names) if not any(name in one for one in kept)]
        known = [parameter(name, "identifier") for name in resource_types]
        params = [one.id for one in known if one is not None]
        chunks = self._unlooked(params, codes)
        questions = [("read", {"type": kind, "id": one}) for kind, one in unread]
        questions += [("lookup", _codes_of(params, some)) for some in chunks]
        answers = self._ask(questions)
        for name, rows_of in zip(unread, answers, strict=False):
            self._known[name] = rows.stored(rows_of[0]) if rows_of else None
        for some, rows_of in zip(chunks, answers[len(unread) :], strict=True):
            self._keep_hits(params, some, rows_of)

    def _look(self, params: list[int], codes: Sequence[str]) -> dict[tuple[int, str], list[Hit]]:
        """Return what the database has under each parameter and code, asked once."""
        for some in self._unlooked(params, codes):
            self._keep_hits(params, some, self._all("lookup", **_codes_of(params, some)))
        return self._looked

    def _unlooked(self, params: list[int], codes: Sequence[str]) -> list[list[str]]:
        """Return the codes of which the database has not been asked, as many as one look-up takes.

        What it has said counts until it is told of something that was only kept.
        """
        told = (self._batch.unwritten.told, self._unwritten.told)
        if told != self._looked_at:
            self._looked.clear()
            self._looked_at = told
        new = [code for code in codes if any((one, code) not in self._looked for one in params)]
        return [new[start : start + LOOKUP_CODES] for start in range(0, len(new), LOOKUP_CODES)]

    def _keep_hits(self, params: list[int], codes: list[str], found: Sequence[Any]) -> None:
        self._looked |= {(one, code): [] for one in params for code in codes}
        for param, *hit in found:
            self._looked[param, hit[-1]].append(Hit(*hit))

    def find_referring(self, resource_type: str, param: str, target: str) -> list[Stored]:
        """Return the current resources whose reference parameter points to `Type/id`."""
        known = parameter(resource_type, param)
        target_type, _, target_id = target.partition("/")
        if known is None:
            return []
        found = self._all(
            "find_reference", param=known.id, target_type=target_type, target_id=target_id
        )
        names = dict.fromkeys((row[0], row[1]) for row in found)
        for change in self._changes(target_id):
            if (change.param, change.scope) == (known.id, target_type):
                _apply(change, (change.type, change.id), names)
        # By way of `read`: what has been written since is not in these rows.
        held = (self.read(*name) for name in names)
        return [one for one in held if one is not None]

    def referrers(self, target: str) -> list[str]:
        """Return the references (`Type/id`) of the current resources that point to `target`."""
        target_type, _, target_id = target.partition("/")
        if self._changes(target_id):
            # One row that went does not say that no other parameter finds the same resource.
            self._tell()
        found = self._all("find_referrers", target_type=target_type, target_id=target_id)
        return [f"{row[0]}/{row[1]}" for row in found]


def _codes_of(params: Sequence[int], codes: Sequence[str]) -> dict[str, Any]:
    """Return the values of one look-up, filled up with the last ones."""
    given: dict[str, Any] = {f"code{n}": codes[min(n, len(codes) - 1)] for n in range(LOOKUP_CODES)}
    return given | {f"param{n}": params[min(n, len(params) - 1)] for n in range(LOOKUP_PARAMS)}


def _apply(change: Change, key: Key, found: dict[Key, None]) -> None:
    if change.added:
        found.setdefault(key)
    else:
        found.pop(key, None)
