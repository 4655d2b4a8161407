"""An export while it is under way: one snapshot, no connection for who is slow or gone, nothing left behind."""

import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.pool import QueuePool
from werkzeug.wsgi import FileWrapper

from server.reading import comma_separated, export, workbook
from tests.support.county import GRID, County
from tests.support.device import Device


def opened(county: County, reader: Device) -> FileWrapper:
    return export.exported(county.center, reader.token, "household", "csv", {}, "zh")


def read(county: County, reader: Device) -> str:
    with closing(opened(county, reader)) as file:
        return b"".join(file).decode()


def test_an_export_is_one_snapshot_and_the_push_goes_on(
    county: County, wang: Device, homes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is pushed while the first record has been written and the second not is in neither."""
    whole = export._parts

    def meanwhile(*given: Any) -> Iterator[bytes]:
        for number, part in enumerate(whole(*given)):
            yield part
            if number == 0:
                wang.create("household", unit=GRID)
                wang.change("household", homes[1], address="渠边路 5 号")
                assert wang.sync().outcomes == []

    monkeypatch.setattr(comma_separated, "BYTES_AT_ONCE", 1)
    with monkeypatch.context() as patched:
        patched.setattr(export, "_parts", meanwhile)
        text = read(county, wang)
    assert "共 2 条" in text
    assert "'=1+1" in text
    assert "共 3 条" in read(county, wang)


@pytest.mark.parametrize("parts", [0, 1])
def test_one_that_is_broken_off_keeps_no_connection(county: County, wang: Device, homes: list[str], parts: int) -> None:
    for _ in range(2 * county.center.settings.pool_size):
        file = opened(county, wang)
        for _ in range(parts):
            next(file)
        file.close()
    headers = {"Authorization": f"Bearer {wang.token}"}
    for _ in range(2 * county.center.settings.pool_size):
        assert wang.http.head("/api/v1/export/household.csv", headers=headers).status_code == 200
    assert wang.sync().outcomes == []


def test_a_workbook_that_fails_leaves_nothing_behind(
    county: County, wang: Device, homes: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(workbook, "_row", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        export.exported(county.center, wang.token, "household", "xlsx", {}, "zh")
    assert list(tmp_path.iterdir()) == []
    assert wang.sync().outcomes == []


@pytest.mark.parametrize("form", export.MEDIA)
def test_one_who_reads_slowly_keeps_no_connection(county: County, wang: Device, homes: list[str], form: str) -> None:
    headers = {"Authorization": f"Bearer {wang.token}"}
    with wang.http.stream("GET", f"/api/v1/export/household.{form}", headers=headers) as answer:
        pool = county.center.engine.pool
        assert isinstance(pool, QueuePool)
        assert pool.checkedout() == 0, "the file waits on the disk"
        assert answer.read()
