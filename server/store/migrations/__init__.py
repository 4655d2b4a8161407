"""The versions of the schema, and what Alembic runs to reach them."""
