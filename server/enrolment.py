"""Enrolment: a one-time code becomes a tablet's token. And who the holder of a token is."""

import secrets

import sqlalchemy as sa

from schemas.validation import shape_problems
from schemas.wire import EnrollRequest
from server.center import Center
from server.problems import ProblemError
from server.reading.viewer import viewing
from server.store import dialect, directory, tablets
from server.store.flight import ask
from server.store.ledger import County
from server.store.tables import tablet
from sync import ids, lines
from sync.scope import IS_STAFF, Person, Units, scope
from sync.stamps import stamp

TOKEN_BYTES = 32
CODE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without the signs that are mistaken for one another when read aloud or copied by hand."""


def new_code() -> str:
    """A one-time enrolment code, as people read it aloud: `7K4P-QM2X`."""
    signs = "".join(secrets.choice(CODE_ALPHABET) for _ in range(8))
    return f"{signs[:4]}-{signs[4:]}"


def normal_code(typed: str) -> str:
    """A code as it was given out, however it was typed."""
    signs = typed.strip().upper().replace("-", "").replace(" ", "")
    return f"{signs[:4]}-{signs[4:]}"


def enroll(center: Center, body: bytes) -> dict[str, object]:
    """Turns a code into a token. Raises ProblemError: malformed, invalid, code-unknown, code-spent.

    The same nonce is answered alike, with a fresh token: a lost response burns nothing."""
    try:
        asked = lines.read(body)
    except lines.LineMalformedError as error:
        raise ProblemError("malformed") from error
    for found in shape_problems(EnrollRequest, asked):
        raise ProblemError.of(found)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    named = asked["tablet"]
    name = str(named["name"]) if isinstance(named, dict) else ""
    with dialect.writing(center.engine) as connection:
        county = center.county(connection)
        tablet_id, person_id, now = _claimed(center, connection, county, str(asked["code"]), str(asked["nonce"]))
        if tablet_id is None:
            tablet_id = ids.edit_name(center.clock(), secrets.randbits(74))
            tablets.spend_code(connection, county.code, normal_code(str(asked["code"])), str(asked["nonce"]), tablet_id)
            row = {"id": tablet_id, "person": person_id, "name": name, "enrolled_at": now}
            connection.execute(sa.insert(tablet).values(county=county.code, token_hash=tablets.hashed(token), **row))
        else:
            tablets.renew(connection, county.code, tablet_id, token)
        person = ask(connection, directory.people(county.code, [person_id]))[person_id]
        held = scope(person, center.units.units(connection, county), now)
        described = _person(person, directory.names(connection, county.code, [person_id])[person_id], now)
    whose = {"person": described, "county": county.code, "scope": list(held.covers)}
    return {"tablet": tablet_id, "token": token, **whose, "clock": now}


def _claimed(
    center: Center, connection: sa.Connection, county: County, typed: str, nonce: str
) -> tuple[str | None, str, str]:
    """The tablet that the code has made with this nonce already (or None), the person it is for, and the stamp of now:
    after the code was locked, since whoever made it void may have been waited for. The tablet is locked too."""
    row = tablets.code(connection, county.code, normal_code(typed))
    now = stamp(center.clock())
    if row is None:
        raise ProblemError("code-unknown")
    if row["nonce_hash"] is None:
        if row["expires_at"] <= now:
            raise ProblemError("code-spent")
        return None, row["person"], now
    if row["nonce_hash"] != tablets.hashed(nonce):
        raise ProblemError("code-spent")
    if tablets.locked(connection, county.code, row["tablet"])["revoked_at"] is not None:
        raise ProblemError("tablet-revoked")
    return row["tablet"], row["person"], now


def _person(person: Person, name: str, now: str) -> dict[str, object]:
    return {
        "id": person.id,
        "name": name,
        "roles": sorted({each.role for each in person.assignments if each.holds(now)}),
    }


def me(center: Center, token: str) -> dict[str, object]:
    """The caller, the names of what is in their scope, and whom they may assign to. Raises ProblemError."""
    with viewing(center, token) as viewer:
        person, name, covers = viewer.person, viewer.caller.person_name, viewer.scope.covers
        names = directory.scope_names(viewer.connection, viewer.county.code, covers) | {f"person:{person.id}": name}
        return {
            "person": _person(person, name, viewer.now),
            "county": viewer.county.code,
            "scope": [{"key": key, "name": names.get(key, key)} for key in covers],
            "colleagues": _colleagues(viewer.connection, viewer.county, person, viewer.units, viewer.now),
        }


def _colleagues(
    connection: sa.Connection, county: County, person: Person, units: Units, now: str
) -> list[dict[str, object]]:
    """The mediators, staff and bodies of the units over and under the caller's, for those who may assign."""
    tops = [each.unit for each in person.assignments if each.holds(now) and each.role in IS_STAFF]
    near: set[str] = set(units.under(tops, now))
    for top in tops:
        near.update(units.lineage(top, now))
    return [
        {"assignee": assignee, "name": name}
        for assignee, name in directory.assignable(connection, county.code, near, now)
    ]
