"""What the commands of `doorstep tablet` share: the store, the language, the records by type, errors in words."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click
import httpx

from cli.answers import Answer, CommandError, answering
from cli.tables import visible
from cli.words import LANGUAGES, Words, language_of
from client_sdk import Collection, Record, Tablet, TabletError
from client_sdk.stamping import Clock, system_clock
from schemas.catalog import CATALOG, RecordType
from schemas.identity_numbers import identity_numbers
from schemas.masking import masked

STORE_VARIABLE = "DOORSTEP_TABLET_STORE"
CA_FILE_VARIABLE = "DOORSTEP_CA_FILE"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What takes the place of the network and the clock (click's `obj`, in tests)."""

    transport: httpx.BaseTransport | None = None
    clock: Clock = system_clock


def surroundings() -> Surroundings:
    return click.get_current_context().find_object(Surroundings) or Surroundings()


@contextmanager
def told() -> Iterator[None]:
    """A tablet's errors, as a command's."""
    try:
        yield
    except TabletError as error:
        raise CommandError(getattr(error, "problem", error.code), error.zh, error.en) from error


store_option = click.option(
    "--store", envvar=STORE_VARIABLE, required=True, type=click.Path(path_type=Path), help="本机数据文件。 The store."
)
ca_file_option = click.option(
    "--ca-file",
    envvar=CA_FILE_VARIABLE,
    help="自有证书机构的证书，本机会记住；空值取消。"
    ' A private certificate authority (PEM); the store remembers where it is, "" forgets it.',
)
language_option = click.option("--lang", type=click.Choice(LANGUAGES), help="语言。 Language (else by LANG; zh).")


def on_tablet(work: Callable[..., Answer]) -> Callable[..., None]:
    """Gives a command `--store`, `--ca-file`, `--lang` and `--json`, and the open tablet with words to answer in."""

    @wraps(work)
    def opened(store: Path, ca_file: str | None, lang: str | None, **arguments: Any) -> Answer:
        around = surroundings()
        with told(), Tablet.open(store, ca_file=ca_file, transport=around.transport, clock=around.clock) as found:
            return work(found, Words(lang or language_of(), found.names), **arguments)

    return store_option(ca_file_option(language_option(answering(opened))))


def collection(found: Tablet, kind: RecordType) -> Collection:
    return {
        "household": found.households,
        "visit": found.visits,
        "dispute": found.disputes,
        "entry": found.entries,
    }[kind.name]


_NAMES = {"household": "address", "dispute": "title"}
"""What a record is known by among people."""


def known_by(found: Tablet, kind: RecordType, record: str, values: Mapping[str, Any] | None = None) -> str:
    """A household's address, a dispute's title; of a visit or an entry those of the record that it is about. The id
    where they are not known here. `values`: of a record that is not here, or not whole."""
    shown = collection(found, kind).get(record)
    document = {**(values or {}), **(masked(kind, shown.document) if shown else {})}
    for field in kind.awaits:
        linked = CATALOG.types[str(kind.fields[field].link)]
        return known_by(found, linked, str(document.get(field, record)))
    return visible(str(document.get(_NAMES[kind.name], record)))


def saved(record: Record, words: Words, given: Mapping[str, object], *, has_changed: bool = True) -> Answer:
    """That a record is saved, and what to be warned of in the values that were `given`."""
    warned = identity_numbers(CATALOG.types[record.type], given)
    said = words(f"已存本机 {record.id}", f"Kept on this tablet: {record.id}")
    if not has_changed:
        said = words(f"没有变化 {record.id}", f"Nothing to change: {record.id}")
    warnings = [asdict(each) for each in warned]
    values = {"id": record.id, "type": record.type, "pending": record.pending, "warnings": warnings}
    return Answer(values, "\n".join([said, *(words(each.zh, each.en) for each in warned)]))


more_argument = click.argument("more", metavar="[FIELD=VALUE]...", nargs=-1)
pairs_argument = click.argument("pairs", metavar="FIELD=VALUE...", nargs=-1)
