"""Every limit of the wire, named once. Both sides read them here, and the API description publishes them."""

from schemas import limits as of_values

EDITS_PER_REQUEST_MAX = 500
REQUEST_BYTES_MAX = 4 * 1024 * 1024
"""Of a request's body as it travels, compressed or not."""
REQUEST_UNPACKED_BYTES_MAX = 16 * 1024 * 1024
HEAD_BYTES_MAX = 512 * 1024
"""Of a request's first line: a cursor, and keys to be read again."""
LINE_BYTES_MAX = 64 * 1024
NESTING_MAX = 32
"""Of arrays and objects in one line."""
OVER_NAMES_MAX = of_values.OVER_NAMES_MAX
"""Names of edits in one line's `over`, all registers together: far more than ever stand beside each other, few enough
that naming what nobody has costs its author more than anybody else."""
INTEGER_MAX = 2**53 - 1
"""The largest whole number, up or down, that every reader of JSON keeps exact (I-JSON, RFC 7493 section 2.2)."""

ENROLMENT_BYTES_MAX = 64 * 1024
"""Of the body of an enrolment, as it travels and unpacked."""

SNAPSHOT_BYTES_MAX = 16 * 1024 * 1024
"""Of a day's status as a center pushes it, unpacked."""
STATUS_DAYS_MAX = 366
"""Of the local days that one request for sums may span."""

PAGE_ROWS_MAX = 1000
PAGE_BYTES_MAX = 4 * 1024 * 1024
CATCHING_UP_KEYS_PER_PAGE_MAX = 64

SIBLINGS_LISTED_MAX = of_values.SIBLINGS_LISTED_MAX
SETTLEMENTS_LISTED_MAX = of_values.SETTLEMENTS_LISTED_MAX
CONFLICT_VALUES_BYTES_MAX = 256 * 1024
"""Of the values of a conflict's siblings together, and of those of its settlements, as JSON: several of the longest."""
SET_VALUES_SHOWN_MAX = 200
"""Of one set of a record. More than a creation can give, so that what it gave is always shown."""

DRIFT_MS_MAX = 5 * 60 * 1000
"""How far a tablet's clock may run ahead of the server's before its stamps are moved back."""

RETENTION_DAYS = 35
"""How long a tablet keeps acknowledged edits, counted by the server's clock."""
