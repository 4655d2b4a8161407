"""`python -m demo`: plays the evening on a fresh store and exits 0 where its audit holds, 1 where it does not."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from demo.center import CountyCenter
from demo.evening import Evening
from demo.telling import Telling


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--database-url", help="an empty database to use instead of a fresh SQLite file")
    options = parser.parse_args()
    began = time.monotonic()
    telling = Telling(Console(highlight=False))
    with tempfile.TemporaryDirectory(prefix="doorstep-demo-") as folder:
        center = CountyCenter(Path(folder), options.database_url)
        try:
            found = Evening(center, Path(folder), telling).play()
        finally:
            center.close()
    return 0 if telling.verdict(found, time.monotonic() - began) else 1


if __name__ == "__main__":
    sys.exit(main())
