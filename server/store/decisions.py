"""What became of edits, as the log keeps it: new lines with their outcomes, those of held ones as they stand now, what
these wait for."""

import json
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

import sqlalchemy as sa

from schemas.catalog import CATALOG
from server.store import bulk
from server.store.flight import Sender
from server.store.ledger import BLANK, Ledger
from server.store.log import DECISION, EDIT
from server.store.tables import edit_log, held_wait, refused_name
from sync.batch import Decision
from sync.codes import Code, Result
from sync.lines import Values, digest, write
from sync.refused import named_by_refused


def _outcome_columns(decision: Decision) -> dict[str, object]:
    """A decision as the log's columns."""
    line = decision.arrival.line
    detail = decision.detail
    return {
        "author": line.by,
        "type": line.type,
        "record": decision.record,
        "stamp": line.at,
        "judged": decision.arrival.judged,
        "result": decision.result.value,
        "code": decision.code,
        "field": decision.field,
        "detail": None if detail is None else json.dumps({"zh": detail.zh, "en": detail.en}, ensure_ascii=False),
        "conflicts": json.dumps(decision.conflicts) if decision.conflicts else None,
    }


def append_new(ledger: Ledger, decision: Decision, tablet: str | None) -> None:
    """Logs an edit that came just now, with its outcome."""
    line = decision.arrival.line
    columns = {"name": line.name, "tablet": tablet, **_outcome_columns(decision)}
    if decision.code == Code.ERASED:
        ledger.append_blank(EDIT, digest(line.line), **columns)
    else:
        ledger.append(EDIT, line.line, **columns)


def append_decision(ledger: Ledger, decision: Decision, by: str | None) -> None:
    """Logs what became of a held edit."""
    members: Values = {
        "decides": decision.arrival.name,
        "result": decision.result,
        "code": decision.code,
        "field": decision.field,
        "by": by,
    }
    ledger.append(DECISION, write(members), author=by, record=decision.record, type=decision.arrival.line.type)


def overwrite_outcomes(sender: Sender, county: str, decisions: Iterable[Decision]) -> None:
    """Writes the outcomes of edits that were held, as they stand now."""
    decided = list(decisions)
    rows = [{"county": county, "name": decision.arrival.name} | _outcome_columns(decision) for decision in decided]
    bulk.update(sender, edit_log, "name", rows)
    blank(sender, county, [each.arrival.name for each in decided if each.code == Code.ERASED])


def blank(sender: Sender, county: str, names: Iterable[str]) -> None:
    """Takes away the bytes of edits, and says that they are erased. Their hashes stay."""
    said = {"result": Result.REFUSED, "code": Code.ERASED, "field": None, "detail": None, "conflicts": None}
    rows = [{"county": county, "name": name, "line": BLANK, **said} for name in names]
    bulk.update(sender, edit_log, "name", rows)


_DELETE_WAITS = sa.delete(held_wait).where(
    held_wait.c.county == sa.bindparam("county"), bulk.among(held_wait.c.name, "names")
)


def rewrite_waits(sender: Sender, county: str, decisions: Mapping[str, Decision], were_held: AbstractSet[str]) -> None:
    """Writes for what the held edits among these wait, by name; the others wait for nothing any more. `were_held`: the
    names of edits that waited before, among which theirs are."""
    again = sorted(decisions.keys() & were_held)
    if again:
        sender.execute(_DELETE_WAITS, {"county": county, "names": again})
    waits = [
        {"county": county, "awaited": awaited, "name": decision.arrival.name}
        for decision in decisions.values()
        for awaited in sorted(decision.awaited)
        if decision.result is Result.HELD
    ]
    bulk.insert(sender, held_wait, waits)


def write_named(sender: Sender, county: str, decisions: Iterable[Decision]) -> None:
    """Writes which edits the refused ones among these name: who names them names those as well."""
    rows = [
        {"county": county, "name": decision.arrival.name, "named": named}
        for decision in decisions
        if decision.result is Result.REFUSED
        for named in sorted(
            named_by_refused(decision.arrival.name, decision.arrival.line.line, decision.record, CATALOG)
        )
    ]
    bulk.insert_missing(sender, refused_name, rows)
