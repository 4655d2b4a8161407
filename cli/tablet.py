"""`doorstep tablet`: a field tablet at a shell. Everything but `enroll` and `sync` works with no network."""

from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from cli import attention, looking, recording, settling
from cli.answers import Answer, answering
from cli.tables import visible
from cli.tablet_options import ca_file_option, language_option, on_tablet, store_option, surroundings, told
from cli.words import Words, language_of
from client_sdk import Refused, SyncProgress, Tablet


@click.group()
def tablet() -> None:
    """一台平板：离线记录，联网上传。 A field tablet: record with no signal, send when there is one.

    The store is --store, or DOORSTEP_TABLET_STORE. FIELD=VALUE takes wire names: notes=…, purposes=errand,follow_up."""


@tablet.command()
@click.argument("url")
@click.argument("code")
@click.option("--name", help="平板名称。 What to call this tablet.")
@ca_file_option
@store_option
@language_option
@answering
def enroll(url: str, code: str, name: str | None, ca_file: str | None, store: Path, lang: str | None) -> Answer:
    """注册平板。 Enrol this tablet with a code from the center."""
    words, around = Words(lang or language_of()), surroundings()
    with (
        told(),
        Tablet.enroll(
            url, code, store, name=name, ca_file=ca_file, transport=around.transport, clock=around.clock
        ) as found,
    ):
        who = visible(str(found.person.get("name") or found.person["id"]))
        values = {"person": dict(found.person), "scope": list(found.scope), "store": str(store)}
    return Answer(values, words(f"已注册，使用人 {who}", f"Enrolled for {who}"))


@tablet.command()
@on_tablet
def sync(found: Tablet, words: Words) -> Answer:
    """上传并下载。 Send what waits and fetch what changed."""
    console = Console(stderr=True)
    bar = Progress(TextColumn("{task.description}"), BarColumn(), console=console, disable=not console.is_terminal)
    with bar:
        task = bar.add_task("", total=None)

        def advance(at: SyncProgress) -> None:
            text = words(f"正在上传 {at.sent}/{at.to_send}", f"Sending {at.sent} of {at.to_send}")
            bar.update(task, description=text, completed=at.sent, total=at.to_send or None)

        report = found.sync(advance)
    counts = {
        "sent": report.sent,
        "received": report.received,
        "conflicts": report.conflicts,
        "refused": report.refused,
        "held": report.held,
    }
    said = words(f"上传 {report.sent} 条，收到 {report.received} 条", f"{report.sent} sent, {report.received} received")
    return Answer({**counts, "waiting": found.waiting}, f"{said}\n{words.status(found)}")


@tablet.command()
@on_tablet
def status(found: Tablet, words: Words) -> Answer:
    """同步状态。 Where this tablet stands."""
    refused, conflicts = sum(isinstance(item, Refused) for item in found.attention), found.conflicts.open()
    values = {
        "person": dict(found.person),
        "scope": list(found.scope),
        "waiting": found.waiting,
        "refused": refused,
        "held": len(found.attention) - refused,
        "conflicts": len(conflicts),
        "conflicts_of_others": sum(not each.may_settle for each in conflicts),
        "set_aside": len(found.set_aside),
        "last_sync": found.last_sync.isoformat() if found.last_sync else None,
        "clock_offset_ms": found.clock_offset_ms,
    }
    return Answer(values, words.status(found))


for _command in (
    recording.household,
    recording.visit,
    recording.dispute,
    recording.entry,
    recording.change,
    looking.list_,
    looking.show,
    settling.conflicts,
    settling.settle,
    attention.attention,
    attention.mend,
    attention.discard,
    looking.colleagues,
):
    tablet.add_command(_command)
