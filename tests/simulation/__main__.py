"""`python -m tests.simulation --seeds 100 --from 0`: runs seeds, one after another, and says which fail."""

import argparse
import gc
import logging
import sys
import tempfile
import time
import traceback
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from tests.simulation.occurrences import missing
from tests.simulation.run import MEMORY, STEPS, SimulationError, run
from tests.support.databases import Databases, SqliteDatabases, postgres_databases

MANY_SEEDS = 20
"""In so many everything occurs that must."""


def say(text: object) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--from", type=int, default=0, dest="first")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--steps", type=int, default=0, help="how much happens in each; replays need the same")
    parser.add_argument("--merciless", action="store_true", help="every fault in each county; replays need the same")
    parser.add_argument("--verbose", action="store_true", help="say what happened in each, and the server's log")
    options = parser.parse_args()
    if not options.verbose:
        logging.disable()
    began = time.monotonic()
    failed: list[int] = []
    counts: Counter[str] = Counter()
    with ExitStack() as ending:
        databases: Databases
        if options.database == "sqlite":
            folder = tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
            databases = SqliteDatabases(Path(ending.enter_context(folder)))
        else:
            databases = ending.enter_context(postgres_databases())
        gc.freeze()  # Modules stay: there is no need to look through them again and again.
        for seed in range(options.first, options.first + options.seeds):
            try:
                report = run(seed, databases, options.steps or STEPS, is_merciless=options.merciless)
            except SimulationError as error:
                failed.append(seed)
                say(f"\nseed {seed} fails: {error}")
                if options.verbose or options.seeds == 1:
                    traceback.print_exception(error.__cause__)
                continue
            counts += report.counts + Counter({"requests": report.requests, "edits": report.edits})
            if options.verbose or options.seeds == 1:
                say(report)
    took_s = time.monotonic() - began
    say(f"\n{options.seeds} seeds on {options.database} in {took_s:.0f} s, {len(failed)} failed: {failed}")
    say(" ".join(f"{name}={number}" for name, number in sorted(counts.items())))
    if options.seeds >= MANY_SEEDS:
        say("".join(f"never: {said}\n" for said in missing(counts)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
