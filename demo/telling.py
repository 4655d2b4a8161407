"""How the story reaches the terminal: chapters, lines in both languages, progress bars, the audit's verdict."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from demo.checks import Check

Bar = Callable[[dict[str, int]], object]


class Telling:
    def __init__(self, console: Console) -> None:
        self._console = console

    def chapter(self, zh: str, en: str) -> None:
        self._console.print(f"\n[bold]{zh}[/bold]  [dim]{en}[/dim]")

    def line(self, zh: str, en: str) -> None:
        self._console.print(f"  · {zh}  [dim]{en}[/dim]")

    @contextmanager
    def bars(self, zh: str, en: str, names: Iterable[str]) -> Iterator[Mapping[str, Bar]]:
        """A progress bar for each name while the block runs."""
        self.line(zh, en)
        progress = Progress(
            TextColumn("    {task.description}"),
            BarColumn(30),
            TextColumn("{task.fields[said]}"),
            console=self._console,
        )
        with progress:
            yield {name: self._bar(progress, name) for name in names}

    def _bar(self, progress: Progress, name: str) -> Bar:
        task = progress.add_task(name, total=None, said="")

        def move(seen: dict[str, int]) -> None:
            said = f"正在上传 {seen['sent']}/{seen['to_send']} · 收到 {seen['received']}"
            total = max(seen["to_send"], 1)
            progress.update(task, total=total, completed=seen["sent"] if seen["to_send"] else 1, said=said)

        return move

    def report(self, name: str, report: Mapping[str, Any]) -> None:
        if report.get("offline"):
            self._console.print(f"    {name}：无网络,已存本机  [dim]Offline, kept on this tablet[/dim]")
            return
        said = f"上传 {report['sent']} · 收到 {report['received']}"
        for key, words in (("conflicts", "待核对"), ("refused", "被退回"), ("held", "待中心处理")):
            said += f" · {words} {report[key]}" if report[key] else ""
        state = "全部已上传" if not report["waiting"] else f"{report['waiting']} 条待上传"
        self._console.print(f"    {name}：{said} · {state}")

    def verdict(self, found: Iterable[Check], seconds: float) -> bool:
        """Prints each check; says whether all hold."""
        whole = True
        for check in found:
            whole = whole and not check.faults
            sign = "[red]✗[/red]" if check.faults else "[green]✓[/green]"
            self._console.print(f"  {sign} {check.zh}  [dim]{check.en}[/dim]")
            for fault in check.faults[:10]:
                self._console.print(f"      {fault}")
        words = "一条不少，谁先谁后都一样" if whole else "有不符之处"
        self._console.print(f"\n[bold]{words}[/bold]  [dim]{seconds:.0f} s[/dim]")
        return whole
