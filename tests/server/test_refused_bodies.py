"""A request that is refused before its body was read."""

import io

import pytest

from server.app import create_app
from server.settings import Settings
from sync.limits import REQUEST_BYTES_MAX
from tests.support.clock import TestClock

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("path", "size", "left"),
    [("/api/v1/sync", 10, 0), ("/api/v1/sync", REQUEST_BYTES_MAX + 1, 0), ("/nowhere", MIB, 0),
     ("/api/v1/enroll", 20 * MIB, 4 * MIB)],
)  # fmt: skip
def test_its_body_is_taken_in_first_up_to_a_limit(sqlite_url: str, path: str, size: int, left: int) -> None:
    """Else the client sees a broken connection, and not why it was refused."""
    body = io.BytesIO(b"x" * size)
    app = create_app(Settings(sqlite_url), TestClock())
    answer = app.test_client().post(path, input_stream=body, content_length=size)
    assert 400 <= answer.status_code < 500
    assert len(body.read()) == left


class Gone(io.BytesIO):
    """The body of a client that went away."""

    def read(self, _size: int | None = -1, /) -> bytes:
        return b""


def test_a_client_that_went_away_is_no_error(sqlite_url: str, caplog: pytest.LogCaptureFixture) -> None:
    app = create_app(Settings(sqlite_url), TestClock())
    answer = app.test_client().post("/nowhere", input_stream=Gone(), content_length=10)
    assert answer.status_code == 404
    assert caplog.records == []
