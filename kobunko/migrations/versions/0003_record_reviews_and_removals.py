"""Record reviews of terms pages, removal requests and what they bind"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'


def upgrade() -> None:
    op.create_table('terms_reviews',
    sa.Column('host', sa.Text(), nullable=False),
    sa.Column('sha256', sa.Text(), nullable=False),
    sa.Column('url', sa.Text(), nullable=False),
    sa.Column('decision', sa.Text(), nullable=False),
    sa.Column('license', sa.Text(), nullable=False),
    sa.Column('rule', sa.Text(), nullable=False),
    sa.Column('phrase', sa.Text(), nullable=False),
    sa.Column('start', sa.Integer(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('reviewed_by', sa.Text(), nullable=False),
    sa.Column('reviewed_at', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('host', 'sha256')
    )
    op.create_table('removal_requests',
    sa.Column('request_id', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('target', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('requested_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('deadline', sa.DateTime(timezone=True), nullable=True),
    sa.Column('purged_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('request_id')
    )
    op.create_table('tombstones',
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('value', sa.Text(), nullable=False),
    sa.Column('request_id', sa.Text(), nullable=False),
    sa.Column('relation', sa.Text(), nullable=False),
    sa.Column('minhash', sa.LargeBinary(), nullable=True),
    sa.Column('bound_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('kind', 'value')
    )
    with op.batch_alter_table('tombstones', schema=None) as batch_op:
        batch_op.create_index('tombstones_by_request', ['request_id'], unique=False)

    # Documents that were kept out so far become requests of their own.
    op.execute("""
        INSERT INTO removal_requests (request_id, kind, target, reason, note, requested_at)
        SELECT 'removal-' || doc_id, 'document', doc_id, 'preference', reason, requested_at FROM removals
    """)
    op.execute("""
        INSERT INTO tombstones (kind, value, request_id, relation, bound_at)
        SELECT 'document', doc_id, 'removal-' || doc_id, 'named', requested_at FROM removals
    """)
    op.execute("""
        INSERT INTO tombstones (kind, value, request_id, relation, bound_at)
        SELECT 'sha256', raw_sha256, 'removal-' || MIN(doc_id), 'named', MIN(requested_at)
        FROM removals WHERE raw_sha256 <> '' GROUP BY raw_sha256
    """)
    with op.batch_alter_table('removals', schema=None) as batch_op:
        batch_op.drop_index('removals_by_sha256')
    op.drop_table('removals')


def downgrade() -> None:
    op.create_table('removals',
    sa.Column('doc_id', sa.Text(), nullable=False),
    sa.Column('raw_sha256', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('requested_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('doc_id')
    )
    with op.batch_alter_table('removals', schema=None) as batch_op:
        batch_op.create_index('removals_by_sha256', ['raw_sha256'], unique=False)

    op.execute("""
        INSERT INTO removals (doc_id, raw_sha256, reason, requested_at)
        SELECT t.value, '', r.reason, t.bound_at
        FROM tombstones t JOIN removal_requests r ON r.request_id = t.request_id WHERE t.kind = 'document'
    """)
    with op.batch_alter_table('tombstones', schema=None) as batch_op:
        batch_op.drop_index('tombstones_by_request')

    op.drop_table('tombstones')
    op.drop_table('removal_requests')
    op.drop_table('terms_reviews')
