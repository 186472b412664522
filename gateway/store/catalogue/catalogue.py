"""Answers queries over what is held (PS3.4 C.4.1, PS3.18 section 10.6).

The database narrows, `gateway.dicom.matching` decides: the answer is exact, and no file is read.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import and_, insert, or_, select, update

from gateway.dicom import attributes as tag
from gateway.dicom import levels
from gateway.dicom.json_model import Model, element, key, text
from gateway.dicom.matching import matches
from gateway.dicom.query import Level, Query
from gateway.fhir.wire import loads
from gateway.store import rows
from gateway.store.catalogue.listing import LISTED_SERIES, LISTED_STUDY, REJECTED, list_study
from gateway.store.catalogue.narrowing import dates, study_conditions, uids
from gateway.store.records import to_micros
from gateway.store.statements import INSTANCE, STUDY, render_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from gateway.store.api import Store, Transaction
    from gateway.store.records import Instance

_PAGE: Final = 200
# Studies that are listed in one commit: whoever receives waits meanwhile.
_STEP: Final = 20
_STUDY_NAMES: Final = frozenset(
    map(
        key,
        (
            *levels.PATIENT,
            *levels.STUDY,
            levels.MODALITIES_IN_STUDY,
            levels.SOP_CLASSES_IN_STUDY,
            levels.RELATED_SERIES_OF_STUDY,
            levels.RELATED_INSTANCES_OF_STUDY,
        ),
    )
)
_SERIES_NAMES: Final = _STUDY_NAMES | frozenset(
    map(key, (*levels.SERIES, levels.RELATED_INSTANCES_OF_SERIES))
)
_INSTANCE_NAMES: Final = _SERIES_NAMES | frozenset(map(key, tag.ATTRIBUTES))
SUPPORTED: Final = {
    Level.PATIENT: frozenset(map(key, (*levels.PATIENT, levels.RELATED_STUDIES))),
    Level.STUDY: _STUDY_NAMES,
    Level.SERIES: _SERIES_NAMES,
    Level.IMAGE: _INSTANCE_NAMES,
}


class Found(NamedTuple):
    """One answer: what it is, and all that is known of it as DICOM JSON.

    `series_uid` and `instance` are empty above their levels.
    """

    study_uid: str
    model: Model
    series_uid: str = ""
    instance: Instance | None = None


class Catalogue:
    """The studies, series and instances that are held and not hidden."""

    def __init__(
        self, store: Store, visible: Callable[[Sequence[str]], set[str]] | None = None
    ) -> None:
        """Ask `store`; `visible` says which of some studies (by UID) the caller may see."""
        self._store = store
        self._visible = visible

    def find(self, query: Query) -> Iterator[Found]:
        """Yield the answers in a stable order, the newest study first; raises `Unavailable`.

        Keys that the level does not support are not matched (PS3.4 C.2.2.1.3).
        """
        self.catch_up()
        found = self._found(query)
        end = None if query.limit is None else query.offset + query.limit
        return islice(found, query.offset, end)

    def instances(self, query: Query) -> Iterator[Instance]:
        """Yield the objects that a query at any level means, study by study."""
        keys = {name: one for name, one in query.keys.items() if name in _INSTANCE_NAMES}
        for one in self.find(Query(Level.IMAGE, keys, query.options)):
            if one.instance is not None:
                yield one.instance

    def catch_up(self, limit: int | None = None, *, rested: datetime | None = None) -> bool:
        """List what has changed since; False when more is left than the `limit` of studies.

        With `rested` only studies that got nothing after it: each listing reads a study whole.
        """
        done = 0
        while unlisted := self._unlisted(rested):
            with self._store.transaction() as tx:
                for study_uid in unlisted:
                    list_study(tx, study_uid)
            done += len(unlisted)
            if limit is not None and done >= limit:
                return False
        return True

    def _unlisted(self, rested: datetime | None) -> list[str]:
        statement = select(STUDY.c.study_uid).where(STUDY.c.listed == 0).limit(_STEP)
        if rested is not None:
            statement = statement.where(STUDY.c.last_received <= to_micros(rested))
        return [row[0] for row in self._ask(statement)]

    # Level by level

    def _found(self, query: Query) -> Iterator[Found]:
        studies = self._studies(query)
        if query.level is Level.PATIENT:
            return self._patients(studies)
        if query.level is Level.STUDY:
            return (one for page in studies for one in page)
        series = (one for page in studies for one in self._series(query, page))
        if query.level is Level.SERIES:
            return series
        return (instance for one in series for instance in self._instances(query, one))

    def _patients(self, studies: Iterator[list[Found]]) -> Iterator[Found]:
        seen: set[tuple[str, str]] = set()
        for one in (one for page in studies for one in page):
            number, issuer = (text(one.model, name) for name in _PATIENT_KEYS)
            if (number, issuer) not in seen:
                seen.add((number, issuer))
                model = levels.part_of(one.model, Level.PATIENT)
                count = element("IS", [self._studies_of(number)])
                yield Found("", {**model, key(levels.RELATED_STUDIES): count})

    def _studies_of(self, patient_id: str) -> int:
        statement = select(LISTED_STUDY.c.study_uid).where(LISTED_STUDY.c.patient_id == patient_id)
        return len(self._seen([row[0] for row in self._ask(statement)]))

    def _studies(self, query: Query) -> Iterator[list[Found]]:
        """Yield pages of studies that have what is asked of studies and patients."""
        conditions = [
            *study_conditions(LISTED_STUDY, query),
            *dates(LISTED_STUDY.c.study_date, query, tag.STUDY_DATE),
            *self._by_series(query),
        ]
        columns = (LISTED_STUDY.c.study_uid, LISTED_STUDY.c.study_date, LISTED_STUDY.c.attributes)
        order = (LISTED_STUDY.c.study_date.desc(), LISTED_STUDY.c.study_uid)
        keys = _supported(query, min(query.level, Level.STUDY, key=_DEPTH.index))
        behind: list[Any] = []
        while True:
            statement = select(*columns).where(*conditions, *behind).order_by(*order).limit(_PAGE)
            page = self._ask(statement)
            held = [Found(row[0], loads(bytes(row[2]))) for row in page]
            met = [one for one in held if matches(one.model, keys, query.options)]
            seen = self._seen([one.study_uid for one in met])
            yield [one for one in met if one.study_uid in seen]
            if len(page) < _PAGE:
                return
            last_uid, last_date = page[-1][0], page[-1][1]
            later = and_(
                LISTED_STUDY.c.study_date == last_date, LISTED_STUDY.c.study_uid > last_uid
            )
            behind = [or_(LISTED_STUDY.c.study_date < last_date, later)]

    def _by_series(self, query: Query) -> list[Any]:
        """Return the condition on studies by the UID of a series or of an instance."""
        if query.level not in (Level.SERIES, Level.IMAGE):
            return []
        found = []
        if wanted := query.single(tag.SERIES_INSTANCE_UID):
            holders = select(LISTED_SERIES.c.study_uid)
            holders = holders.where(LISTED_SERIES.c.series_uid.in_(wanted))
            found.append(LISTED_STUDY.c.study_uid.in_(holders))
        named = query.single(tag.SOP_INSTANCE_UID) if query.level is Level.IMAGE else ()
        if named and not query.single(tag.STUDY_INSTANCE_UID):
            owners = select(INSTANCE.c.study_uid).where(INSTANCE.c.sop_uid.in_(named))
            found.append(LISTED_STUDY.c.study_uid.in_([row[0] for row in self._ask(owners)]))
        return found

    def _series(self, query: Query, page: list[Found]) -> Iterator[Found]:
        studies = {one.study_uid: one.model for one in page}
        if not studies:
            return
        statement = (
            select(LISTED_SERIES)
            .where(
                LISTED_SERIES.c.study_uid.in_(studies),
                *uids(LISTED_SERIES.c.series_uid, query, tag.SERIES_INSTANCE_UID),
            )
            .order_by(LISTED_SERIES.c.study_uid, LISTED_SERIES.c.series_uid)
        )
        keys = _supported(query, Level.SERIES)
        by_study: dict[str, list[Found]] = {uid: [] for uid in studies}
        for row in self._ask(statement):
            model = {**studies[row[0]], **loads(bytes(row[2]))}
            if matches(model, keys, query.options):
                by_study[row[0]].append(Found(row[0], model, row[1]))
        for found in by_study.values():
            yield from found

    def _instances(self, query: Query, series: Found) -> Iterator[Found]:
        hidden = select(REJECTED.c.sop_uid)
        statement = (
            select(INSTANCE)
            .where(
                INSTANCE.c.study_uid == series.study_uid,
                INSTANCE.c.series_uid == series.series_uid,
                INSTANCE.c.aside == 0,
                INSTANCE.c.sop_uid.not_in(hidden),
                *uids(INSTANCE.c.sop_uid, query, tag.SOP_INSTANCE_UID),
            )
            .order_by(INSTANCE.c.sop_uid)
        )
        keys = _supported(query, Level.IMAGE)
        for row in self._ask(statement):
            instance = rows.instance(row)
            model = {**series.model, **loads(instance.header)}
            if matches(model, keys, query.options):
                yield Found(series.study_uid, model, series.series_uid, instance)

    def _seen(self, study_uids: list[str]) -> set[str]:
        if self._visible is None or not study_uids:
            return set(study_uids)
        return self._visible(study_uids)

    def _ask(self, statement: Any) -> Sequence[Any]:  # noqa: ANN401 - Select is generic
        with self._store.database.reading() as cursor:
            cursor.execute(*render_values(statement, self._store.database.dialect))
            return cursor.fetchall()


_PATIENT_KEYS: Final = (tag.PATIENT_ID, tag.ISSUER_OF_PATIENT_ID)
_DEPTH: Final = [Level.PATIENT, Level.STUDY, Level.SERIES, Level.IMAGE]


def _supported(query: Query, level: Level) -> Model:
    """Return the keys that can be decided at a level of those that the query's level supports."""
    names = SUPPORTED[level]
    return {name: one for name, one in query.keys.items() if name in names}


def reject(tx: Transaction, note_uid: str, sop_uids: Iterable[str]) -> None:
    """Hide objects that a rejection note names; the same again changes nothing."""
    wanted = list(dict.fromkeys(sop_uids))
    statement = select(REJECTED.c.sop_uid).where(REJECTED.c.sop_uid.in_(wanted))
    known = {row[0] for row in tx.ask(statement)}
    fresh = [one for one in wanted if one not in known]
    for sop_uid in fresh:
        tx.change(insert(REJECTED).values(sop_uid=sop_uid, note_uid=note_uid))
    if fresh:
        studies = select(INSTANCE.c.study_uid).where(INSTANCE.c.sop_uid.in_(fresh))
        uids_of = [row[0] for row in tx.ask(studies)]
        tx.change(update(STUDY).where(STUDY.c.study_uid.in_(uids_of)).values(listed=0))
