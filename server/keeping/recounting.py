"""`doorstep recount`: figures that are not what the records add up to are put right, by the sum that `verify` makes.

A release that counts otherwise than the one before leaves such figures, and so does whoever changes the county's
periods. It reads everything with the county locked: for a quiet hour.
"""

from server.administration.changing import Changed, Directory, NotPossibleError, changing_as_said
from server.center import Center
from server.replay import differences_of_records
from server.status.days import days_in
from server.status.recount import Recount, wrong_counters, wrong_days
from server.store import counters
from server.verification import Erased
from sync.lines import Values


def recount(center: Center) -> Values:
    """Counts everything anew; says how many counters and days of attendance were put right.

    Raises NotPossibleError where records are not what the log makes: no sum over them would be right."""

    def apply(change: Directory) -> Changed[Values]:
        connection, county = change.connection, change.county
        found, erased = Recount(days_in(county.timezone)), Erased()
        damaged = [*erased.read(connection, county), *differences_of_records(connection, county, found)]
        if damaged:
            raise NotPossibleError(
                "记录与日志不一致，无法重新统计；详见 doorstep verify",
                "Records are not what the log makes, so that nothing can be counted: see `doorstep verify`",
            )
        counted = found.counted(erased.remains.values())
        wrong = wrong_counters(counters.everything(connection, county.code), counted)
        days = wrong_days(counters.every_attendance(connection, county.code), found.days)
        counters.put(connection, county.code, wrong, county.revision + 1)
        counters.attend(connection, county.code, days)
        put_right = {"counters": len(wrong), "attendance": len(days)}
        return Changed(put_right, [{"do": "recount", **put_right}] if wrong or days else [])

    return changing_as_said(center, apply)
