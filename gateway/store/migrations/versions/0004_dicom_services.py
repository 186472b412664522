"""The catalogue of studies, worklist entries, procedure steps, commitments, numbers given out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")
UNLISTED = sa.text("listed = 0")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=False)


def upgrade() -> None:
    """Go up."""
    listed = sa.Column("listed", sa.SmallInteger(), nullable=False, server_default="0")
    op.add_column("dicom_study", listed)
    op.create_index(
        "dicom_study_unlisted",
        "dicom_study",
        ["study_uid"],
        sqlite_where=UNLISTED,
        postgresql_where=UNLISTED,
    )
    op.create_table(
        "dicom_rejected",
        sa.Column("sop_uid", sa.Text(), nullable=False),
        sa.Column("note_uid", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sop_uid"),
    )
    op.create_table(
        "catalogue_study",
        *map(_text, ("study_uid", "study_date", "patient_id", "names", "accession")),
        sa.Column("attributes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("study_uid"),
    )
    op.create_index("catalogue_study_order", "catalogue_study", ["study_date", "study_uid"])
    op.create_index("catalogue_study_patient", "catalogue_study", ["patient_id"])
    op.create_index("catalogue_study_accession", "catalogue_study", ["accession"])
    op.create_table(
        "catalogue_series",
        *map(_text, ("study_uid", "series_uid")),
        sa.Column("attributes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("study_uid", "series_uid"),
    )
    op.create_index("catalogue_series_uid", "catalogue_series", ["series_uid"])
    op.create_table(
        "follower",
        _text("name"),
        sa.Column("seq", BIG, nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "worklist",
        *map(_text, ("id", "order_id", "patient_ref", "starts", "modality", "patient_id")),
        *map(_text, ("names", "accession", "study_uid")),
        sa.Column("attributes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    for name in ("order_id", "patient_ref", "starts", "patient_id", "accession", "study_uid"):
        op.create_index(f"worklist_{name}", "worklist", [name])
    op.create_table(
        "procedure_step",
        *map(_text, ("sop_uid", "status", "study_uid")),
        sa.Column("changed", BIG, nullable=False),
        sa.Column("attributes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sop_uid"),
    )
    op.create_table(
        "storage_commitment",
        *map(_text, ("transaction_uid", "peer")),
        sa.Column("received", BIG, nullable=False),
        sa.Column("attributes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("transaction_uid", "peer"),
    )
    op.create_table(
        "number_given",
        _text("name"),
        sa.Column("last", BIG, nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def downgrade() -> None:
    """Go down."""
    for name in (
        "number_given",
        "storage_commitment",
        "procedure_step",
        "worklist",
        "follower",
        "catalogue_series",
        "catalogue_study",
        "dicom_rejected",
    ):
        op.drop_table(name)
    op.drop_index("dicom_study_unlisted", "dicom_study")
    op.drop_column("dicom_study", "listed")
