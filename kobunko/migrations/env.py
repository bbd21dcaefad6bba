"""alembic's entry: runs inside the connection that `kobunko.catalogue` hands over, or on KOBUNKO__CATALOGUE."""

import os

import sqlalchemy as sa
from alembic import context

from kobunko.tables import metadata


def _run(connection: sa.Connection) -> None:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    with sa.create_engine(os.environ["KOBUNKO__CATALOGUE"]).connect() as connection:
        _run(connection)
