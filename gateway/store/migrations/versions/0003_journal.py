"""The second axis of the journal, who has seen to what, and codes of the senders' own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
REPLAYS = sa.text("replay_of IS NOT NULL")


def upgrade() -> None:
    """Go up."""
    op.add_column("journal", sa.Column("mapped", BIG, nullable=False, server_default="0"))
    op.create_index("journal_kind", "journal", ["kind", "id"])
    op.create_index("journal_received", "journal", ["received"])
    op.create_index(
        "journal_replay", "journal", ["replay_of"], sqlite_where=REPLAYS, postgresql_where=REPLAYS
    )
    op.create_table(
        "journal_answer",
        sa.Column("entry", BIG, autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("committed", BIG, nullable=False),
        sa.Column("answered", BIG, nullable=False),
        sa.PrimaryKeyConstraint("entry"),
    )
    op.create_table(
        "journal_seen",
        sa.Column("entry", BIG, autoincrement=False, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("entry"),
    )
    op.create_table(
        "local_code",
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("display", sa.Text(), nullable=False),
        sa.Column("count", BIG, nullable=False),
        sa.Column("first_seen", BIG, nullable=False),
        sa.Column("last_seen", BIG, nullable=False),
        sa.PrimaryKeyConstraint("sender", "system", "code", "field"),
    )


def downgrade() -> None:
    """Go down."""
    for name in ("local_code", "journal_seen", "journal_answer"):
        op.drop_table(name)
    for name in ("replay", "received", "kind"):
        op.drop_index(f"journal_{name}", "journal")
    op.drop_column("journal", "mapped")
