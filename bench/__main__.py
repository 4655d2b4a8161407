"""`python -m bench`: Doorstep over real HTTP, the machine's limits and, if asked, the peers, on the same records."""

import argparse
import os
import sys
from dataclasses import replace

from bench import document, report
from bench.ground import ground
from bench.run import PEERS, RESULTS, WORKLOADS, Run
from bench.size import FULL, QUICK


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    asked.add_argument("--quick", action="store_true", help="a tenth of everything: whether it runs, not how fast")
    asked.add_argument("--only", nargs="+", choices=list(WORKLOADS), default=[], help="these and no others")
    asked.add_argument("--peers", action="store_true", help="Kinto and PouchDB Server too, installed under build/")
    asked.add_argument("--rush", type=int, help="so many tablets in the evening rush")
    asked.add_argument("--add", action="store_true", help="keep what build/bench.json has of other workloads")
    asked.add_argument("--saved", action="store_true", help="measure nothing: show what build/bench.json has")
    asked.add_argument("--write", action="store_true", help="put the figures into docs/performance.md")
    said = asked.parse_args()
    run = Run.saved() if said.saved else _measured(said)
    _say(run)
    if said.write:
        document.write(run)


def _measured(said: argparse.Namespace) -> Run:
    size = QUICK if said.quick else FULL
    if said.rush:
        size = replace(size, rush=said.rush)
    names = said.only or [name for name in WORKLOADS if said.peers or name not in PEERS]
    with ground(size) as found:
        run = Run.of(found)
        if said.add and RESULTS.exists():
            before = Run.saved()
            if before.size.name == size.name:
                run = replace(before, machine=run.machine)
        for name in names:
            print(f"== {name} (load {os.getloadavg()[0]:.1f})", file=sys.stderr, flush=True)
            for each in run.take(found, name):
                said_of = f"{each.work}, {each.subject}: {report.figure(each.median)} {each.unit}"
                print(f"   {said_of}", file=sys.stderr, flush=True)
            run.save()  # A run that is broken off keeps what it has.
    return run


def _say(run: Run) -> None:
    for table in (report.measured(run), report.ratios(run)):
        print("\n".join(report.columns(table)), end="\n\n")
    print("\n".join(report.notes(run)))


if __name__ == "__main__":
    main()
