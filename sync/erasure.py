"""What a line is about, for erasing: whatever the line itself names, also where it is no edit that can be read."""

from schemas.catalog import Catalog
from sync import edits, ids, lines
from sync.edits import Edit, Unread

Name = tuple[str, str]
"""A record's type and id."""


def about(line: Edit | Unread, catalog: Catalog) -> frozenset[Name]:
    """The records that a line writes to, by type and id: its own, that of the creation which it mends, and the parent
    under which it stands. What it merely links to is not among them."""
    if isinstance(line, Unread):
        return _about_unread(line, catalog)
    record_type = catalog.types[line.type]
    found = {(line.type, line.record)}
    if line.mends is not None:
        found.add((line.type, line.mends))
    if record_type.parent is not None:
        found.add((record_type.fields[record_type.parent].link or "", str(line.value(record_type.parent))))
    return frozenset(found)


def named_in(line: bytes, catalog: Catalog) -> frozenset[str]:
    """The ids of the records that bytes are about; of what is no JSON of ours, whatever looks like an id in it."""
    read = edits.read(line, catalog)
    found = frozenset(identity for _, identity in about(read, catalog))
    if isinstance(read, Unread) and not found:
        words = line.decode(errors="replace").replace('"', " ").split()
        found = frozenset(word for word in words if ids.is_record_id(word))
    return found


def _about_unread(line: Unread, catalog: Catalog) -> frozenset[Name]:
    try:
        members = lines.read(line.line)
    except lines.LineMalformedError:
        return frozenset()
    kind = members.get("type")
    record_type = catalog.types.get(kind) if isinstance(kind, str) else None
    if record_type is None:
        return frozenset()
    # A list: what stands there may be anything.
    found = [(record_type.name, members.get(member)) for member in ("id", "mends", "edit")]
    now = members.get("now")
    if record_type.parent is not None and isinstance(now, dict):
        found.append((record_type.fields[record_type.parent].link or "", now.get(record_type.parent)))
    return frozenset((each, str(name)) for each, name in found if isinstance(name, str) and ids.is_record_id(name))
