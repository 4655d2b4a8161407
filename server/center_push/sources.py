"""The counties whose status is taken in here."""

from server.administration import NotPossibleError
from server.administration.changing import called, require_code
from server.center import Center
from server.store import center_status, dialect
from server.store.center_outbox import Secret
from sync.lines import Values
from sync.stamps import instant


def checked(source: str, name: str | None) -> str | None:
    """The name as it is kept. Raises NotPossibleError where a county cannot have this code, or be called so."""
    require_code(source)
    return None if name is None else called(name)


def accept(center: Center, source: str, name: str | None, secret: Secret) -> Values:
    """Takes in what a county pushes, signed by this secret; it takes the place of a former one. Raises
    NotPossibleError."""
    named = checked(source, name)
    with dialect.writing(center.engine) as connection:
        county = center.county(connection).code
        is_new = center_status.accept(connection, county, source, named, secret)
    return {"county": source, "name": named, "accepted": is_new}


def shown(center: Center) -> list[Values]:
    """Each county that may push here, with what came of it."""
    with dialect.reading(center.engine) as connection:
        rows = center_status.shown(connection, center.county(connection).code)
    return [
        {
            "county": row["source"],
            "name": row["name"],
            "days": row["days"],
            "last_day": row["last_day"],
            "last_received": None if row["last_received_ms"] is None else instant(row["last_received_ms"]),
        }
        for row in rows
    ]


def forget(center: Center, source: str, *, with_days: bool) -> Values:
    """Takes nothing more in from a county. What it sent stays, unless `with_days`. Raises NotPossibleError."""
    with dialect.writing(center.engine) as connection:
        county = center.county(connection).code
        if not center_status.forget(connection, county, source, with_days=with_days):
            raise NotPossibleError(f"没有接收过 {source}", f"Nothing is taken in from {source}")
    return {"county": source, "forgotten": True, "with_days": with_days}
