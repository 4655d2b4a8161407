"""The tables of a store, and how older stores become today's.

- `meta`: one value a key (Meta names them).
- `outbox`: every edit made here, in the order it was made. `line` is what travels, byte for byte.
- `base`: records as the center last sent them.
- `view`: records as they are shown: base with the edits made here on top.
- `set_aside`: records that a restored center no longer had, kept for people to look at.
"""

from enum import StrEnum


class Meta(StrEnum):
    """The keys of `meta`."""

    SERVER = "server"
    CA_FILE = "ca_file"
    CODE = "code"
    NONCE = "nonce"
    TOKEN = "token"  # noqa: S105 - the name of a key
    TABLET = "tablet"
    PERSON = "person"
    COUNTY = "county"
    SCOPE = "scope"
    ME = "me"
    CURSOR = "cursor"
    MARK = "mark"
    GENERATION = "generation"
    REPLAYING = "replaying"
    CLOCK_OFFSET_MS = "clock_offset_ms"
    LAST_STAMP = "last_stamp"
    LAST_SYNC = "last_sync"
    CHECKED_MS = "checked_ms"
    AGAIN = "again"
    REVOKED = "revoked"


class State(StrEnum):
    """What is known of an edit's outcome. `new`: nothing yet. `discarded`: refused, and dealt with by its author.
    `erased`: its line was blanked because the center erased what it says."""

    NEW = "new"
    ACKED = "acked"
    REFUSED = "refused"
    HELD = "held"
    DISCARDED = "discarded"
    ERASED = "erased"


TABLES = ("meta", "outbox", "base", "view", "set_aside")
"""In every store, of whatever version."""

DOUBTED = -1
"""The revision in `base` of a row that may not be what the center has."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
        """CREATE TABLE outbox (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            edit TEXT NOT NULL UNIQUE,
            line BLOB NOT NULL,
            type TEXT NOT NULL,
            record TEXT NOT NULL,
            state TEXT NOT NULL DEFAULT 'new',
            unsent INTEGER NOT NULL DEFAULT 1,  -- also 1 while an acknowledged edit is to be sent once more
            passed INTEGER NOT NULL DEFAULT 0,  -- 1 once the feed has brought what the center made of it
            through INTEGER,                    -- the revision up to which the feed must come for that
            code TEXT, field TEXT, zh TEXT, en TEXT,
            outcome_ms INTEGER                  -- when its outcome came, by the center's clock
        )""",
        "CREATE INDEX outbox_record ON outbox (record, seq)",
        "CREATE INDEX outbox_unsent ON outbox (seq) WHERE unsent = 1",
        "CREATE INDEX outbox_overlaid ON outbox (record) WHERE passed = 0",
        """CREATE TABLE base (
            type TEXT NOT NULL,
            id TEXT NOT NULL,
            rev INTEGER NOT NULL,
            doc TEXT NOT NULL,
            dots TEXT NOT NULL,
            keys TEXT NOT NULL,
            generation INTEGER NOT NULL,
            PRIMARY KEY (type, id)
        ) WITHOUT ROWID""",
        "CREATE INDEX base_leaving ON base (type, id) WHERE keys = '[]'",
        "CREATE INDEX base_generation ON base (generation)",
        """CREATE TABLE view (
            type TEXT NOT NULL,
            id TEXT NOT NULL,
            doc TEXT NOT NULL,
            dots TEXT NOT NULL,
            keys TEXT NOT NULL,
            pending INTEGER NOT NULL,
            text TEXT NOT NULL,
            unit TEXT, household TEXT, dispute TEXT, status TEXT, record TEXT, removed TEXT,
            PRIMARY KEY (type, id)
        )""",
        "CREATE INDEX view_unit ON view (type, unit, id)",
        "CREATE INDEX view_household ON view (type, household, id) WHERE household IS NOT NULL",
        "CREATE INDEX view_dispute ON view (type, dispute, id) WHERE dispute IS NOT NULL",
        "CREATE INDEX view_status ON view (type, status, id) WHERE status IS NOT NULL",
        "CREATE INDEX view_record ON view (type, record, id) WHERE record IS NOT NULL",
        """CREATE TABLE set_aside (
            type TEXT NOT NULL,
            id TEXT NOT NULL,
            rev INTEGER NOT NULL,
            doc TEXT NOT NULL,
            PRIMARY KEY (type, id)
        ) WITHOUT ROWID""",
    ),
    (
        "DROP INDEX outbox_overlaid",
        # Saving an edit writes nothing into these two: they speak of its outcome.
        "CREATE INDEX outbox_awaited ON outbox (through) WHERE passed = 0 AND through IS NOT NULL",
        "CREATE INDEX outbox_outcome ON outbox (outcome_ms) WHERE outcome_ms IS NOT NULL",
        f"CREATE INDEX base_doubted ON base (generation) WHERE rev = {DOUBTED}",
    ),
    (
        # Saving an edit writes into as few pages as may be: no AUTOINCREMENT, whose count has a table of its own; the
        # stamp beside the line; and a creation, whose record has its name, is found by that.
        "ALTER TABLE outbox RENAME TO outbox_before",
        """CREATE TABLE outbox (
            seq INTEGER PRIMARY KEY,            -- the newest line always stays, so that none comes twice
            edit TEXT NOT NULL UNIQUE,
            line BLOB NOT NULL,
            type TEXT NOT NULL,
            record TEXT NOT NULL,
            stamp TEXT NOT NULL,                -- the last one given while this was the newest line
            state TEXT NOT NULL DEFAULT 'new',
            unsent INTEGER NOT NULL DEFAULT 1,  -- also 1 while an acknowledged edit is to be sent once more
            passed INTEGER NOT NULL DEFAULT 0,  -- 1 once the feed has brought what the center made of it
            through INTEGER,                    -- the revision up to which the feed must come for that
            code TEXT, field TEXT, zh TEXT, en TEXT,
            outcome_ms INTEGER                  -- when its outcome came, by the center's clock
        )""",
        """INSERT INTO outbox SELECT seq, edit, line, type, record,
            coalesce((SELECT value FROM meta WHERE key = 'last_stamp'), ''),
            state, unsent, passed, through, code, field, zh, en, outcome_ms FROM outbox_before""",
        "DROP TABLE outbox_before",
        "CREATE INDEX outbox_record ON outbox (record) WHERE record <> edit",
        "CREATE INDEX outbox_unsent ON outbox (seq) WHERE unsent = 1",
        "CREATE INDEX outbox_awaited ON outbox (through) WHERE passed = 0 AND through IS NOT NULL",
        "CREATE INDEX outbox_outcome ON outbox (outcome_ms) WHERE outcome_ms IS NOT NULL",
        # A tablet's records are of a few units, most of one: looking through all of a type finds them about as soon.
        "DROP INDEX view_unit",
    ),
    (
        # `find` looks through the documents themselves: a store is a third smaller.
        "ALTER TABLE view DROP COLUMN text",
    ),
)
"""Each step's statements run in one transaction; `PRAGMA user_version` counts the steps taken."""

VIEW_COLUMNS = ("unit", "household", "dispute", "status", "record", "removed")
"""Fields that have a column of their own in `view`, so that listing by them reads an index (but for
`unit` and `removed`) and no documents but theirs."""
