"""`python -m demo`: plays the evening on a fresh store and exits 0 where its audit holds, 1 where it does not.

With `--keep FOLDER` the store stays in a folder, and `--serve` keeps a server up on it, playing the evening first where
the folder is new."""

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from demo.center import CommandFailedError, CountyCenter
from demo.evening import Evening
from demo.serving import serve
from demo.telling import Telling

BIND = "127.0.0.1:8000"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--database-url", help="an empty database to use instead of a fresh SQLite file")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the store here")
    parser.add_argument("--serve", action="store_true", help="keep a server up afterwards")
    parser.add_argument("--bind", default=BIND, metavar="HOST:PORT", help=f"where it listens then ({BIND})")
    options = parser.parse_args()
    console = Console(highlight=False)
    with ExitStack() as ending:
        folder = options.keep or Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="doorstep-demo-")))
        folder.mkdir(parents=True, exist_ok=True)
        center = CountyCenter(folder, options.database_url)
        ending.callback(center.close)
        played = folder / "played"
        if not played.exists():
            began = time.monotonic()
            telling = Telling(console)
            whole = telling.verdict(Evening(center, folder, telling).play(), time.monotonic() - began)
            center.close()
            if not whole:
                return 1
            played.touch()
        if options.serve:
            try:
                serve(center, options.bind, console)
            except CommandFailedError as error:
                console.print(str(error), style="red")
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
