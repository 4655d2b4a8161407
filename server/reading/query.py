"""What is asked for by the parameters of a request: read in one way for all that is read, and checked."""

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from marshmallow import ValidationError
from marshmallow.fields import Field

from schemas import reading
from schemas.catalog import CATALOG, RecordType
from schemas.codes import CODES
from schemas.kinds import Choice, Day, ListOf, Shape, Whole, YesNo
from schemas.masking import shape_of
from schemas.messages import one_of
from schemas.validation import shape_problems
from server.administration.period import day_start
from server.problems import ProblemError
from server.reading.viewer import Viewer
from server.store.ledger import County
from server.store.listing import Between, Order, Wanted
from sync.ids import is_record_id
from sync.limits import INTEGER_MAX
from sync.stamps import is_stamp

Arguments = Mapping[str, Sequence[str]]
"""The values of each parameter of a request, in their order."""

_WHOLE = re.compile("[0-9]{1,16}")
_YES_NO = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Query:
    """A question about records of one type. `said` are the parameters that have a shape, `members` the values that
    fields are to have, as JSON."""

    kind: RecordType
    said: Mapping[str, Any]
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def wanted(self, viewer: Viewer) -> Wanted:
        """What to look for, as units and days are now."""
        under = []
        if "unit" in self.said:
            units = viewer.units.under(self.said["unit"], viewer.now)
            under.append(frozenset(f"{key}:{unit}" for unit in units for key in ("unit", "staff")))
        if "assignee" in self.said:
            under.append(frozenset(self.said["assignee"]))
        return Wanted(self.kind.name, tuple(under), self.members, self._between(viewer.county))

    def _between(self, county: County) -> Between | None:
        first, last = self.said.get("from"), self.said.get("to")
        if first is None and last is None:
            return None
        member = self.said.get("date", reading.MADE_AT)
        after = _day_after(last)
        if member == reading.MADE_AT:
            return Between(None, _start(county, first), _start(county, after))
        if isinstance(shape_of(self.kind.schema).fields[member], Day):
            return Between(member, first, after)
        # Instants may have milliseconds or none: up to the seconds they are ordered as text.
        since, until = (moment and moment[:19] for moment in (_start(county, first), _start(county, after)))
        return Between(member, since, until)

    @property
    def limit(self) -> int:
        return int(self.said.get("limit", reading.LIST_ROWS))

    def order(self) -> Order:
        """Raises ProblemError malformed for a page that is not of this query."""
        sort = str(self.said.get("sort", "-rev"))
        by, descending = sort.removeprefix("-"), sort.startswith("-")
        page = self.said.get("page")
        if page is None:
            return Order(by, descending)
        match _place(page, self.digest):
            case [int(revision)] if by == "rev" and is_revision(revision):
                return Order(by, descending, revision)
            case [str(moment), str(identity)] if by != "rev" and is_stamp(moment) and is_record_id(identity):
                return Order(by, descending, (moment, identity))
            case _:
                raise ProblemError("malformed", "page")

    @property
    def digest(self) -> str:
        """A name for the question, whichever page of it is asked for."""
        said = {name: value for name, value in self.said.items() if name not in {"page", "limit"}}
        return digest([self.kind.name, said, {name: sorted(values) for name, values in self.members.items()}])


def query(kind: RecordType, arguments: Arguments, shape: type[Shape], without: Iterable[str] = ()) -> Query:
    """Reads the parameters of a question, filters by fields of the type among them, but for those `without`. Raises
    ProblemError invalid with the parameter that is at fault."""
    fields = reading.filters_of(kind) - _shaped(shape).keys() - set(without)
    foreign = set() if reading.has_assignee(kind) else {"assignee"}
    said = parameters(shape, arguments, fields, without=foreign)
    dates = {reading.MADE_AT, *reading.dates_of(kind)}
    if said.get("date", reading.MADE_AT) not in dates:
        raise ProblemError.at("date", one_of(dates))
    return Query(kind, said, {name: _members(kind, name, arguments[name]) for name in arguments if name in fields})


def parameters(
    shape: type[Shape],
    arguments: Arguments,
    fields: AbstractSet[str] = frozenset(),
    without: AbstractSet[str] = frozenset(),
) -> dict[str, Any]:
    """The values of the parameters that a shape declares, but for those `without`. `fields` may be given beside them,
    and are read elsewhere. Raises ProblemError invalid with the parameter that is at fault."""
    shaped = {name: each for name, each in _shaped(shape).items() if name not in without}
    for name in arguments:
        if name not in shaped and name not in fields:
            raise ProblemError.at(name, f"unknown_parameter {', '.join(sorted(shaped.keys() | fields))}")
    said = {name: _given(name, shaped[name], arguments[name]) for name in arguments if name in shaped}
    for found in shape_problems(shape, said):
        raise ProblemError.of(found)
    return said


def _shaped(shape: type[Shape]) -> dict[str, Field[Any]]:
    return {each.data_key or name: each for name, each in shape_of(shape).fields.items()}


def _given(name: str, declared: Field[Any], values: Sequence[str]) -> Any:
    """What a shape is to judge: a list, a number where one is written, or the text."""
    if isinstance(declared, ListOf):
        return list(values)
    if len(values) != 1:
        raise ProblemError.at(name, "only_once")
    is_number = isinstance(declared, Whole) and _WHOLE.fullmatch(values[0]) is not None
    return int(values[0]) if is_number else values[0]


def record_type(name: str) -> RecordType:
    """Raises ProblemError not-found."""
    kind = CATALOG.types.get(name)
    if kind is None:
        raise ProblemError("not-found")
    return kind


def _members(kind: RecordType, name: str, values: Sequence[str]) -> tuple[str, ...]:
    declared = shape_of(kind.schema).fields[name]
    if len(values) > reading.FILTER_VALUES_MAX:
        raise ProblemError.at(name, f"too_many {reading.FILTER_VALUES_MAX}")
    said = []
    for value in values:
        given = _YES_NO.get(value, value) if isinstance(declared, YesNo) else value
        try:
            declared.deserialize(given)
        except ValidationError as error:
            codes = CODES[declared.list_name] if isinstance(declared, Choice) else None
            raise ProblemError.at(name, one_of(codes) if codes else str(error.messages[0])) from error
        said.append(json.dumps(given))
    return tuple(said)


def _day_after(day: str | None) -> str | None:
    try:
        return day and (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    except OverflowError:
        return None  # After the last day that there is, nothing comes.


def _start(county: County, day: str | None) -> str | None:
    return day and day_start(county, date.fromisoformat(day))


# -- pages


def page_token(digest: str, place: Sequence[object]) -> str:
    """Where a page ended, bound to its question."""
    text = json.dumps([digest, *place], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _place(text: str, digest: str) -> list[object]:
    """Where the page before ended. Raises ProblemError malformed for a text that we did not give out for this."""
    try:
        raw = text.encode("ascii")
        values = json.loads(base64.b64decode(raw + b"=" * (-len(raw) % 4), altchars=b"-_", validate=True))
    except (ValueError, RecursionError) as error:
        raise ProblemError("malformed", "page") from error
    match values:
        case [str(bound), *place] if bound == digest and page_token(bound, place) == text:
            return list(place)
        case _:
            raise ProblemError("malformed", "page")


def revision_after(page: str | None, digest: str) -> int:
    """Where to go on in what is read by revision. Raises ProblemError malformed."""
    if page is None:
        return 0
    match _place(page, digest):
        case [int(revision)] if is_revision(revision):
            return revision
        case _:
            raise ProblemError("malformed", "page")


def is_revision(value: int) -> bool:
    return not isinstance(value, bool) and 0 <= value <= INTEGER_MAX


def digest(question: object) -> str:
    """A short name for a question."""
    return hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()[:16]
