"""Remember what was asked of hosts, and what became of sources"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "host_state",
        sa.Column("host", sa.Text(), primary_key=True),
        sa.Column("not_before", MOMENT),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.Column("closures", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
    )
    op.create_table(
        "host_nights",
        sa.Column("host", sa.Text(), primary_key=True),
        sa.Column("night", sa.Text(), primary_key=True),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "watched",
        sa.Column("source", sa.Text(), primary_key=True),
        sa.Column("url_key", sa.Text(), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("accepted", sa.Text(), nullable=False),
        sa.Column("current", sa.Text(), nullable=False),
        sa.Column("capture_id", sa.Text(), nullable=False),
        sa.Column("changed_at", MOMENT),
    )
    op.create_table(
        "withheld",
        sa.Column("doc_id", sa.Text(), primary_key=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
    )
    op.create_index("withheld_by_source", "withheld", ["source"])
    op.create_table(
        "absences",
        sa.Column("source", sa.Text(), primary_key=True),
        sa.Column("work_id", sa.Text(), primary_key=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("first_at", MOMENT, nullable=False),
        sa.Column("crawl_id", sa.Text(), nullable=False),
        sa.Column("event_at", MOMENT),
    )
    op.create_table(
        "listings",
        sa.Column("source", sa.Text(), primary_key=True),
        sa.Column("url_key", sa.Text(), primary_key=True),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("counted_at", MOMENT, nullable=False),
    )


def downgrade() -> None:
    for name in ("listings", "absences", "withheld", "watched", "host_nights", "host_state"):
        op.drop_table(name)
