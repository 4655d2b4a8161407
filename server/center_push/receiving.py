"""What other centers push here: whose it is, whether it is new, and kept."""

from dataclasses import dataclass

import sqlalchemy as sa
from werkzeug.datastructures import Headers

from schemas.messages import one_of
from server.center import Center
from server.center_push import signing, snapshot
from server.center_push.signing import Judgement
from server.problems import ProblemError
from server.store import center_status, dialect
from server.store.center_outbox import Secret
from server.store.center_status import Day
from server.transaction import retrying
from sync import ids


@dataclass(frozen=True, slots=True)
class Sender:
    """A county that may push here, by its own word so far."""

    county: str
    secret: Secret


def sender(center: Center, headers: Headers) -> Sender:
    """Who says to have sent a request. Raises ProblemError signature-wrong for one that may not."""
    county = headers.get(signing.COUNTY)
    if not ids.is_person_id(county):
        raise ProblemError("signature-wrong", signing.COUNTY)
    with dialect.reading(center.engine) as connection:
        secret = center_status.secret(connection, center.county(connection).code, county)
    if secret is None:
        raise ProblemError("signature-wrong")
    return Sender(county, secret)


def receive(center: Center, sent_by: Sender, headers: Headers, body: bytes) -> dict[str, object]:
    """Takes a message in. Raises ProblemError: signature-wrong, malformed, invalid; then nothing is kept.

    A message that comes again changes nothing, and no version of a day takes the place of a newer one. So messages may
    come in any order and any number of times."""
    now_ms = center.clock()
    match signing.judged(sent_by.secret, {name.lower(): value for name, value in headers.items()}, now_ms, body):
        case Judgement.WRONG:
            raise ProblemError("signature-wrong")
        case Judgement.OUT_OF_TIME:
            raise ProblemError("signature-wrong", signing.TIMESTAMP)
    received = snapshot.read(body)
    if received.county != sent_by.county:
        raise ProblemError.at("county", one_of([sent_by.county]))
    if received.day is None:
        return {"source": received.county, "result": "test"}
    return _kept(center, received.county, received.day, now_ms)


def _kept(center: Center, source: str, day: Day, now_ms: int) -> dict[str, object]:
    def apply(connection: sa.Connection, _again: bool) -> tuple[int, str]:
        county = center.county(connection).code
        if not center_status.remains(connection, county, source):
            raise ProblemError("signature-wrong")  # Forgotten while its message was read.
        here = center_status.standing(connection, county, source, day.day)
        if here is not None and here >= day.standing:
            return here.version, "known" if here == day.standing else "older"
        center_status.keep(connection, county, source, day, here, now_ms)
        return day.version, "taken"

    version, result = retrying(center, apply)
    return {"source": source, "day": day.day, "version": version, "result": result}
