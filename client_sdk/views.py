"""Records on the tablet: what the center sent (base), and what is shown (view: base with own edits on top)."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from client_sdk.composition import Creation
from client_sdk.outbox import Outbox
from client_sdk.record import Record
from client_sdk.schema import DOUBTED, VIEW_COLUMNS, Meta
from client_sdk.store import Store
from schemas.catalog import CATALOG
from sync.answers import ERASED
from sync.digests import digests
from sync.frames import Row
from sync.overlay import View, overlaid

Name = tuple[str, str]
"""A record's type and id."""

SOUGHT_CHARS_MAX = 1000
"""How much of a text SQLite looks for; its own limit on a pattern is 50,000 bytes."""

_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_RECORD = "SELECT type, id, doc, keys, pending, dots FROM view"
# Said in so many words, and not given: so SQLite finds the few such rows by their own index.
_DOUBTED = f"rev = {DOUBTED}"
# An empty reason is none, as at the center.
_STANDS = "ifnull(removed, '') = ''"
_PUT = (
    f"INSERT OR REPLACE INTO view (type, id, doc, dots, keys, pending, {', '.join(VIEW_COLUMNS)}) "  # noqa: S608
    f"VALUES (?, ?, ?, ?, ?, ?{', ?' * len(VIEW_COLUMNS)})"
)


class Views:
    def __init__(self, store: Store, outbox: Outbox) -> None:
        self._store, self._outbox = store, outbox

    # -- what the center sends (within a transaction)

    def put(self, row: Row, generation: int) -> None:
        """A row of the feed: the record's latest state, or the news that it left the scope."""
        if row.document is None:
            self._leave(row)
            return
        self._store.run(
            """INSERT INTO base (type, id, rev, doc, dots, keys, generation) VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (type, id) DO UPDATE SET rev = excluded.rev, doc = excluded.doc, dots = excluded.dots,
                keys = excluded.keys, generation = excluded.generation
            WHERE base.generation < excluded.generation OR base.rev <= excluded.rev""",
            row.type,
            row.id,
            row.revision,
            _text(row.document),
            _text(row.dots or {}),
            _text(row.keys),
            generation,
        )
        self._store.run("DELETE FROM set_aside WHERE type = ? AND id = ?", row.type, row.id)

    def _leave(self, row: Row) -> None:
        if row.gone == ERASED:
            self.erase(row.type, row.id)
        else:
            self._store.run("UPDATE base SET keys = '[]' WHERE type = ? AND id = ?", row.type, row.id)

    def erase(self, record_type: str, record: str) -> None:
        """Nothing of a record stays but edits that the center has not judged: it will know them as erased too."""
        self._store.run("DELETE FROM base WHERE type = ? AND id = ?", record_type, record)
        self._store.run("DELETE FROM set_aside WHERE type = ? AND id = ?", record_type, record)
        self._outbox.erase(record_type, record)

    def lose(self, key: str) -> list[Name]:
        """A key is no longer the caller's: records under no other key of theirs leave. Gives what was under it."""
        found = self._store.rows("SELECT type, id, keys FROM base WHERE instr(keys, ?) > 0", _text(key))
        for record_type, record, keys in found:
            kept = [other for other in json.loads(keys) if other != key]
            self._store.run("UPDATE base SET keys = ? WHERE type = ? AND id = ?", _text(kept), record_type, record)
        return [(record_type, record) for record_type, record, _ in found]

    def drop_left(self) -> list[Name]:
        """Drops records that left the scope, once every edit owed on them has its outcome. Gives what was dropped."""
        owed = "SELECT 1 FROM outbox WHERE record = base.id AND outbox.type = base.type AND unsent = 1"
        condition = f"keys = '[]' AND NOT EXISTS ({owed})"
        found = self._store.rows(f"SELECT type, id FROM base WHERE {condition}")  # noqa: S608
        self._store.run(f"DELETE FROM base WHERE {condition}")  # noqa: S608
        return [(record_type, record) for record_type, record in found]

    def set_old_aside(self, scope: Sequence[str] | None) -> list[Name]:
        """Moves what an earlier generation of the center sent, and this one has not, out of sight but not away.

        Where `scope` is known, what stood under none of its keys has left it, and is dropped. What the center derives
        from records (conflicts, held edits) is dropped likewise: it follows what they are now."""
        generation = self._store.number(Meta.GENERATION)
        found = self._store.rows("SELECT type, id FROM base WHERE generation < ?", generation)
        if scope is not None:
            self._store.run(
                """DELETE FROM base WHERE generation < ? AND NOT EXISTS (
                    SELECT 1 FROM json_each(base.keys) AS stood JOIN json_each(?) AS held USING (value)
                )""",
                generation,
                _text(list(scope)),
            )
        derived = ", ".join(f"'{kind.name}'" for kind in CATALOG.types.values() if not kind.editable)
        self._store.run(
            "INSERT OR REPLACE INTO set_aside SELECT type, id, rev, doc FROM base "  # noqa: S608 - our own types
            f"WHERE generation < ? AND type NOT IN ({derived})",
            generation,
        )
        self._store.run("DELETE FROM base WHERE generation < ?", generation)
        return [(record_type, record) for record_type, record in found]

    # -- drift

    def digests(self) -> Mapping[str, str]:
        """The digest of each key, of what the center has sent."""
        rows = self._store.rows("SELECT keys, type, id, rev FROM base")
        return digests(
            (key, record_type, record, revision)
            for keys, record_type, record, revision in rows
            for key in json.loads(keys)
        )

    def doubt(self, keys: Iterable[str]) -> None:
        """Takes whatever the center sends of these keys next, whatever its revision, and drops what does not come."""
        for key in keys:
            self._store.run("UPDATE base SET rev = ? WHERE instr(keys, ?) > 0", DOUBTED, _text(key))

    def trust(self) -> None:
        """Ends all doubt: the center sends everything anew, whatever drifted."""
        self._store.run(f"UPDATE base SET rev = 0 WHERE {_DOUBTED}")  # noqa: S608

    def drop_doubted(self) -> list[Name]:
        """Drops what was doubted and did not come again. Gives what was dropped."""
        # What an earlier past of the center sent is not for drift to drop: it is set aside.
        generation = self._store.number(Meta.GENERATION)
        found = self._store.rows(f"SELECT type, id FROM base WHERE {_DOUBTED} AND generation >= ?", generation)  # noqa: S608
        self._store.run(f"DELETE FROM base WHERE {_DOUBTED} AND generation >= ?", generation)  # noqa: S608
        return [(record_type, record) for record_type, record in found]

    # -- what is shown

    def refresh(self, names: Iterable[Name]) -> None:
        """Makes the views of these records anew."""
        for record_type, record in sorted(set(names)):
            self._refresh(record_type, record)

    def _refresh(self, record_type: str, record: str) -> None:
        found = self._store.row("SELECT doc, dots, keys FROM base WHERE type = ? AND id = ?", record_type, record)
        doc, dots, keys = found or (None, "{}", "[]")
        view = None if doc is None else View(record, json.loads(doc), json.loads(dots))
        own = self._outbox.overlay(record_type, record)
        if own:
            view = overlaid(view, own, CATALOG)
        if view is None:
            self._store.run("DELETE FROM view WHERE type = ? AND id = ?", record_type, record)
        else:
            # What the center sent is shown in its own text, unless something stands on top of it.
            text = doc if doc is not None and not own else _text(view.document)
            self._show(record_type, view, text, keys, pending=bool(own) and self._outbox.owes_on(record_type, record))

    def begin(self, record_type: str, made: Creation) -> Record:
        """The view of a record that was just created here, and of which nothing else is known."""
        view = made.view
        self._show(record_type, view, made.text, "[]", pending=True)
        return Record(record_type, view.id, view.document, (), True, view.dots)

    def _show(self, record_type: str, view: View, document: str, keys: str, *, pending: bool) -> None:
        self._store.run(
            _PUT,
            record_type,
            view.id,
            document,
            _text(view.dots) if view.dots else "{}",
            keys,
            pending,
            *(_scalar(view.document.get(column)) for column in VIEW_COLUMNS),
        )

    # -- reading

    def get(self, record_type: str, record: str) -> Record | None:
        found = self._store.row(f"{_RECORD} WHERE type = ? AND id = ?", record_type, record)
        return None if found is None else _record(found)

    def select(self, record_type: str, equals: Mapping[str, object], *, removed: bool) -> list[Record]:
        """The records of a type whose fields equal these, oldest first; through an index where one of them has one."""
        conditions, parameters = ["type = ?"], [record_type]
        for field, value in equals.items():
            if field in VIEW_COLUMNS and isinstance(value, str):
                conditions.append(f"{field} = ?")
                parameters.append(value)
        if not removed and "removed" not in equals:
            conditions.append(_STANDS)
        rows = self._store.rows(f"{_RECORD} WHERE {' AND '.join(conditions)} ORDER BY id", *parameters)
        found = [_record(row) for row in rows]
        return [each for each in found if all(each.document.get(field) == value for field, value in equals.items())]

    def find(self, record_type: str, text: str) -> list[Record]:
        """The records of a type in which any value contains a text, whatever its case, oldest first."""
        conditions, parameters = f"type = ? AND {_STANDS}", [record_type]
        if all(sign.isascii() or sign.lower() == sign.upper() for sign in text):
            # SQLite finds the documents that have it somewhere, be it in a field's name; it knows no case but ASCII's.
            conditions += " AND doc LIKE ? ESCAPE '\\'"
            parameters.append(f"%{_literal(_text(text[:SOUGHT_CHARS_MAX])[1:-1])}%")
        rows = self._store.rows(f"{_RECORD} WHERE {conditions} ORDER BY id", *parameters)
        folded = text.casefold()
        found = [_record(row) for row in rows]
        return [each for each in found if any(folded in said.casefold() for said in _texts(each.document))]

    def set_aside(self) -> list[Record]:
        rows = self._store.rows("SELECT type, id, doc FROM set_aside ORDER BY type, id")
        return [Record(record_type, record, json.loads(doc)) for record_type, record, doc in rows]


def _record(row: tuple[str, str, str, str, int, str]) -> Record:
    record_type, record, doc, keys, pending, dots = row
    return Record(record_type, record, json.loads(doc), tuple(json.loads(keys)), bool(pending), json.loads(dots))


def _text(value: object) -> str:
    return _JSON.encode(value)


def _scalar(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _texts(value: Any) -> Iterator[str]:
    """Every text in a document (or a list), however deep."""
    for member in value.values() if isinstance(value, dict) else value:
        if isinstance(member, str):
            yield member
        elif isinstance(member, dict | list):
            yield from _texts(member)


def _literal(text: str) -> str:
    for special in ("\\", "%", "_"):
        text = text.replace(special, f"\\{special}")
    return text
