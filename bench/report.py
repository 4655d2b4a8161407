"""A run in words: the same tables for the terminal and for docs/performance.md."""

from collections.abc import Iterator, Sequence

from bench.measurement import Measurement, Usage
from bench.run import Run
from bench.targets import Shown, shown

Table = list[list[str]]
BUSY = 1.5
"""So many processes that want to run, for each core, when a measurement begins."""
RATIOS = ["work", "ratio", "floor", "aim", "reached"]
MEASURED = [
    "work", "who", "median", "runs", "CPU, server", "CPU, database", "memory, server", "memory, database", "up", "down",
]  # fmt: skip


def ratios(run: Run) -> Table:
    return [RATIOS, *(_ratio(each) for each in shown(run.measured, run.size))]


def measured(run: Run) -> Table:
    return [MEASURED, *(_measured(each) for each in _in_order(run.measured))]


def notes(run: Run) -> list[str]:
    """What must be said beside the figures: the machine, its load, the notes of each measurement, what is missing."""
    machine = run.machine
    loads = ", ".join(f"{name} {load}" for name, load in run.loads.items())
    said = [
        (
            f"Size: {run.size.name}, {run.size.runs} runs each. {machine['cores']} cores, Python {machine['python']}, "
            f"PostgreSQL {machine['postgresql']} (fsync {machine['fsync']}, synchronous_commit "
            f"{machine['synchronous_commit']}, full_page_writes {machine['full_page_writes']}), {machine['date']}."
        ),
        f"Load of the machine when each began: {loads}.",
    ]
    if max(run.loads.values(), default=0) > BUSY * int(machine["cores"]):
        said.append(
            "**The machine was busy with other work.** What goes through several processes then waits at every step, "
            "and its ratio to what does not is worse than on a calm one; processor times say more."
        )
    said += [f"{each.work}, {each.subject}: {each.note}." for each in _in_order(run.measured) if each.note]
    return said + [f"{name} is missing: {why}." for name, why in run.missing.items()]


def markdown(table: Table) -> str:
    head, *rows = table
    rule = ["---" if n == 0 else "---:" for n in range(len(head))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))


def columns(table: Table) -> Iterator[str]:
    """The lines of a table for a terminal."""
    widths = [max(len(row[n]) for row in table) for n in range(len(table[0]))]
    for row in table:
        cells = zip(row, widths, strict=True)
        yield "  ".join(f"{cell:<{width}}" if n < 1 else f"{cell:>{width}}" for n, (cell, width) in enumerate(cells))


def _in_order(found: Sequence[Measurement]) -> list[Measurement]:
    """One work after another, each with whoever did it."""
    works = list(dict.fromkeys(each.work for each in found))
    return sorted(found, key=lambda each: works.index(each.work))


def _ratio(each: Shown) -> list[str]:
    target = each.target
    marks = ["" if mark is None else f"{mark:g}" for mark in (target.floor, target.aim)]
    return [target.name, figure(each.value), *marks, each.verdict]


def _measured(each: Measurement) -> list[str]:
    median = f"{figure(each.median)} {each.unit}"
    runs = " ".join(figure(run) for run in each.runs)
    return [each.work, each.subject, median, runs if len(each.runs) > 1 else "", *_usage(each.usage)]


def _usage(usage: Usage | None) -> list[str]:
    if usage is None:
        return [""] * 6
    cpu = [f"{seconds:.2f} s" if seconds else "" for seconds in (usage.server_cpu_s, usage.database_cpu_s)]
    server = f"{usage.server_mb:.0f} MB" if usage.server_mb else ""
    if usage.idle_mb:
        server += f" (idle {usage.idle_mb:.0f})"
    database = f"{usage.database_mb:.0f} MB" if usage.database_mb else ""
    moved = [f"{size / 1e6:.2f} MB" if size else "" for size in (usage.sent_bytes, usage.received_bytes)]
    return [*cpu, server, database, *moved]


def figure(value: float) -> str:
    """Three digits that count."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
