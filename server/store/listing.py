"""Records of one type inside a scope: a page of them, one of them, all of them. One statement each.

What is read is found by the keys of the scope, each a probe of `placement_feed`, never by a walk through the county:
the scope of the whole county walks through its own records. No index is kept for this alone, since every push would
pay for it: `rev` goes along `placement_feed` and `record_revision`, and `made_at` sorts what the scope holds.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from server.store import probes
from sync.limits import PAGE_BYTES_MAX
from sync.scope import Scope

ROWS_AT_ONCE = 500
"""How many rows of an export are in memory at a time."""


@dataclass(frozen=True, slots=True)
class Between:
    """From `since` (inclusive) until `until` (exclusive), as text; either may be open. `member` of the document, or
    None for the moment at which a record was made."""

    member: str | None
    since: str | None
    until: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records: of a type, under any key of each set of `under`, where each of `members` is any of these values
    (as JSON), within the dates."""

    type: str
    under: tuple[frozenset[str], ...] = ()
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    between: Between | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """By `rev` or `made_at`, after the place of the last row that was seen: its revision, or its moment and id."""

    by: str
    descending: bool
    after: int | tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A record as it stands; `document` is JSON."""

    id: str
    revision: int
    document: str
    made_at: str
    made_by: str


@dataclass(frozen=True, slots=True)
class Page:
    """Records in an order; `cut` where there are more of them."""

    items: tuple[Item, ...]
    cut: bool


# Documents are read once it is known which of them there is room for. One there always is.
_SIZED = """
    SELECT * FROM (
        SELECT each.*, count(*) OVER () AS found,
            sum(bytes) OVER (ORDER BY {order} ROWS UNBOUNDED PRECEDING) AS up_to_here
        FROM (
            SELECT f.*, {bytes} AS bytes FROM (
                SELECT g.*, g.id AS record, CAST(:type AS text) AS type FROM ({found}) AS g
            ) AS f {record}
        ) AS each
    ) AS sized WHERE up_to_here - bytes < :bytes
"""


def page(connection: sa.Connection, county: str, scope: Scope, wanted: Wanted, order: Order, rows: int) -> Page:
    """Up to so many records in an order, and none after the one that fills a page."""
    asked = _Asked.of(connection, county, scope, wanted)
    asked.parameters |= {"rows": rows + 1, "bytes": PAGE_BYTES_MAX}
    sign, way = ("<", "DESC") if order.descending else (">", "ASC")
    match order.after:
        case int(revision):
            asked.parameters["after"] = revision
            asked.bounds.append(f"{{0}}revision {sign} :after")
        case (moment, identity):
            asked.parameters |= {"after": moment, "after_id": identity}
            identified = probes.RECORD_ID[asked.name].format("after_id")
            asked.conditions.append(f"(r.made_at {sign} :after OR (r.made_at = :after AND r.id {sign} {identified}))")
    by_revision = order.by == "rev"
    along = f"{{0}}revision {way}" if by_revision else f"{{0}}made_at {way}, {{0}}id {way}"
    found = asked.found(probes.LISTED_PAGE, "p." if by_revision else "r.", along)
    name = asked.name
    sized = _SIZED.format(
        found=found, order=along.format(""), bytes=probes.FEED_BYTES[name], record=probes.FEED_RECORD[name]
    )
    statement = probes.LISTED_DOCUMENTS[name].format(found=sized, order=along.format("r."))
    told = connection.execute(sa.text(statement), asked.parameters).all()
    items = tuple(map(_item, told[:rows]))
    return Page(items, bool(told) and told[0].found > len(items))


_ONE = """
    SELECT r.id, r.revision, r.document, r.made_at, r.made_by FROM record AS r
    WHERE r.county = :county AND r.type = :type AND r.id = {id} AND r.gone IS NULL{conditions}
"""
_UNDER = """EXISTS (
    SELECT 1 FROM placement AS h
    WHERE h.county = :county AND h.record = r.id AND h.type = r.type AND h.gone IS NULL AND {held}
)"""
"""That the record `r` stands under one of some keys."""


def one(connection: sa.Connection, county: str, scope: Scope, record_type: str, identity: str) -> Item | None:
    """A record, or None where the scope does not hold it or there is none: both are the same to whoever asks."""
    asked = _Asked.of(connection, county, scope, Wanted(record_type))
    asked.parameters["id"] = identity
    statement = _ONE.format(
        id=probes.RECORD_ID[asked.name].format("id"),
        conditions="" if asked.keys is None else f" AND {_under(asked.name, 'keys')}",
    )
    row = connection.execute(sa.text(statement), asked.parameters).first()
    return None if row is None else _item(row)


@contextmanager
def everything(connection: sa.Connection, county: str, scope: Scope, wanted: Wanted) -> Iterator[Iterator[Item]]:
    """All of them, as the database reads them on: from a cursor of the server's, a few at a time, closed at the end."""
    asked = _Asked.of(connection, county, scope, wanted)
    statement = sa.text(asked.found(probes.LISTED_WHOLLY)).execution_options(yield_per=ROWS_AT_ONCE)
    with connection.execute(statement, asked.parameters) as rows:
        yield map(_item, rows)


def _item(row: Any) -> Item:
    return Item(str(row.id), row.revision, row.document, row.made_at, row.made_by)


@dataclass(slots=True)
class _Asked:
    """A question on its way to SQL. `keys` are those whose records are looked through, None for the whole county's;
    `bounds` hold of a revision alone, `conditions` of the record `r`."""

    name: str
    keys: frozenset[str] | None
    parameters: dict[str, Any]
    conditions: list[str]
    bounds: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, connection: sa.Connection, county: str, scope: Scope, wanted: Wanted) -> "_Asked":
        name = connection.dialect.name
        keys = None if scope.whole else scope.keys
        parameters: dict[str, Any] = {"county": county, "type": wanted.type}
        conditions = []
        for number, under in enumerate(wanted.under):
            if keys is None or (keys is scope.keys and under <= scope.keys):
                keys = under  # What stands under these is the caller's, and it is the less to look through.
            else:
                parameters[f"under{number}"] = json.dumps(sorted(under))
                conditions.append(_under(name, f"under{number}"))
        for number, (member, values) in enumerate(wanted.members.items()):
            parameters |= {f"member{number}": member, f"values{number}": json.dumps(values)}
            conditions.append(probes.LISTED_MEMBER[name].format(f"member{number}", f"values{number}"))
        if keys is not None:
            parameters["keys"] = json.dumps(sorted(keys))
        asked = cls(name, keys, parameters, conditions)
        asked._between(wanted.between)
        return asked

    def _between(self, between: Between | None) -> None:
        if between is None:
            return
        value = "r.made_at"
        if between.member is not None:
            value = probes.LISTED_TEXT[self.name]
            self.parameters["moment"] = between.member
        for sign, name, bound in ((">=", "since", between.since), ("<", "until", between.until)):
            if bound is not None:
                self.parameters[name] = bound
                self.conditions.append(f"{value} {sign} :{name}")

    def found(self, forms: Mapping[tuple[str, bool], str], along: str = "", order: str = "") -> str:
        """The statement of one of the dialect's forms. `along`: the table by whose order a page is read."""
        is_whole = self.keys is None
        return forms[self.name, is_whole].format(
            bounds="".join(f" AND {each.format('r.' if is_whole else 'p.')}" for each in self.bounds),
            conditions="".join(f" AND {each}" for each in self.conditions),
            order=order.format("r." if is_whole else along),
            outer=order.format("c."),
        )


def _under(name: str, parameter: str) -> str:
    return _UNDER.format(held=probes.FEED_HELD[name].replace(":held", f":{parameter}"))
