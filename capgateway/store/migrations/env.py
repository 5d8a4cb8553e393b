"""Alembic runs this to apply a migration; the connection comes from the caller (:mod:`capgateway.store.schema`)."""

from alembic import context

from capgateway.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
