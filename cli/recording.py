"""`doorstep tablet household`, `visit`, `dispute`, `entry` and `change`: work at the door."""

from typing import Any

import click

from cli.answers import Answer
from cli.fields import given, record_type
from cli.tablet_options import collection, more_argument, on_tablet, pairs_argument, saved
from cli.words import Words
from client_sdk import Tablet


def _created(found: Tablet, words: Words, kind: str, more: tuple[str, ...], values: dict[str, Any]) -> Answer:
    known = record_type(kind)
    said = {name: each for name, each in values.items() if each} | given(known, more)
    return saved(collection(found, known).create(**said), words, said)


@click.command()
@click.option("--address", help="地址。 Address.")
@click.option("--door-no", help="户号。 Door number.")
@click.option("--head-name", help="户主。 Head of the household.")
@click.option("--phone", help="电话。 Phone.")
@more_argument
@on_tablet
def household(found: Tablet, words: Words, more: tuple[str, ...], **values: Any) -> Answer:
    """登记一户。 Add a household."""
    return _created(found, words, "household", more, values)


@click.command()
@click.option("--household", help="户的编号。 The household's id.")
@click.option("--result", help="结果：met、nobody_home…… Result.")
@click.option("--purpose", "purposes", multiple=True, help="事项，可多次。 Purpose; more than once if need be.")
@click.option("--notes", help="内容。 Notes.")
@more_argument
@on_tablet
def visit(found: Tablet, words: Words, more: tuple[str, ...], **values: Any) -> Answer:
    """记录走访。 Record a visit."""
    return _created(found, words, "visit", more, values)


@click.command()
@click.option("--category", help="类型。 Category.")
@click.option("--title", help="标题。 Title.")
@click.option("--summary", help="简要情况。 Summary.")
@click.option("--party", "names", multiple=True, help="当事人，先申请人。 A party; the applicant first.")
@more_argument
@on_tablet
def dispute(found: Tablet, words: Words, more: tuple[str, ...], names: tuple[str, ...], **values: Any) -> Answer:
    """登记纠纷。 Register a dispute."""
    parties = [
        {"role": "respondent" if place else "applicant", "kind": "person", "name": name}
        for place, name in enumerate(names)
    ]
    return _created(found, words, "dispute", more, {**values, "parties": parties})


@click.command()
@click.argument("dispute")
@click.option("--kind", default="note", show_default=True, help="类别：session、follow_up…… Kind.")
@click.option("--text", help="内容。 Text.")
@more_argument
@on_tablet
def entry(found: Tablet, words: Words, more: tuple[str, ...], **values: Any) -> Answer:
    """添加调解记录。 Add an entry to a dispute's file."""
    return _created(found, words, "entry", more, values)


@click.command()
@click.argument("kind", metavar="TYPE")
@click.argument("record", metavar="ID")
@pairs_argument
@on_tablet
def change(found: Tablet, words: Words, kind: str, record: str, pairs: tuple[str, ...]) -> Answer:
    """修改记录。 Change a record; an empty value empties the field."""
    known = record_type(kind)
    said = given(known, pairs)
    before = collection(found, known).get(record)
    after = collection(found, known).change(record, **said)
    return saved(after, words, said, has_changed=after != before)
