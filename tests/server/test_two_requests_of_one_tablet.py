"""Two requests of one tablet at once: what the tablet has said by then never goes back."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from server.store import ledger, tables, tablets
from server.store.flight import Question
from server.store.tablets import Caller
from sync import stamps
from tests.support.county import County
from tests.support.device import Device


def said(county: County) -> tuple[str, str]:
    columns = tables.tablet.c
    with county.center.engine.connect() as connection:
        last_now, owed_nothing_at = connection.execute(sa.select(columns.last_now, columns.owed_nothing_at)).one()
    return last_now, owed_nothing_at


def test_a_request_that_read_before_another_wrote_takes_nothing_back(
    county: County, wang: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = stamps.stamp(county.clock())
    county.clock.pass_ms(60_000)
    wang.sync()
    latest = stamps.stamp(county.clock())
    assert said(county) == (latest, latest)

    read = tablets.opening

    def before(code: str | None, token: str) -> Question[tuple[ledger.County, Caller | None]]:
        its, found = yield from read(code, token)
        return its, found and replace(found, last_now=None, owed_nothing_at=None)

    monkeypatch.setattr(tablets, "opening", before)
    wang.sync(now=earlier)
    assert said(county) == (latest, latest)
