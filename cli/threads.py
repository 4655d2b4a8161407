"""How gunicorn serves with threads here: none of them waits for a client that has nothing to say any more."""

from concurrent.futures import Future
from typing import Any

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

BEGINS_WITHIN_S = 0.25
"""On Linux a client has long begun to speak when it comes to a thread (`cli/serve.py`), or will not."""


class Threads(ThreadWorker):  # type: ignore[misc]  # gunicorn carries no types
    """gunicorn's worker of threads, of which one takes connections and closes them."""

    def handle(self, conn: Any) -> Any:
        """Answers what comes on a connection; closes one on which nothing does. (gunicorn would wait for five
        seconds.)"""
        if not conn.initialized and not conn.wait_for_data(BEGINS_WITHIN_S):
            return False
        return super().handle(conn)

    def finish_request(self, conn: Any, answered: "Future[Any]") -> None:
        """Closes an answered connection at once; the system sends what is still on its way.

        gunicorn waits for the client to close it as well, up to two seconds, in the one thread that takes connections:
        a tablet with a slow line would keep out all others. It does so lest an answer be lost to whoever is still
        sending. Here a request is read to its end before it is answered, up to what nobody sends by mistake
        (`server/bodies.py`); who sends a second one after it, though told that the connection ends, may lose both."""
        if answered.cancelled() or answered.exception() is not None or answered.result():
            super().finish_request(conn, answered)
        else:
            self.nr_conns -= 1
            conn.close()
