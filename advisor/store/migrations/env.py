"""Run by alembic for every command: on the connection that advisor.store.migrate hands over."""

from __future__ import annotations

from alembic import context

from advisor.store.migrate import VERSION_TABLE
from advisor.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,  # SQLite cannot alter a table; alembic rebuilds it
    compare_type=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
