"""Run by Alembic, on the connection that :mod:`gateway.catalogue.schema` hands over."""

from alembic import context

from gateway.catalogue.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
