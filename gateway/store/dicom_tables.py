"""Tables of the DICOM services: catalogue, worklist, procedure steps, commitments, numbers.

Texts are compared by code point on both databases. `attributes` is DICOM JSON.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, Text
from sqlmodel import Field

from gateway.store.tables import BIG, METADATA, TEXT, Row

__all__ = ["METADATA"]


def _text(*, key: bool = False) -> str:
    column = Column(TEXT, primary_key=key, nullable=False, autoincrement=False)
    return Field(sa_column=column)  # type: ignore[no-any-return]  # what SQLModel's field gives


def _big() -> int:
    return Field(sa_column=Column(BIG, nullable=False))  # type: ignore[no-any-return]  # as above


def _json() -> bytes:
    return Field(sa_column=Column(LargeBinary, nullable=False))  # type: ignore[no-any-return]  # as above


class RejectedRow(Row, table=True):
    """An object that a rejection note hides (IHE RAD IOCM)."""

    __tablename__ = "dicom_rejected"

    # Compared with the columns of `dicom_instance`, and so collated as they are.
    sop_uid: str = Field(sa_column=Column(Text, primary_key=True))
    note_uid: str = Field(sa_column=Column(Text, nullable=False))


class CatalogueStudyRow(Row, table=True):
    """What is held of one study; `names` are its patient's, folded for searching."""

    __tablename__ = "catalogue_study"
    __table_args__ = (
        Index("catalogue_study_order", "study_date", "study_uid"),
        Index("catalogue_study_patient", "patient_id"),
        Index("catalogue_study_accession", "accession"),
    )

    study_uid: str = _text(key=True)
    study_date: str = _text()
    patient_id: str = _text()
    names: str = _text()
    accession: str = _text()
    attributes: bytes = _json()


class CatalogueSeriesRow(Row, table=True):
    """What is held of one series."""

    __tablename__ = "catalogue_series"
    __table_args__ = (Index("catalogue_series_uid", "series_uid"),)

    study_uid: str = _text(key=True)
    series_uid: str = _text(key=True)
    attributes: bytes = _json()


class SeriesMetadataRow(Row, table=True):
    """The DICOM JSON of a series, packed; `fingerprint` says of which objects it was made."""

    __tablename__ = "dicom_metadata"
    __table_args__ = (Index("dicom_metadata_study", "study_uid"),)

    series_uid: str = _text(key=True)
    study_uid: str = _text(key=True)
    fingerprint: str = _text()
    checksum: int = _big()
    size: int = _big()
    content: bytes = _json()


class FollowerRow(Row, table=True):
    """Up to which version something that is derived from resources has followed them."""

    __tablename__ = "follower"

    name: str = _text(key=True)
    seq: int = _big()


class WorklistRow(Row, table=True):
    """A scheduled procedure step; `starts` is its local time, `YYYYMMDDHHMMSS`."""

    __tablename__ = "worklist"
    __table_args__ = tuple(
        Index(f"worklist_{name}", name)
        for name in ("order_id", "patient_ref", "starts", "patient_id", "accession", "study_uid")
    )

    id: str = _text(key=True)
    order_id: str = _text()
    patient_ref: str = _text()
    starts: str = _text()
    modality: str = _text()
    patient_id: str = _text()
    names: str = _text()
    accession: str = _text()
    study_uid: str = _text()
    attributes: bytes = _json()


class ProcedureStepRow(Row, table=True):
    """A performed procedure step as its modality tells it."""

    __tablename__ = "procedure_step"

    sop_uid: str = _text(key=True)
    status: str = _text()
    study_uid: str = _text()
    changed: int = _big()
    attributes: bytes = _json()


class CommitmentRow(Row, table=True):
    """A request for storage commitment, until its result has been taken."""

    __tablename__ = "storage_commitment"

    transaction_uid: str = _text(key=True)
    peer: str = _text(key=True)
    received: int = _big()
    attributes: bytes = _json()


class NumberGivenRow(Row, table=True):
    """The last number that was given out under a name."""

    __tablename__ = "number_given"

    name: str = _text(key=True)
    last: int = _big()
