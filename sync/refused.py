"""What is still read of a line that was refused: what it named, and what it was to create."""

from dataclasses import dataclass

from schemas.catalog import Catalog
from sync import ids, lines
from sync.touches import Names, Parts, UnreadError


@dataclass(frozen=True, slots=True)
class Creation:
    """What a refused creation was to make, and which refused one it was to mend."""

    type: str
    mends: str | None


def creation_of_refused(line: bytes) -> Creation | None:
    """What a refused line was to create, None where it was to create nothing."""
    try:
        members = lines.read(line)
    except lines.LineMalformedError:
        return None
    match members:
        case {"do": "create", "type": str(kind), **rest}:
            mends = rest.get("mends")
            return Creation(kind, mends if ids.is_edit_name(mends) else None)
        case _:
            return None


def over_of_refused(line: bytes, catalog: Catalog) -> Names:
    """What a refused change named in `over`, by register, as far as it can be read: covering it covers these. A
    creation covers nothing, whatever it says."""
    try:
        members = lines.read(line)
        if members.get("do") == "create":
            return {}
        schema = members.get("schema")
        version = schema if type(schema) is int and 1 <= schema <= catalog.version else catalog.version
        return Parts.of({"over": members.get("over", {})}, catalog, str(members.get("type")), version).over
    except (lines.LineMalformedError, UnreadError):
        return {}


def named_by_refused(name: str, line: bytes, record: str | None, catalog: Catalog) -> frozenset[str]:
    """The edits that count with a refused one: those of its `over`, and the creation that it was to mend, unless that
    one was followed to the first (`record`) when this one was refused."""
    named = frozenset[str]().union(*over_of_refused(line, catalog).values())
    made = creation_of_refused(line) if record in (None, name) else None
    return named if made is None or made.mends is None else named | {made.mends}
