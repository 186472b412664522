"""SQL of the hot path: written once as SQLAlchemy expressions, compiled once a dialect.

SQLAlchemy's executor costs more than SQLite's own work on a point lookup, so these statements are
rendered when the database is opened and handed to the driver's cursor as plain text with
positional parameters. Everything that is not hot uses the executor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Integer, bindparam, delete, func, insert, literal_column, select, update

from gateway.store.tables import (
    CompositeRow,
    DateRow,
    DeliveryRow,
    InstanceRow,
    JournalAnswerRow,
    JournalRow,
    JournalSeenRow,
    LandedRow,
    LocalCodeRow,
    QuantityRow,
    ReferenceRow,
    ResourceRow,
    StringRow,
    StudyRow,
    TokenRow,
    UriRow,
    VersionRow,
    WordRow,
)

if TYPE_CHECKING:
    from sqlalchemy import Dialect, Table
    from sqlalchemy.sql.elements import ClauseElement
    from sqlmodel import SQLModel


@dataclass(frozen=True, slots=True)
class Sql:
    """One statement of one dialect; `names` is the order of its parameters."""

    text: str
    names: tuple[str, ...]


def render(clause: ClauseElement, dialect: Dialect) -> Sql:
    """Return `clause` as text; parameters keep the names of their bindparams."""
    compiled = clause.compile(dialect=dialect)
    names = getattr(compiled, "positiontup", None) or ()
    return Sql(str(compiled), tuple(names))


def render_values(clause: ClauseElement, dialect: Dialect) -> tuple[str, list[Any]]:
    """Return a statement built on the spot, with its values in order."""
    sql, given = render_template(clause, dialect)
    return sql.text, [given[name] for name in sql.names]


def render_template(clause: ClauseElement, dialect: Dialect) -> tuple[Sql, dict[str, Any]]:
    """Return a statement and its values by name; those of bindparams are their first ones."""
    compiled = clause.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    names = getattr(compiled, "positiontup", None) or ()
    return Sql(str(compiled), tuple(names)), dict(compiled.params or {})


def table(model: type[SQLModel]) -> Table:
    """Return the Core table of a model."""
    found: Table = model.__table__  # type: ignore[attr-defined]  # set by SQLModel's metaclass
    return found


RESOURCE, VERSION = table(ResourceRow), table(VersionRow)
TOKEN, REFERENCE = table(TokenRow), table(ReferenceRow)
JOURNAL, DELIVERY = table(JournalRow), table(DeliveryRow)
ANSWER, SEEN, LOCAL_CODE = table(JournalAnswerRow), table(JournalSeenRow), table(LocalCodeRow)
INSTANCE, STUDY, LANDED = table(InstanceRow), table(StudyRow), table(LandedRow)
WORD = table(WordRow)
INDEXES = {
    "tokens": TOKEN,
    "strings": table(StringRow),
    "dates": table(DateRow),
    "references": REFERENCE,
    "uris": table(UriRow),
    "quantities": table(QuantityRow),
    "composites": table(CompositeRow),
}
# The order in which `gateway.store.index_records` lists the parts of each row, `rid` behind them.
INDEX_COLUMNS = {
    "tokens": ("param", "system", "code"),
    "strings": ("param", "folded", "exact"),
    "dates": ("param", "span", "low", "high"),
    "references": ("param", "target_type", "target_id"),
    "uris": ("param", "uri"),
    "quantities": ("param", "span", "low", "high", "code", "system"),
    "composites": (
        "param",
        "code",
        "system",
        "code2",
        "system2",
        "low",
        "high",
        "low3",
        "high3",
    ),
}

CURRENT_COLUMNS = (
    RESOURCE.c.type,
    RESOURCE.c.id,
    VERSION.c.version,
    VERSION.c.seq,
    VERSION.c.updated,
    VERSION.c.method,
    VERSION.c.content,
    RESOURCE.c.rid,
    RESOURCE.c.digest,
)
# How many codes one look-up takes; shorter lists are filled up with their last.
LOOKUP_CODES = 4
LOOKUP_PARAMS = 3
# How many resources one question about their state names, filled up likewise.
STATE_NAMES = 8


# Written into the text: every parameter of a rendered statement is one that the caller gives.
_ZERO: Final = literal_column("0", Integer)
# Not "= 0": before PostgreSQL has its first statistics, that lets an index of the current resources
# of a type stand in for the primary key, and every look-up by `rid` reads all of it.
_IS_CURRENT: Final = RESOURCE.c.deleted < literal_column("1", Integer)
_ONE: Final = literal_column("1", Integer)


def _current() -> Any:  # noqa: ANN401 - Select is generic over its row, which nobody reads here
    return select(*CURRENT_COLUMNS).join_from(RESOURCE, VERSION, VERSION.c.seq == RESOURCE.c.seq)


def _versions() -> Any:  # noqa: ANN401 - as above
    return select(*CURRENT_COLUMNS).join_from(VERSION, RESOURCE, VERSION.c.rid == RESOURCE.c.rid)


def _insert(target: Table) -> Any:  # noqa: ANN401 - Insert is all that is needed
    return insert(target).values({name: bindparam(name) for name in target.c.keys()})  # noqa: SIM118 - a column collection iterates over columns


def _identity() -> tuple[Any, Any]:
    return RESOURCE.c.type == bindparam("type"), RESOURCE.c.id == bindparam("id")


def _index_delete(name: str) -> Any:  # noqa: ANN401 - Delete is all that is needed
    target = INDEXES[name]
    columns = (*INDEX_COLUMNS[name], "rid")
    return delete(target).where(*(target.c[column] == bindparam(column) for column in columns))


def _lookup() -> Any:  # noqa: ANN401 - as above
    codes: list[Any] = [bindparam(f"code{number}") for number in range(LOOKUP_CODES)]
    params: list[Any] = [bindparam(f"param{number}") for number in range(LOOKUP_PARAMS)]
    return (
        select(TOKEN.c.param, RESOURCE.c.type, RESOURCE.c.id, TOKEN.c.system, TOKEN.c.code)
        .join_from(TOKEN, RESOURCE, TOKEN.c.rid == RESOURCE.c.rid)
        .where(
            # IN, not OR: PostgreSQL uses both columns of the index for it, else only the first.
            TOKEN.c.param.in_(params),
            TOKEN.c.code.in_(codes),
            _IS_CURRENT,
        )
        .order_by(RESOURCE.c.rid)
    )


def _states() -> Any:  # noqa: ANN401 - as above
    types: list[Any] = [bindparam(f"type{number}") for number in range(STATE_NAMES)]
    ids: list[Any] = [bindparam(f"id{number}") for number in range(STATE_NAMES)]
    columns = (RESOURCE.c.type, RESOURCE.c.id, RESOURCE.c.version, RESOURCE.c.deleted)
    # Each type with each id: the index tells which of the pairs there are.
    return select(*columns).where(RESOURCE.c.type.in_(types), RESOURCE.c.id.in_(ids))


# What numbers rows in the order of the commits, by the name of its counter.
LAST_NUMBERS: Final = {
    "seq": VERSION.c.seq,
    "journal": JOURNAL.c.id,
    "delivery": DELIVERY.c.seq,
}
# What finds one row at most, by a key.
POINTS: Final = ("read", "vread")
CLAUSES: dict[str, Any] = {
    "read": _current().where(*_identity()),
    "vread": _versions().where(*_identity(), VERSION.c.version == bindparam("version")),
    "states": _states(),
    "last_numbers": select(
        *(
            select(func.max(column)).scalar_subquery().label(name)
            for name, column in LAST_NUMBERS.items()
        )
    ),
    "insert_resource": _insert(RESOURCE),
    "insert_version": _insert(VERSION),
    "update_resource": update(RESOURCE)
    .where(RESOURCE.c.rid == bindparam("key"))
    .values({name: bindparam(name) for name in ("version", "seq", "deleted", "digest", "updated")}),
    "insert_journal": _insert(JOURNAL),
    "insert_answer": _insert(ANSWER),
    "insert_local_code": _insert(LOCAL_CODE),
    "lookup": _lookup(),
    # In this order: PostgreSQL's joins keep the one that they are written in.
    "find_reference": select(*CURRENT_COLUMNS)
    .join_from(REFERENCE, RESOURCE, RESOURCE.c.rid == REFERENCE.c.rid)
    .join(VERSION, VERSION.c.seq == RESOURCE.c.seq)
    .where(
        REFERENCE.c.param == bindparam("param"),
        REFERENCE.c.target_id == bindparam("target_id"),
        REFERENCE.c.target_type == bindparam("target_type"),
        _IS_CURRENT,
    ),
    "find_referrers": select(RESOURCE.c.type, RESOURCE.c.id)
    .distinct()
    .join_from(REFERENCE, RESOURCE, REFERENCE.c.rid == RESOURCE.c.rid)
    .where(
        REFERENCE.c.target_id == bindparam("target_id"),
        REFERENCE.c.target_type == bindparam("target_type"),
        _IS_CURRENT,
    ),
    "journal_same": select(JOURNAL.c.id, JOURNAL.c.digest, JOURNAL.c.reply, JOURNAL.c.state)
    .where(JOURNAL.c.sender == bindparam("sender"), JOURNAL.c.control_id == bindparam("control_id"))
    .order_by(JOURNAL.c.id.desc()),
    "insert_delivery": _insert(DELIVERY),
    "has_delivery": select(DELIVERY.c.id).where(DELIVERY.c.id == bindparam("id")),
    "delivery_one": select(DELIVERY).where(DELIVERY.c.id == bindparam("id")),
    "deliveries_of_focus": select(DELIVERY)
    .where(DELIVERY.c.focus == bindparam("focus"))
    .order_by(DELIVERY.c.seq),
    "deliveries_of_subject": select(DELIVERY)
    .where(DELIVERY.c.subject == bindparam("subject"), DELIVERY.c.state == bindparam("state"))
    .order_by(DELIVERY.c.seq),
    "update_delivery": update(DELIVERY)
    .where(DELIVERY.c.id == bindparam("key"))
    .values(
        {
            name: bindparam(name)
            for name in DELIVERY.c.keys()  # noqa: SIM118 - a column collection iterates over columns
            if name not in ("id", "seq", "created")
        }
    ),
    "instance_same": select(INSTANCE.c.object, INSTANCE.c.aside).where(
        INSTANCE.c.sop_uid == bindparam("sop_uid")
    ),
    "insert_instance": _insert(INSTANCE),
    "insert_landed": _insert(LANDED),
    "landed_content": select(LANDED.c.content).where(LANDED.c.sha256 == bindparam("sha256")),
    "delete_landed": delete(LANDED).where(LANDED.c.sha256 == bindparam("sha256")),
    "instances_of_study": select(INSTANCE)
    .where(INSTANCE.c.study_uid == bindparam("study_uid"), INSTANCE.c.aside == _ZERO)
    .order_by(INSTANCE.c.series_uid, INSTANCE.c.sop_uid),
    "study_one": select(STUDY).where(STUDY.c.study_uid == bindparam("study_uid")),
    "insert_study": _insert(STUDY),
    "touch_study": update(STUDY)
    .where(STUDY.c.study_uid == bindparam("key"))
    .values(
        last_received=bindparam("last_received"),
        instances=STUDY.c.instances + _ONE,
        pending=_ONE,
        listed=_ZERO,
    ),
    "settle_study": update(STUDY)
    .where(
        STUDY.c.study_uid == bindparam("key"), STUDY.c.last_received == bindparam("last_received")
    )
    .values(pending=_ZERO),
    "quiet_studies": select(STUDY.c.study_uid, STUDY.c.last_received)
    .where(STUDY.c.pending == _ONE, STUDY.c.last_received <= bindparam("before"))
    .order_by(STUDY.c.last_received),
}
CLAUSES |= {f"insert_{name}": _insert(target) for name, target in INDEXES.items()}
CLAUSES |= {f"delete_{name}": _index_delete(name) for name in INDEXES}
# Words are filled behind the commits only: they are no part of what a write compares.
WORD_COLUMNS: Final = ("param", "word")
CLAUSES |= {"insert_words": _insert(WORD)}
CLAUSES |= {
    "delete_words": delete(WORD).where(
        *(WORD.c[column] == bindparam(column) for column in (*WORD_COLUMNS, "rid"))
    )
}
# Rows may be there: a process that learnt of a search parameter a moment ago writes rows that
# another one wrote just before.
_AGAIN: Final = {
    **{f"insert_{name}": " ON CONFLICT DO NOTHING" for name in INDEXES},
    "insert_answer": " ON CONFLICT DO NOTHING",
    "insert_landed": " ON CONFLICT DO NOTHING",
    # What is counted, in one statement: two processes may see the same code at once.
    "insert_local_code": (
        " ON CONFLICT (sender, system, code, field) DO UPDATE SET "
        "count = local_code.count + excluded.count, last_seen = excluded.last_seen, "
        "display = excluded.display"
    ),
}


_RENDERED: Final[dict[tuple[str, str], dict[str, Sql]]] = {}


def render_all(dialect: Dialect) -> dict[str, Sql]:
    """Return every statement of the hot path for one dialect, rendered once a process."""
    key = (dialect.name, dialect.paramstyle)
    if key not in _RENDERED:
        _RENDERED[key] = {name: _rendered(name, one, dialect) for name, one in CLAUSES.items()}
    return _RENDERED[key]


def _rendered(name: str, clause: ClauseElement, dialect: Dialect) -> Sql:
    sql = render(clause, dialect)
    return Sql(sql.text + _AGAIN.get(name, ""), sql.names)


# Statements that are executed for many rows at once, and the tables that they change.
BULK: Final = {
    "insert_resource": RESOURCE,
    "update_resource": RESOURCE,
    "insert_version": VERSION,
    "insert_journal": JOURNAL,
    "insert_answer": ANSWER,
    "insert_local_code": LOCAL_CODE,
    "insert_delivery": DELIVERY,
    **{f"{kind}_{name}": one for kind in ("insert", "delete") for name, one in INDEXES.items()},
    "insert_words": WORD,
    "delete_words": WORD,
}


def bulk(name: str, sql: Sql, dialect: Dialect) -> str:
    """Return a statement of `BULK` for PostgreSQL, with one array a parameter.

    https://www.postgresql.org/docs/15/functions-array.html. Only names of our own tables go into
    the text.
    """
    changed, names = BULK[name], sql.names
    columns = [changed.c["rid" if one == "key" else one] for one in names]
    kinds = [column.type.compile(dialect).partition(" COLLATE")[0] for column in columns]
    rows = f"unnest({', '.join(f'%s::{kind}[]' for kind in kinds)})"
    if name.startswith("insert"):
        again = _AGAIN.get(name, "")
        columns_of = ", ".join(names)
        return f"INSERT INTO {changed.name} ({columns_of}) SELECT * FROM {rows}{again}"  # noqa: S608 - see above
    given = f"{rows} AS given ({', '.join(names)})"
    if name.startswith("update"):
        values = ", ".join(f"{one} = given.{one}" for one in names if one != "key")
        return f"UPDATE {changed.name} SET {values} FROM {given} WHERE rid = given.key"  # noqa: S608 - see above
    same = " AND ".join(f"{changed.name}.{one} = given.{one}" for one in names)
    return f"DELETE FROM {changed.name} USING {given} WHERE {same}"  # noqa: S608 - see above
