"""Small objects, on their way from the commit that names them to the object store."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Go up."""
    op.create_table(
        "object_landed",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("landed", BIG, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256"),
    )
    op.create_index("object_landed_order", "object_landed", ["landed"])


def downgrade() -> None:
    """Go down: what has not been brought away would be lost."""
    waiting = op.get_bind().execute(sa.text("SELECT COUNT(*) FROM object_landed")).scalar()
    if waiting:
        message = f"{waiting} objects have not been brought to the object store yet."
        raise RuntimeError(message)
    op.drop_table("object_landed")
