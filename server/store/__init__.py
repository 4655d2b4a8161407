"""All SQL. One module a concern; what differs between PostgreSQL and SQLite is in dialect.py alone."""
