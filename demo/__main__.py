"""`python -m demo`: plays the evening on a fresh store and exits 0 where its audit holds, 1 where it does not.

With `--keep FOLDER` the store stays in a folder, and `--serve` keeps a server up on it, playing the evening first where
the folder is new."""

import argparse
import signal
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from rich.console import Console

from demo.center import CommandFailedError, CountyCenter
from demo.evening import Evening
from demo.serving import serve
from demo.telling import Telling

BIND = "127.0.0.1:8000"
PLAYED = "played"
"""The file that stands in a folder with an evening whose audit held."""
INTERRUPTED = 128 + signal.SIGINT


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--database-url", help="an empty database to use instead of a fresh SQLite file")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the store here")
    parser.add_argument("--serve", action="store_true", help="keep a server up afterwards")
    parser.add_argument("--bind", default=BIND, metavar="HOST:PORT", help=f"where it listens then ({BIND})")
    options = parser.parse_args()
    console = Console(highlight=False)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        return _show(options, console)
    except CommandFailedError as error:
        console.print(str(error), style="red")
        return 1
    except KeyboardInterrupt:
        console.print("\n已中断；再运行一次即可  [dim]Interrupted; just run it again[/dim]")
        return INTERRUPTED


def _show(options: argparse.Namespace, console: Console) -> int:
    """Plays the evening unless it is there, and serves it; gives the exit status."""
    kept: Path | None = options.keep
    is_played = kept is not None and (kept / PLAYED).exists()
    if kept is not None and not is_played and kept.exists() and any(kept.iterdir()):
        console.print(f"{kept} 里没有完整的演示，请删除  [dim]{kept} holds no whole evening: remove it[/dim]")
        return 1
    beside = None if kept is None else kept.absolute().parent
    if beside is not None:
        beside.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="doorstep-demo-", dir=beside) as scratch:
        folder = Path(scratch) / "evening" if kept is None or not is_played else kept
        if not is_played:
            _play(folder, options.database_url, console)
            # Under its name only now: what an interruption leaves is never taken for an evening.
            folder = folder if kept is None else folder.rename(kept)
        if not (folder / PLAYED).exists():
            return 1
        if options.serve:
            with closing(CountyCenter(folder, options.database_url)) as center:
                serve(center, options.bind, console)
    return 0


def _play(folder: Path, database_url: str | None, console: Console) -> None:
    """Plays the evening into a new folder, and marks it where its audit holds."""
    folder.mkdir()
    began, telling = time.monotonic(), Telling(console)
    with closing(CountyCenter(folder, database_url)) as center:
        whole = telling.verdict(Evening(center, folder, telling).play(), time.monotonic() - began)
    if whole:
        (folder / PLAYED).touch()


if __name__ == "__main__":
    sys.exit(main())
