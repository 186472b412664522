"""The tables: resource versions, index rows, journal, outbox and received instances.

Times are microseconds since the epoch in UTC. `seq` numbers every version in the order of the
commits: whoever reads "everything after seq n" misses nothing that committed late.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    text,
)
from sqlmodel import Field, SQLModel

# SQLite counts rows in INTEGER, PostgreSQL in BIGINT.
BIG: Final = BigInteger().with_variant(Integer(), "sqlite")
# Index tables have no row id of their own in SQLite: the primary key is the table.
_CLUSTERED: Final = {"sqlite_with_rowid": False}
# What is compared and sorted: by code point on both databases, as SQLite does by itself.
TEXT: Final = Text(collation="C").with_variant(Text(), "sqlite")
_CURRENT: Final = text("deleted = 0")
_UNLISTED: Final = text("listed = 0")


def _key(kind: Any) -> Any:  # noqa: ANN401 - a type of SQLAlchemy, and what SQLModel's field takes
    return Field(sa_column=Column(kind, primary_key=True, autoincrement=False))


def _by_resource(name: str) -> Index:
    """Return the index that finds the rows of one resource.

    It tells whether a resource that another clause found matches, gives the value to sort by and
    lets a resource be indexed anew whatever was there. New resources have the highest `rid`: their
    rows go to the end of it, on pages that are in memory. At a million resources that costs a
    create of 22 index rows 20 microseconds on SQLite, of 400 in all.
    """
    return Index(f"{name}_resource", "rid", "param")


class Row(SQLModel):
    """A table, read and written by Core: the checks that pydantic could make are made by nobody."""

    model_config = {"defer_build": True}


class ResourceRow(Row, table=True):
    """The current state of one resource; `rid` is the seq of its first version."""

    __tablename__ = "resource"
    __table_args__ = (
        Index("resource_identity", "type", "id", unique=True),
        # A page of a type, and how many there are, without a look at the deleted ones.
        Index("resource_order", "type", "rid", sqlite_where=_CURRENT, postgresql_where=_CURRENT),
        # _lastUpdated as a condition and as an order.
        Index(
            "resource_updated",
            "type",
            "updated",
            "rid",
            sqlite_where=_CURRENT,
            postgresql_where=_CURRENT,
        ),
    )

    rid: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    type: str = Field(sa_column=Column(TEXT, nullable=False))
    id: str = Field(sa_column=Column(TEXT, nullable=False))
    version: int = Field(sa_column=Column(Integer, nullable=False))
    seq: int = Field(sa_column=Column(BIG, nullable=False))
    deleted: int = Field(sa_column=Column(SmallInteger, nullable=False))
    # Of the content without versionId and lastUpdated: equal digests make no new version.
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    # Of the current version; a history finds its own in `resource_version`.
    updated: int = Field(sa_column=Column(BIG, nullable=False))


class VersionRow(Row, table=True):
    """One version of one resource, for ever; `content` is the JSON as it is answered."""

    __tablename__ = "resource_version"
    __table_args__ = (Index("resource_version_history", "rid", "version", unique=True),)

    seq: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    rid: int = Field(sa_column=Column(BIG, nullable=False))
    version: int = Field(sa_column=Column(Integer, nullable=False))
    updated: int = Field(sa_column=Column(BIG, nullable=False))
    method: str = Field(sa_column=Column(Text, nullable=False))
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class TokenRow(Row, table=True):
    """A token of a resource: identifier, code, boolean.

    One code of one system lies in the order of the resources: a page of `gender=male` is read from
    it without sorting.
    """

    __tablename__ = "index_token"
    __table_args__ = (_by_resource("index_token"), _CLUSTERED)

    param: int = _key(Integer)
    code: str = _key(TEXT)
    system: str = _key(TEXT)
    rid: int = _key(BIG)


class StringRow(Row, table=True):
    """A string of a resource, folded for searching and as it was written."""

    __tablename__ = "index_string"
    __table_args__ = (_by_resource("index_string"), _CLUSTERED)

    param: int = _key(Integer)
    folded: str = _key(TEXT)
    exact: str = _key(TEXT)
    rid: int = _key(BIG)


class DateRow(Row, table=True):
    """A date of a resource, as the range of instants it stands for; `high` is outside it.

    `span` says how long the range is at most (`gateway.store.index_records`): a search knows from
    it how far before its own range a row may begin, and needs no second index by `high`.
    """

    __tablename__ = "index_date"
    __table_args__ = (_by_resource("index_date"), _CLUSTERED)

    param: int = _key(Integer)
    span: int = _key(SmallInteger)
    low: int = _key(BIG)
    high: int = _key(BIG)
    rid: int = _key(BIG)


class QuantityRow(Row, table=True):
    """A number or quantity of a resource as a closed range, `span` as for dates.

    An end that is open is 1e308; a number has neither code nor system.
    """

    __tablename__ = "index_quantity"
    __table_args__ = (_by_resource("index_quantity"), _CLUSTERED)

    param: int = _key(Integer)
    span: int = _key(SmallInteger)
    low: float = _key(Double)
    high: float = _key(Double)
    code: str = _key(TEXT)
    system: str = _key(TEXT)
    rid: int = _key(BIG)


class CompositeRow(Row, table=True):
    """Values of a resource that stand together in one element, for composite parameters."""

    __tablename__ = "index_composite"
    __table_args__ = (_by_resource("index_composite"), _CLUSTERED)

    param: int = _key(Integer)
    code: str = _key(TEXT)
    code2: str = _key(TEXT)
    low: float = _key(Double)
    high: float = _key(Double)
    system: str = _key(TEXT)
    system2: str = _key(TEXT)
    low3: float = _key(Double)
    high3: float = _key(Double)
    rid: int = _key(BIG)


class ReferenceRow(Row, table=True):
    """A reference of a resource; the target comes first, so that referrers are found too."""

    __tablename__ = "index_reference"
    __table_args__ = (_by_resource("index_reference"), _CLUSTERED)

    target_id: str = _key(TEXT)
    target_type: str = _key(TEXT)
    param: int = _key(Integer)
    rid: int = _key(BIG)


class UriRow(Row, table=True):
    """A URI of a resource."""

    __tablename__ = "index_uri"
    __table_args__ = (_by_resource("index_uri"), _CLUSTERED)

    param: int = _key(Integer)
    uri: str = _key(TEXT)
    rid: int = _key(BIG)


class WordRow(Row, table=True):
    """A word of a resource, for _text and _content; filled behind the commits."""

    __tablename__ = "index_word"
    __table_args__ = (_by_resource("index_word"), _CLUSTERED)

    param: int = _key(Integer)
    word: str = _key(TEXT)
    rid: int = _key(BIG)


class IndexStateRow(Row, table=True):
    """How far the index rows of one type are filled; the type "" stands for words of all types.

    `filled` is a JSON object, {code: digest of its definition}, of the parameters that are whole;
    `wanted` the fingerprint of the definitions by which `position` (a rid; for words a seq) was
    reached, on the way to `last`.
    """

    __tablename__ = "index_state"

    type: str = Field(sa_column=Column(TEXT, primary_key=True))
    filled: str = Field(sa_column=Column(Text, nullable=False))
    wanted: str = Field(sa_column=Column(Text, nullable=False))
    position: int = Field(sa_column=Column(BIG, nullable=False))
    last: int = Field(sa_column=Column(BIG, nullable=False))
    done: int = Field(sa_column=Column(BIG, nullable=False))
    total: int = Field(sa_column=Column(BIG, nullable=False))


class JournalRow(Row, table=True):
    """One thing that came in, as it came, and what became of it."""

    __tablename__ = "journal"
    __table_args__ = (
        Index("journal_control", "sender", "control_id"),
        Index("journal_state", "state", "id"),
        Index("journal_kind", "kind", "id"),
        Index("journal_received", "received"),
        Index(
            "journal_replay",
            "replay_of",
            sqlite_where=text("replay_of IS NOT NULL"),
            postgresql_where=text("replay_of IS NOT NULL"),
        ),
    )

    id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    received: int = Field(sa_column=Column(BIG, nullable=False))
    door: str = Field(sa_column=Column(Text, nullable=False))
    peer: str = Field(sa_column=Column(Text, nullable=False))
    sender: str = Field(sa_column=Column(Text, nullable=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    control_id: str = Field(sa_column=Column(Text, nullable=False))
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    size: int = Field(sa_column=Column(BIG, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    answer: str = Field(sa_column=Column(Text, nullable=False))
    # From its reception to the end of the mapping, and to this row.
    mapped: int = Field(sa_column=Column(BIG, nullable=False, server_default="0"))
    took: int = Field(sa_column=Column(BIG, nullable=False))
    replay_of: int | None = Field(sa_column=Column(BIG, nullable=True))
    issues: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    resources: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    reply: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    # Large originals lie in the object store under this name, small ones in `raw`.
    object: str | None = Field(sa_column=Column(Text, nullable=True))
    raw: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))


class JournalAnswerRow(Row, table=True):
    """What became of the answer to an entry; a row of its own, for entries are large."""

    __tablename__ = "journal_answer"

    entry: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    committed: int = Field(sa_column=Column(BIG, nullable=False))
    answered: int = Field(sa_column=Column(BIG, nullable=False))


class JournalSeenRow(Row, table=True):
    """Who has seen to an entry that was refused or failed, and when."""

    __tablename__ = "journal_seen"

    entry: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    at: int = Field(sa_column=Column(BIG, nullable=False))
    who: str = Field(sa_column=Column(Text, nullable=False))


class LocalCodeRow(Row, table=True):
    """A code of a sender's own that nobody had given a standard one when it came."""

    __tablename__ = "local_code"

    sender: str = Field(sa_column=Column(Text, primary_key=True))
    system: str = Field(sa_column=Column(Text, primary_key=True))
    code: str = Field(sa_column=Column(Text, primary_key=True))
    field: str = Field(sa_column=Column(Text, primary_key=True))
    display: str = Field(sa_column=Column(Text, nullable=False))
    count: int = Field(sa_column=Column(BIG, nullable=False))
    first_seen: int = Field(sa_column=Column(BIG, nullable=False))
    last_seen: int = Field(sa_column=Column(BIG, nullable=False))


class DeliveryRow(Row, table=True):
    """One thing that must go out, on two axes: what we did, what the receiver said."""

    __tablename__ = "delivery"
    __table_args__ = (
        Index("delivery_open", "state", "recipient", "seq"),
        # The last number given is asked for at every delivery.
        Index("delivery_order", "seq", unique=True),
        Index("delivery_subject", "subject", "state"),
        Index("delivery_focus", "focus"),
    )

    id: str = Field(sa_column=Column(Text, primary_key=True))
    seq: int = Field(sa_column=Column(BIG, nullable=False))
    recipient: str = Field(sa_column=Column(Text, nullable=False))
    subject: str = Field(sa_column=Column(Text, nullable=False))
    focus: str = Field(sa_column=Column(Text, nullable=False))
    focus_version: int = Field(sa_column=Column(Integer, nullable=False))
    channel: str = Field(sa_column=Column(Text, nullable=False))
    reason: str = Field(sa_column=Column(Text, nullable=False))
    created: int = Field(sa_column=Column(BIG, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    receipt: str = Field(sa_column=Column(Text, nullable=False))
    attempts: int = Field(sa_column=Column(Integer, nullable=False))
    next_attempt: int = Field(sa_column=Column(BIG, nullable=False))
    last_error: str = Field(sa_column=Column(Text, nullable=False))
    failure: str = Field(sa_column=Column(Text, nullable=False))
    message_id: str = Field(sa_column=Column(Text, nullable=False))
    sent: int | None = Field(sa_column=Column(BIG, nullable=True))


class InstanceRow(Row, table=True):
    """One DICOM object as it was received; `aside` when another one holds its UID."""

    __tablename__ = "dicom_instance"
    __table_args__ = (Index("dicom_instance_study", "study_uid", "series_uid"),)

    sop_uid: str = Field(sa_column=Column(Text, primary_key=True))
    object: str = Field(sa_column=Column(Text, primary_key=True))
    study_uid: str = Field(sa_column=Column(Text, nullable=False))
    series_uid: str = Field(sa_column=Column(Text, nullable=False))
    sop_class: str = Field(sa_column=Column(Text, nullable=False))
    transfer_syntax: str = Field(sa_column=Column(Text, nullable=False))
    size: int = Field(sa_column=Column(BIG, nullable=False))
    received: int = Field(sa_column=Column(BIG, nullable=False))
    calling_ae: str = Field(sa_column=Column(Text, nullable=False))
    aside: int = Field(sa_column=Column(SmallInteger, nullable=False))
    header: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class LandedRow(Row, table=True):
    """A small object that came with its row and is not in the object store yet."""

    __tablename__ = "object_landed"
    __table_args__ = (Index("object_landed_order", "landed"),)

    sha256: str = Field(sa_column=Column(Text, primary_key=True))
    landed: int = Field(sa_column=Column(BIG, nullable=False))
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class StudyRow(Row, table=True):
    """When a study was last added to, and up to where it has been turned into FHIR."""

    __tablename__ = "dicom_study"
    __table_args__ = (
        Index("dicom_study_open", "pending", "last_received"),
        Index(
            "dicom_study_unlisted", "study_uid", sqlite_where=_UNLISTED, postgresql_where=_UNLISTED
        ),
    )

    study_uid: str = Field(sa_column=Column(Text, primary_key=True))
    first_received: int = Field(sa_column=Column(BIG, nullable=False))
    last_received: int = Field(sa_column=Column(BIG, nullable=False))
    instances: int = Field(sa_column=Column(Integer, nullable=False))
    pending: int = Field(sa_column=Column(SmallInteger, nullable=False))
    # Whether the catalogue says all that is held of it.
    listed: int = Field(
        default=0, sa_column=Column(SmallInteger, nullable=False, server_default="0")
    )


METADATA: Final = SQLModel.metadata
