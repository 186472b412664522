"""The tables of the first version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Go up."""
    op.create_table(
        "delivery",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seq", BIG, nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("focus", sa.Text(), nullable=False),
        sa.Column("focus_version", sa.Integer(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created", BIG, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt", BIG, nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("sent", BIG, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("delivery_open", "delivery", ["state", "recipient", "seq"], unique=False)
    op.create_index("delivery_order", "delivery", ["seq"], unique=True)
    op.create_index("delivery_focus", "delivery", ["focus"], unique=False)
    op.create_index("delivery_subject", "delivery", ["subject", "state"], unique=False)

    op.create_table(
        "dicom_instance",
        sa.Column("sop_uid", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("study_uid", sa.Text(), nullable=False),
        sa.Column("series_uid", sa.Text(), nullable=False),
        sa.Column("sop_class", sa.Text(), nullable=False),
        sa.Column("transfer_syntax", sa.Text(), nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("received", BIG, nullable=False),
        sa.Column("calling_ae", sa.Text(), nullable=False),
        sa.Column("aside", sa.SmallInteger(), nullable=False),
        sa.Column("header", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sop_uid", "object"),
    )
    op.create_index(
        "dicom_instance_study", "dicom_instance", ["study_uid", "series_uid"], unique=False
    )

    op.create_table(
        "dicom_study",
        sa.Column("study_uid", sa.Text(), nullable=False),
        sa.Column("first_received", BIG, nullable=False),
        sa.Column("last_received", BIG, nullable=False),
        sa.Column("instances", sa.Integer(), nullable=False),
        sa.Column("pending", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("study_uid"),
    )
    op.create_index("dicom_study_open", "dicom_study", ["pending", "last_received"], unique=False)

    op.create_table(
        "index_date",
        sa.Column("param", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("low", BIG, autoincrement=False, nullable=False),
        sa.Column("high", BIG, autoincrement=False, nullable=False),
        sa.Column("rid", BIG, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("param", "low", "high", "rid"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "index_reference",
        sa.Column("target_id", sa.Text(), nullable=False),
        sa.Column("target_type", sa.Text(), nullable=False),
        sa.Column("param", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rid", BIG, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("target_id", "target_type", "param", "rid"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "index_string",
        sa.Column("param", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "folded", sa.Text(collation="C").with_variant(sa.Text(), "sqlite"), nullable=False
        ),
        sa.Column("exact", sa.Text(), nullable=False),
        sa.Column("rid", BIG, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("param", "folded", "exact", "rid"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "index_token",
        sa.Column("param", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("rid", BIG, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("param", "code", "system", "rid"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "index_uri",
        sa.Column("param", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("rid", BIG, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("param", "uri", "rid"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "journal",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("received", BIG, nullable=False),
        sa.Column("door", sa.Text(), nullable=False),
        sa.Column("peer", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("control_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("took", BIG, nullable=False),
        sa.Column("replay_of", BIG, nullable=True),
        sa.Column("issues", sa.LargeBinary(), nullable=False),
        sa.Column("resources", sa.LargeBinary(), nullable=False),
        sa.Column("reply", sa.LargeBinary(), nullable=False),
        sa.Column("object", sa.Text(), nullable=True),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("journal_control", "journal", ["sender", "control_id"], unique=False)
    op.create_index("journal_state", "journal", ["state", "id"], unique=False)

    op.create_table(
        "resource",
        sa.Column("rid", BIG, autoincrement=False, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("seq", BIG, nullable=False),
        sa.Column("deleted", sa.SmallInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("rid"),
    )
    op.create_index("resource_identity", "resource", ["type", "id"], unique=True)
    op.create_index("resource_order", "resource", ["type", "rid"], unique=False)

    op.create_table(
        "resource_version",
        sa.Column("seq", BIG, autoincrement=False, nullable=False),
        sa.Column("rid", BIG, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated", BIG, nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("resource_version_history", "resource_version", ["rid", "version"], unique=True)


def downgrade() -> None:
    """Go back down."""
    op.drop_table("resource_version")
    op.drop_table("resource")
    op.drop_table("journal")
    op.drop_table("index_uri")
    op.drop_table("index_token")
    op.drop_table("index_string")
    op.drop_table("index_reference")
    op.drop_table("index_date")
    op.drop_table("dicom_study")
    op.drop_table("dicom_instance")
    op.drop_table("delivery")
