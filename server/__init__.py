"""The server: a Flask app over a SQL store. Views are thin, all SQL is in store/, all merging is in sync/."""
