"""What goes wrong between a tablet and its center, made to happen once."""

import time
from collections.abc import Callable

import httpx

SYNC_PATH = "/api/v1/sync"


class LosesAnswer(httpx.BaseTransport):
    """The next sync reaches the center, and its answer never comes back."""

    def __init__(self, way: httpx.BaseTransport) -> None:
        self._way, self._done = way, False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._way.handle_request(request)
        if self._done or request.url.path != SYNC_PATH:
            return answer
        self._done = True
        answer.read()
        answer.close()
        raise httpx.ReadError("the signal was gone before the answer came", request=request)


class Stalls(httpx.BaseTransport):
    """The next sync reaches the center; when the answer comes, nothing moves any more. `on_stall` is told."""

    def __init__(self, way: httpx.BaseTransport, on_stall: Callable[[], None]) -> None:
        self._way, self._on_stall = way, on_stall

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._way.handle_request(request)
        if request.url.path == SYNC_PATH:
            answer.read()
            self._on_stall()
            while True:  # Until the process is killed: that is the point.
                time.sleep(60)
        return answer
