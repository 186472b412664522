"""The tables: resource versions, index rows, journal, outbox and received instances.

Times are microseconds since the epoch in UTC. `seq` numbers every version in the order of the
commits: whoever reads "everything after seq n" misses nothing that committed late.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, SmallInteger, Text
from sqlmodel import Field, SQLModel

# SQLite counts rows in INTEGER, PostgreSQL in BIGINT.
_BIG: Final = BigInteger().with_variant(Integer(), "sqlite")
# Index tables have no row id of their own in SQLite: the primary key is the table.
_CLUSTERED: Final = {"sqlite_with_rowid": False}


class ResourceRow(SQLModel, table=True):
    """The current state of one resource; `rid` is the seq of its first version."""

    __tablename__ = "resource"
    __table_args__ = (
        Index("resource_identity", "type", "id", unique=True),
        Index("resource_order", "type", "rid"),
    )

    rid: int = Field(sa_column=Column(_BIG, primary_key=True, autoincrement=False))
    type: str = Field(sa_column=Column(Text, nullable=False))
    id: str = Field(sa_column=Column(Text, nullable=False))
    version: int = Field(sa_column=Column(Integer, nullable=False))
    seq: int = Field(sa_column=Column(_BIG, nullable=False))
    deleted: int = Field(sa_column=Column(SmallInteger, nullable=False))
    # Of the content without versionId and lastUpdated: equal digests make no new version.
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class VersionRow(SQLModel, table=True):
    """One version of one resource, for ever; `content` is the JSON as it is answered."""

    __tablename__ = "resource_version"
    __table_args__ = (Index("resource_version_history", "rid", "version", unique=True),)

    seq: int = Field(sa_column=Column(_BIG, primary_key=True, autoincrement=False))
    rid: int = Field(sa_column=Column(_BIG, nullable=False))
    version: int = Field(sa_column=Column(Integer, nullable=False))
    updated: int = Field(sa_column=Column(_BIG, nullable=False))
    method: str = Field(sa_column=Column(Text, nullable=False))
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class TokenRow(SQLModel, table=True):
    """A token of a resource: identifier, code, boolean."""

    __tablename__ = "index_token"
    __table_args__ = (_CLUSTERED,)

    param: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    code: str = Field(sa_column=Column(Text, primary_key=True))
    system: str = Field(sa_column=Column(Text, primary_key=True))
    rid: int = Field(sa_column=Column(_BIG, primary_key=True, autoincrement=False))


class StringRow(SQLModel, table=True):
    """A string of a resource, folded for searching and as it was written."""

    __tablename__ = "index_string"
    __table_args__ = (_CLUSTERED,)

    param: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    folded: str = Field(
        sa_column=Column(Text(collation="C").with_variant(Text(), "sqlite"), primary_key=True)
    )
    exact: str = Field(sa_column=Column(Text, primary_key=True))
    rid: int = Field(sa_column=Column(_BIG, primary_key=True, autoincrement=False))


class DateRow(SQLModel, table=True):
    """A date of a resource, as the range of instants it stands for; `high` is outside it."""

    __tablename__ = "index_date"
    __table_args__ = (_CLUSTERED,)

    param: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    low: int = Field(sa_column=Column(_BIG, primary_key=True, autoincrement=False))
    high: int = Field(sa_column=Column(_BIG, primary_key=True, autoincrement=False))
    rid: int = Field(sa_column=Column(_BIG, primary_key=True, autoincrement=False))


class ReferenceRow(SQLModel, table=True):
    """A reference of a resource; the target comes first, so that referrers are found too."""

    __tablename__ = "index_reference"
    __table_args__ = (_CLUSTERED,)

    target_id: str = Field(sa_column=Column(Text, primary_key=True))
    target_type: str = Field(sa_column=Column(Text, primary_key=True))
    param: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    rid: int = Field(sa_column=Column(_BIG, primary_key=True, autoincrement=False))


class UriRow(SQLModel, table=True):
    """A URI of a resource."""

    __tablename__ = "index_uri"
    __table_args__ = (_CLUSTERED,)

    param: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    uri: str = Field(sa_column=Column(Text, primary_key=True))
    rid: int = Field(sa_column=Column(_BIG, primary_key=True, autoincrement=False))


class JournalRow(SQLModel, table=True):
    """One thing that came in, as it came, and what became of it."""

    __tablename__ = "journal"
    __table_args__ = (
        Index("journal_control", "sender", "control_id"),
        Index("journal_state", "state", "id"),
    )

    id: int = Field(sa_column=Column(_BIG, primary_key=True, autoincrement=False))
    received: int = Field(sa_column=Column(_BIG, nullable=False))
    door: str = Field(sa_column=Column(Text, nullable=False))
    peer: str = Field(sa_column=Column(Text, nullable=False))
    sender: str = Field(sa_column=Column(Text, nullable=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    control_id: str = Field(sa_column=Column(Text, nullable=False))
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    size: int = Field(sa_column=Column(_BIG, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    answer: str = Field(sa_column=Column(Text, nullable=False))
    took: int = Field(sa_column=Column(_BIG, nullable=False))
    replay_of: int | None = Field(sa_column=Column(_BIG, nullable=True))
    issues: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    resources: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    reply: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    # Large originals lie in the object store under this name, small ones in `raw`.
    object: str | None = Field(sa_column=Column(Text, nullable=True))
    raw: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))


class DeliveryRow(SQLModel, table=True):
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
    seq: int = Field(sa_column=Column(_BIG, nullable=False))
    recipient: str = Field(sa_column=Column(Text, nullable=False))
    subject: str = Field(sa_column=Column(Text, nullable=False))
    focus: str = Field(sa_column=Column(Text, nullable=False))
    focus_version: int = Field(sa_column=Column(Integer, nullable=False))
    channel: str = Field(sa_column=Column(Text, nullable=False))
    reason: str = Field(sa_column=Column(Text, nullable=False))
    created: int = Field(sa_column=Column(_BIG, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    receipt: str = Field(sa_column=Column(Text, nullable=False))
    attempts: int = Field(sa_column=Column(Integer, nullable=False))
    next_attempt: int = Field(sa_column=Column(_BIG, nullable=False))
    last_error: str = Field(sa_column=Column(Text, nullable=False))
    failure: str = Field(sa_column=Column(Text, nullable=False))
    message_id: str = Field(sa_column=Column(Text, nullable=False))
    sent: int | None = Field(sa_column=Column(_BIG, nullable=True))


class InstanceRow(SQLModel, table=True):
    """One DICOM object as it was received; `aside` when another one holds its UID."""

    __tablename__ = "dicom_instance"
    __table_args__ = (Index("dicom_instance_study", "study_uid", "series_uid"),)

    sop_uid: str = Field(sa_column=Column(Text, primary_key=True))
    object: str = Field(sa_column=Column(Text, primary_key=True))
    study_uid: str = Field(sa_column=Column(Text, nullable=False))
    series_uid: str = Field(sa_column=Column(Text, nullable=False))
    sop_class: str = Field(sa_column=Column(Text, nullable=False))
    transfer_syntax: str = Field(sa_column=Column(Text, nullable=False))
    size: int = Field(sa_column=Column(_BIG, nullable=False))
    received: int = Field(sa_column=Column(_BIG, nullable=False))
    calling_ae: str = Field(sa_column=Column(Text, nullable=False))
    aside: int = Field(sa_column=Column(SmallInteger, nullable=False))
    header: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class StudyRow(SQLModel, table=True):
    """When a study was last added to, and up to where it has been turned into FHIR."""

    __tablename__ = "dicom_study"
    __table_args__ = (Index("dicom_study_open", "pending", "last_received"),)

    study_uid: str = Field(sa_column=Column(Text, primary_key=True))
    first_received: int = Field(sa_column=Column(_BIG, nullable=False))
    last_received: int = Field(sa_column=Column(_BIG, nullable=False))
    instances: int = Field(sa_column=Column(Integer, nullable=False))
    pending: int = Field(sa_column=Column(SmallInteger, nullable=False))


METADATA: Final = SQLModel.metadata
