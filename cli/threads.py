"""How gunicorn serves with threads here: nobody waits until a client has closed its end of a connection too."""

from concurrent.futures import Future
from typing import Any

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]


class Threads(ThreadWorker):  # type: ignore[misc]  # gunicorn carries no types
    """gunicorn's worker of threads, of which one takes connections and closes them."""

    def finish_request(self, conn: Any, answered: "Future[Any]") -> None:
        """Closes an answered connection at once; the system sends what is still on its way.

        gunicorn waits for the client to close it as well, up to two seconds, in the one thread that takes connections:
        a tablet with a slow line would keep out all others. It does so lest an answer be lost to whoever is still
        sending; but no answer leaves here before its request was read (`server/bodies.py`)."""
        if answered.cancelled() or answered.exception() is not None or answered.result():
            super().finish_request(conn, answered)
        else:
            self.nr_conns -= 1
            conn.close()
