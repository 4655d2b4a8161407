"""The server: a Flask app over a SQL store. Views are thin, all merging is in sync/.

The tables and the SQL of whatever is frequent are in store/. What is rare states its own beside what it is for:
administration and keeping, enrolment, held edits, verification.
"""
