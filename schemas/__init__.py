"""What a record is: one marshmallow schema a record type, each field with its merge rule beside it; code lists as data.

Imports nothing of Doorstep's and does no I/O but reading its own data files once, at import.
"""
