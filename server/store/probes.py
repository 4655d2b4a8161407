"""The building blocks of SQL that is written out, for PostgreSQL and for SQLite: the feed, lists, chains of edits."""

# The feed's building blocks. Both give, for each key with its own starting revision, its first rows in order of
# revision by one bounded index probe: a LATERAL join on PostgreSQL, the same said with a scalar bound on SQLite.

FEED_PROBES = {
    "postgresql": """
        SELECT k.part, k.turn, p.revision, p.type, p.record, p.gone
        FROM jsonb_to_recordset(CAST(:probes AS jsonb)) AS k(part integer, turn integer, key text, since bigint),
        LATERAL (
            SELECT revision, type, record, gone FROM placement
            WHERE county = :county AND key = k.key AND revision > k.since
            ORDER BY revision LIMIT :want
        ) AS p
    """,
    "sqlite": """
        SELECT k.value ->> 'part' AS part, k.value ->> 'turn' AS turn, p.revision, p.type, p.record, p.gone
        FROM json_each(:probes) AS k
        CROSS JOIN placement AS p ON p.county = :county AND p.key = k.value ->> 'key'
            AND p.revision > k.value ->> 'since'
            AND p.revision <= coalesce((
                SELECT q.revision FROM placement AS q
                WHERE q.county = :county AND q.key = k.value ->> 'key' AND q.revision > k.value ->> 'since'
                ORDER BY q.revision LIMIT 1 OFFSET :want - 1
            ), 9223372036854775807)
    """,
}
# A page's rows are few and their index is known: neither database may choose another way when its statistics are old.
# So the record is joined a row at a time, and the key's own index is kept out of the question (`h.key || ''`).
FEED_RECORD = {
    "postgresql": """
        LEFT JOIN LATERAL (
            SELECT revision, gone, document, dots FROM record
            WHERE county = :county AND type = f.type AND id = f.record LIMIT 1
        ) AS r ON true
    """,
    "sqlite": "LEFT JOIN record AS r ON r.county = :county AND r.type = f.type AND r.id = f.record",
}
# What a row brings to a page at most: PostgreSQL knows it without reading the document, SQLite reads one after another.
FEED_BYTES = {
    "postgresql": """
        CASE WHEN r.gone IS NULL
        THEN coalesce(octet_length(r.document), 0) + coalesce(octet_length(r.dots), 0) ELSE 0 END
    """,
    "sqlite": """
        CASE WHEN r.gone IS NULL
        THEN coalesce(length(CAST(r.document AS BLOB)), 0) + coalesce(length(CAST(r.dots AS BLOB)), 0) ELSE 0 END
    """,
}
# The keys of a row as JSON: no key has a sign that JSON would write otherwise.
FEED_KEYS = {
    "postgresql": """'["' || string_agg(k.key, '","') || '"]'""",
    "sqlite": """'["' || group_concat(k.key, '","') || '"]'""",
}
FEED_HELD = {
    "postgresql": "h.key || '' = ANY(ARRAY(SELECT jsonb_array_elements_text(CAST(:held AS jsonb))))",
    "sqlite": "h.key || '' IN (SELECT value FROM json_each(:held))",
}

# The building blocks of lists and exports, by whether the scope is the whole county. Else its keys are probed one after
# another and each record by its own key: no statistics may make a database walk through what other scopes hold. On
# PostgreSQL each key gives a page's worth of rows at most.

_WHOLE_PAGE = """
    SELECT r.id, r.revision, r.made_at FROM record AS r
    WHERE r.county = :county AND r.type = :type AND r.gone IS NULL{bounds}{conditions}
    ORDER BY {order} LIMIT :rows
"""
LISTED_PAGE = {
    ("postgresql", True): _WHOLE_PAGE,
    ("sqlite", True): _WHOLE_PAGE,
    ("postgresql", False): """
        SELECT DISTINCT c.id, c.revision, c.made_at
        FROM jsonb_array_elements_text(CAST(:keys AS jsonb)) AS k(key), LATERAL (
            SELECT r.id, r.revision, r.made_at FROM placement AS p, LATERAL (
                SELECT id, type, revision, document, made_at FROM record
                WHERE county = :county AND type = :type AND id = p.record LIMIT 1
            ) AS r
            WHERE p.county = :county AND p.key = k.key AND p.type = :type AND p.gone IS NULL{bounds}{conditions}
            ORDER BY {order} LIMIT :rows
        ) AS c
        ORDER BY {outer} LIMIT :rows
    """,
    ("sqlite", False): """
        SELECT DISTINCT c.id, c.revision, c.made_at FROM (
            SELECT r.id, r.revision, r.made_at FROM json_each(:keys) AS k
            CROSS JOIN placement AS p
                ON p.county = :county AND p.key = k.value AND p.type = :type AND p.gone IS NULL{bounds}
            CROSS JOIN record AS r ON r.county = :county AND r.type = :type AND r.id = p.record
            WHERE true{conditions}
        ) AS c
        ORDER BY {outer} LIMIT :rows
    """,
}
LISTED_DOCUMENTS = {
    "postgresql": """
        SELECT r.id, r.revision, r.document, r.made_at, r.made_by, f.found FROM ({found}) AS f, LATERAL (
            SELECT id, revision, document, made_at, made_by FROM record
            WHERE county = :county AND type = :type AND id = f.id LIMIT 1
        ) AS r
        ORDER BY {order}
    """,
    "sqlite": """
        SELECT r.id, r.revision, r.document, r.made_at, r.made_by, f.found FROM ({found}) AS f
        CROSS JOIN record AS r ON r.county = :county AND r.type = :type AND r.id = f.id
        ORDER BY {order}
    """,
}
_WHOLLY = """
    SELECT r.id, r.revision, r.document, r.made_at, r.made_by FROM record AS r
    WHERE r.county = :county AND r.type = :type AND r.gone IS NULL{conditions}
    ORDER BY r.id
"""
LISTED_WHOLLY = {
    ("postgresql", True): _WHOLLY,
    ("sqlite", True): _WHOLLY,
    ("postgresql", False): """
        WITH mine AS MATERIALIZED (
            SELECT DISTINCT p.record FROM jsonb_array_elements_text(CAST(:keys AS jsonb)) AS k(key), LATERAL (
                SELECT record FROM placement
                WHERE county = :county AND key = k.key AND type = :type AND gone IS NULL
                ORDER BY revision OFFSET 0
            ) AS p ORDER BY p.record
        )
        SELECT r.id, r.revision, r.document, r.made_at, r.made_by FROM mine, LATERAL (
            SELECT id, type, revision, document, made_at, made_by FROM record
            WHERE county = :county AND type = :type AND id = mine.record LIMIT 1
        ) AS r
        WHERE true{conditions}
    """,
    ("sqlite", False): """
        SELECT r.id, r.revision, r.document, r.made_at, r.made_by FROM (
            SELECT DISTINCT p.record FROM json_each(:keys) AS k
            CROSS JOIN placement AS p ON p.county = :county AND p.key = k.value AND p.type = :type AND p.gone IS NULL
            ORDER BY p.record
        ) AS mine
        CROSS JOIN record AS r ON r.county = :county AND r.type = :type AND r.id = mine.record
        WHERE true{conditions}
    """,
}
# A member of a document as the JSON that it is written in, among these; and as text.
LISTED_MEMBER = {
    "postgresql": "CAST(CAST(r.document AS json) -> :{} AS text)"
    " = ANY(ARRAY(SELECT jsonb_array_elements_text(CAST(:{} AS jsonb))))",
    "sqlite": "r.document -> :{} IN (SELECT value FROM json_each(:{}))",
}
LISTED_TEXT = {
    "postgresql": '(CAST(r.document AS json) ->> :moment) COLLATE "C"',
    "sqlite": "r.document ->> :moment",
}
RECORD_ID = {"postgresql": "CAST(:{} AS uuid)", "sqlite": ":{}"}

# The names, and all that the refused edits among them name in turn.
REACHED = {
    # Neither may walk through the table: one probe a name.
    "postgresql": """
        WITH RECURSIVE reached(name) AS (
            SELECT CAST(value AS uuid) FROM jsonb_array_elements_text(CAST(:names AS jsonb)) AS given(value)
            UNION
            SELECT n.named FROM reached, LATERAL (
                SELECT named FROM refused_name WHERE county = :county AND name = reached.name OFFSET 0
            ) AS n
        )
        SELECT name FROM reached
    """,
    "sqlite": """
        WITH RECURSIVE reached(name) AS (
            SELECT value FROM json_each(:names)
            UNION
            SELECT n.named FROM reached CROSS JOIN refused_name AS n ON n.county = :county AND n.name = reached.name
        )
        SELECT name FROM reached
    """,
}
