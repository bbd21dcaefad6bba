"""Find documents by the source's own name of them"""

from alembic import op

revision = '0004'
down_revision = '0003'


def upgrade() -> None:
    op.create_index('documents_by_key', 'documents', ['source_key'], unique=False)


def downgrade() -> None:
    op.drop_index('documents_by_key', table_name='documents')
