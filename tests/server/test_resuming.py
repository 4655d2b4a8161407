"""Going on from a cursor costs what the reader's own scope is, however large the county."""

from collections.abc import Iterator

from server import pages
from sync import chain
from sync.cursor import Cursor
from sync.scope import Scope, Span, Units, digest

COUNTY, GRID = "990101", "990101001001"


class Walked(dict[str, tuple[Span, ...]]):
    """Notes when somebody walks through it."""

    walks = 0

    def __iter__(self) -> Iterator[str]:
        self.walks += 1
        return super().__iter__()


def test_a_reader_of_one_grid_walks_through_no_other() -> None:
    parents = Walked({COUNTY: (), GRID: (Span(COUNTY),)})
    units = Units(parents)
    keys = frozenset({f"unit:{GRID}", "person:wang"})
    cursor = Cursor(7, 7, chain.tag(chain.START), digest(keys))
    parents.walks = 0
    position = pages.resumed(cursor, keys, Scope(keys, whole=False), units, COUNTY)
    assert (position.reading.revision, position.lost, parents.walks) == (7, (), 0)


def test_who_no_longer_reads_the_whole_county_loses_every_other_unit() -> None:
    units = Units({COUNTY: (), GRID: (Span(COUNTY),)})
    keys = frozenset({f"unit:{GRID}", "person:wang"})
    cursor = Cursor(7, 7, chain.tag(chain.START), "whole")
    before = frozenset({f"county:{COUNTY}", "person:wang"})
    position = pages.resumed(cursor, before, Scope(keys, whole=False), units, COUNTY)
    assert position.lost == (f"staff:{COUNTY}", f"staff:{GRID}", f"unit:{COUNTY}")
