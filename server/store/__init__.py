"""The tables, and the SQL of whatever is frequent: syncs, lists, figures, what is pushed. One module a concern.

How PostgreSQL and SQLite differ is told here: in connections, transactions and errors (dialect.py), many values at
once (bulk.py, arrays.py), statements that travel together (flight.py), texts that each needs in its own way
(probes.py). Only whole databases are copied elsewhere, each in its way: keeping/.
"""
