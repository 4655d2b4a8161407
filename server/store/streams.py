"""Rows of statements that give more than is to be kept at once: as they come, and several streams of them by id."""

import heapq
import itertools
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

ROWS_AT_ONCE = 1000


def streamed(connection: sa.Connection, statement: sa.Select[Any]) -> Iterator[sa.RowMapping]:
    yield from connection.execute(statement.execution_options(yield_per=ROWS_AT_ONCE)).mappings()


def by_id(*streams: Iterator[sa.RowMapping]) -> Iterator[tuple[str, list[list[sa.RowMapping]]]]:
    """Id by id, the rows of each stream that have it. Each is in the order of its ids: nothing need be kept."""

    def told(place: int, stream: Iterator[sa.RowMapping]) -> Iterator[tuple[str, int, sa.RowMapping]]:
        return ((str(row["id"]), place, row) for row in stream)

    in_order = heapq.merge(*map(told, itertools.count(), streams), key=itemgetter(0))
    for identity, rows in groupby(in_order, key=itemgetter(0)):
        found: list[list[sa.RowMapping]] = [[] for _ in streams]
        for _, place, row in rows:
            found[place].append(row)
        yield identity, found
