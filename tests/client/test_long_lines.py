"""Changes that name more than a line may, or has room for: what gives way, so that the value is saved."""

import json

from client_sdk.composition import Author, Known, change
from client_sdk.record import Record
from sync import ids, stamps
from sync.limits import LINE_BYTES_MAX, OVER_NAMES_MAX

NAMES = [ids.edit_name(1, number) for number in range(OVER_NAMES_MAX + 1)]
WANG = Author("wang", 2, ids.edit_name(2, 0), stamps.stamp(2))


def record(record_type: str, field: str, siblings: list[str]) -> Record:
    return Record(record_type, NAMES[0], {field: "1"}, dots={field: siblings})


def test_a_change_of_what_very_many_wrote_names_those_shown_first() -> None:
    said = change(Known(record("household", "phone", NAMES), {}), {"phone": "2", "head_name": "Gao"})
    assert said.over == {"phone": NAMES[: OVER_NAMES_MAX // 2], "head_name": NAMES[:1]}
    few = change(Known(record("household", "phone", NAMES[1:]), {}), {"phone": "2"})
    assert few.over == {"phone": NAMES[1:]}


def test_a_long_text_that_many_wrote_is_settled_a_part_at_a_time() -> None:
    made = record("dispute", "summary", NAMES[:300])
    known = Known(made, {"summary": {name: name for name in NAMES[:300]}})
    long = change(known, {"summary": "字" * 20_000}, settles=("summary",)).edit(made, WANG).line
    assert len(long) <= LINE_BYTES_MAX
    assert json.loads(long)["over"]["summary"] == NAMES[:20]
    short = change(known, {"summary": "字"}, settles=("summary",)).edit(made, WANG).line
    assert json.loads(short)["over"]["summary"] == NAMES[:300]
