"""`python -m tests.guards`: breaks each guard in a copy of the tree and runs the tests that must notice."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tests.guards.catalogue import GUARDS, Guard

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("schemas", "sync", "server", "client_sdk", "cli", "demo", "tests", "wsgi.py", "pyproject.toml")


def copied(folder: Path) -> None:
    """A copy of the tree."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)


def broken(guard: Guard, folder: Path) -> Path:
    """A copy of the tree with one guard broken. Raises LookupError where the guard is not there any more."""
    copied(folder)
    file = folder / guard.file
    text = file.read_text()
    if text.count(guard.right) != 1:
        raise LookupError(f"{guard.file} has not just one {guard.right!r}")
    file.write_text(text.replace(guard.right, guard.wrong))
    return folder


def is_noticed(guard: Guard) -> bool:
    with tempfile.TemporaryDirectory(prefix="doorstep-guard-") as folder:
        return fails(broken(guard, Path(folder)), guard.tests)


def fails(tree: Path, tests: Iterable[str]) -> bool:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
    # 1: tests were run, and some failed. Anything else is a fault of this check.
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])
    return done.returncode == 1


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="doorstep-guard-") as folder:
        copied(Path(folder))
        if fails(Path(folder), sorted({test for guard in GUARDS for test in guard.tests})):
            sys.stderr.write("some of these tests fail with every guard in its place: mend that first\n")
            return 1
    missed = 0
    for guard in GUARDS:
        noticed = is_noticed(guard)
        missed += not noticed
        sys.stdout.write(f"{'noticed' if noticed else 'MISSED '}  {guard.name}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{len(GUARDS) - missed} of {len(GUARDS)} broken guards noticed\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
