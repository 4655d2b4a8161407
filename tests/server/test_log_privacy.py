"""What goes wrong is logged without the values of people's records."""

import logging

import pytest
import sqlalchemy as sa

from server.center import Center
from server.settings import Settings
from server.store import bulk, dialect, tables

SECRET = "13800138000"


def test_an_error_of_the_database_says_no_values(migrated_url: str, caplog: pytest.LogCaptureFixture) -> None:
    center = Center.of(Settings(migrated_url))
    try:
        with (
            caplog.at_level(logging.ERROR),
            pytest.raises(sa.exc.DBAPIError) as failed,
            dialect.writing(center.engine) as connection,
        ):
            bulk.insert(connection, tables.person, [{"county": "990101", "id": "wang", "name": SECRET}] * 2)
        logging.getLogger("doorstep").error("database_failed", exc_info=failed.value)
    finally:
        center.engine.dispose()
    assert "database_failed" in caplog.text
    assert SECRET not in caplog.text
