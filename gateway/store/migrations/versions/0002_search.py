"""Index tables for all kinds of search parameters, and the rows of a resource from its side.

Index rows that are there are kept: identifiers must be found while everything is indexed anew.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")
CURRENT = sa.text("deleted = 0")

# (table, columns that are compared by code point from now on)
COLLATED = (
    ("resource", ("type", "id")),
    ("index_token", ("code", "system")),
    ("index_string", ("exact",)),
    ("index_reference", ("target_id", "target_type")),
    ("index_uri", ("uri",)),
)
KEPT = ("index_token", "index_string", "index_reference", "index_uri")

# As `gateway.store.index_records` says: 25 hours, 31 days and an hour.
FILL_DATES = """
    INSERT INTO index_date (param, span, low, high, rid)
    SELECT param,
           2 * CASE WHEN high - low <= 90000000000 THEN 0
                    WHEN high - low <= 2682000000000 THEN 1 ELSE 2 END
             + CASE WHEN count(*) OVER (PARTITION BY rid, param) > 1 THEN 1 ELSE 0 END,
           low, high, rid
    FROM index_date_0001
"""
UNFILL_DATES = "INSERT INTO index_date SELECT param, low, high, rid FROM index_date_0002"


def upgrade() -> None:
    """Go up."""
    if op.get_bind().dialect.name == "postgresql":
        _collate("C")
    _resources()
    _dates()
    for name in KEPT:
        op.create_index(f"{name}_resource", name, ["rid", "param"])
    _quantities()
    _composites()
    _words()
    op.create_table(
        "index_state",
        sa.Column("type", TEXT, nullable=False),
        sa.Column("filled", sa.Text(), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=False),
        sa.Column("position", BIG, nullable=False),
        sa.Column("last", BIG, nullable=False),
        sa.Column("done", BIG, nullable=False),
        sa.Column("total", BIG, nullable=False),
        sa.PrimaryKeyConstraint("type"),
    )
    # Nothing is known to be whole of what was there before; what is new comes with all its rows.
    op.execute(
        "INSERT INTO index_state (type, filled, wanted, position, last, done, total) "
        "SELECT DISTINCT type, '{}', '', 0, 0, 0, 0 FROM resource"
    )


def _collate(collation: str) -> None:
    for name, columns in COLLATED:
        changes = ", ".join(
            f'ALTER COLUMN {column} TYPE text COLLATE "{collation}"' for column in columns
        )
        op.execute(f"ALTER TABLE {name} {changes}")


def _resources() -> None:
    op.drop_index("resource_order", "resource")
    op.add_column("resource", sa.Column("updated", BIG, nullable=False, server_default="0"))
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE resource ALTER COLUMN updated DROP DEFAULT")
    op.execute(
        "UPDATE resource SET updated = "
        "(SELECT v.updated FROM resource_version v WHERE v.seq = resource.seq)"
    )
    for name, columns in (("order", ["type", "rid"]), ("updated", ["type", "updated", "rid"])):
        op.create_index(
            f"resource_{name}",
            "resource",
            columns,
            sqlite_where=CURRENT,
            postgresql_where=CURRENT,
        )


def _dates() -> None:
    op.rename_table("index_date", "index_date_0001")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER INDEX index_date_pkey RENAME TO index_date_0001_pkey")
    op.create_table(
        "index_date",
        sa.Column("param", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("span", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("low", BIG, autoincrement=False, nullable=False),
        sa.Column("high", BIG, autoincrement=False, nullable=False),
        sa.Column("rid", BIG, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("param", "span", "low", "high", "rid"),
        sqlite_with_rowid=False,
    )
    op.execute(FILL_DATES)
    op.drop_table("index_date_0001")
    op.create_index("index_date_resource", "index_date", ["rid", "param"])


def _quantities() -> None:
    op.create_table(
        "index_quantity",
        sa.Column("param", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("span", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("low", sa.Double(), autoincrement=False, nullable=False),
        sa.Column("high", sa.Double(), autoincrement=False, nullable=False),
        sa.Column("code", TEXT, nullable=False),
        sa.Column("system", TEXT, nullable=False),
        sa.Column("rid", BIG, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("param", "span", "low", "high", "code", "system", "rid"),
        sqlite_with_rowid=False,
    )
    op.create_index("index_quantity_resource", "index_quantity", ["rid", "param"])


def _composites() -> None:
    names = ("param", "code", "code2", "low", "high", "system", "system2", "low3", "high3", "rid")
    kinds = {"param": sa.Integer(), "rid": BIG}
    op.create_table(
        "index_composite",
        *(
            sa.Column(
                name,
                kinds.get(name, TEXT if name[:3] in ("cod", "sys") else sa.Double()),
                autoincrement=False,
                nullable=False,
            )
            for name in names
        ),
        sa.PrimaryKeyConstraint(*names),
        sqlite_with_rowid=False,
    )
    op.create_index("index_composite_resource", "index_composite", ["rid", "param"])


def _words() -> None:
    op.create_table(
        "index_word",
        sa.Column("param", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("word", TEXT, nullable=False),
        sa.Column("rid", BIG, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("param", "word", "rid"),
        sqlite_with_rowid=False,
    )
    op.create_index("index_word_resource", "index_word", ["rid", "param"])


def downgrade() -> None:
    """Go back down."""
    for name in ("index_state", "index_word", "index_composite", "index_quantity"):
        op.drop_table(name)
    for name in KEPT:
        op.drop_index(f"{name}_resource", name)
    _old_dates()
    op.drop_index("resource_updated", "resource")
    op.drop_index("resource_order", "resource")
    op.drop_column("resource", "updated")
    op.create_index("resource_order", "resource", ["type", "rid"])
    if op.get_bind().dialect.name == "postgresql":
        _collate("default")


def _old_dates() -> None:
    op.drop_index("index_date_resource", "index_date")
    op.rename_table("index_date", "index_date_0002")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER INDEX index_date_pkey RENAME TO index_date_0002_pkey")
    op.create_table(
        "index_date",
        sa.Column("param", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("low", BIG, autoincrement=False, nullable=False),
        sa.Column("high", BIG, autoincrement=False, nullable=False),
        sa.Column("rid", BIG, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("param", "low", "high", "rid"),
        sqlite_with_rowid=False,
    )
    op.execute(UNFILL_DATES)
    op.drop_table("index_date_0002")
