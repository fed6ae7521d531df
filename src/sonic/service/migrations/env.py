"""What Alembic runs to apply the changes, on the connection that `sonic.service.database` hands over."""

from __future__ import annotations

from alembic import context

from sonic.service.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
