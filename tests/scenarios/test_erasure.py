"""What is erased leaves nothing at the center but what is anonymous, and every tablet that had it is told."""

import json

import pytest
import sqlalchemy as sa

from server.administration import NotPossibleError
from server.keeping import erasure
from server.store import ledger, tables
from tests.support.clock import HOUR_MS
from tests.support.county import GRID, NEXT_GRID, VILLAGE, County
from tests.support.device import Device
from tests.support.meetings import Meeting

NAME = "某甲"
WHY = "本人申请"


def kept(county: County) -> str:
    """Everything that the database holds of records and lines, as one text."""
    texts: list[str] = []
    with county.center.engine.connect() as connection:
        for table in (tables.record, tables.edit_log, tables.held_wait, tables.placement):
            texts += [
                value.decode(errors="replace") if isinstance(value, bytes) else str(value)
                for row in connection.execute(sa.select(table))
                for value in row
            ]
    return "\n".join(texts)


def rest(county: County) -> list[dict[str, object]]:
    """What the erase lines of the log say."""
    asked = sa.select(tables.edit_log.c.line).where(tables.edit_log.c.kind == "erase")
    with county.center.engine.connect() as connection:
        return [json.loads(line) for line in connection.scalars(asked.order_by(tables.edit_log.c.revision))]


def test_a_household_is_erased_and_its_visits_stay(county: County, wang: Device, li: Device) -> None:
    home = wang.create("household", unit=GRID, head_name=NAME)
    visit = wang.create("visit", household=home, unit=GRID)
    wang.sync()
    li.sync()
    wang.change("household", home, head_name=NAME + "二")
    li.change("household", home, head_name=NAME + "三")
    wang.sync()
    li.sync()
    assert li.all("conflict")

    told = erasure.erase(county.center, "household", home, WHY)

    assert told["records"] == {"conflict": 1, "household": 1}
    assert told["lines"] == 3
    for device in (wang, li):
        answer = device.sync()
        assert [(row["type"], row["gone"]) for row in answer.rows] == [
            ("household", "erased"), ("conflict", "erased"),
        ]  # fmt: skip
        assert device.sees(visit)
        assert not device.sees(home)
    assert NAME not in kept(county)
    assert rest(county)[0]["unit"] == GRID
    assert len(rest(county)[0]["edits"]) == 3  # type: ignore[arg-type]


def test_a_dispute_goes_with_its_entries_and_leaves_its_steps(county: County, wang: Device) -> None:
    made = wang.create("dispute", unit=GRID, title=NAME)
    entry = wang.create("entry", dispute=made, text=NAME)
    refused = wang.create("entry", dispute=made, text=NAME, kind="no such kind")
    wang.sync()
    sun = county.worker("孙立", VILLAGE, "village_staff")
    sun.sync()
    county.clock.pass_ms(HOUR_MS)
    sun.change("dispute", made, status="accepted")
    sun.sync()

    erasure.erase(county.center, "dispute", made, WHY)

    gone = {(row["type"], row["id"]): row["gone"] for row in wang.sync().rows}
    assert gone == {("dispute", made): "erased", ("entry", entry): "erased", ("entry", refused): "erased"}
    assert NAME not in kept(county)
    [left] = rest(county)
    assert [(step["status"], step["tier"]) for step in left["steps"]] == [  # type: ignore[attr-defined]
        ("reported", "village"), ("accepted", "village"),
    ]  # fmt: skip
    assert (left["type"], left["unit"], left["reason"]) == ("dispute", GRID, WHY)


def test_what_is_sent_again_or_comes_late_is_known_as_erased(county: County, wang: Device, li: Device) -> None:
    made = wang.create("dispute", unit=GRID, title=NAME)
    wang.sync()
    li.sync()
    erasure.erase(county.center, "dispute", made, WHY)

    wang.restored()
    late = li.change("dispute", made, place=NAME)
    entry = li.create("entry", dispute=made, text=NAME)
    bad = li.create("entry", dispute=made, text=NAME, kind="no such kind")
    for device in (wang, li):
        device.sync()

    for name, outcome in {**wang.outcomes, **li.outcomes}.items():
        assert (outcome["result"], outcome["code"]) == ("refused", "erased"), name
        assert outcome["detail"]["en"] == "This was erased"
    assert {late, entry, bad} <= li.outcomes.keys()
    assert NAME not in kept(county)
    li.mend(bad, "entry", dispute=made, text=NAME)
    li.sync()
    assert {each["code"] for each in li.outcomes.values()} == {"erased"}
    assert NAME not in kept(county)


@pytest.mark.parametrize("comes", ["before", "after"])
def test_a_late_edit_ends_alike_whenever_it_comes(county: County, wang: Device, li: Device, comes: str) -> None:
    made = wang.create("household", unit=GRID)
    wang.sync()
    li.sync()
    edit = li.change("household", made, head_name=NAME)
    visit = li.create("visit", household=made, unit=GRID)
    if comes == "before":
        li.sync()
    erasure.erase(county.center, "household", made, WHY)
    li.restored()
    li.sync()
    assert li.outcomes[edit]["code"] == "erased"
    assert li.outcomes[visit]["result"] == "applied", "a visit stands by itself"
    li.sync()
    assert li.sees(visit)
    assert NAME not in kept(county)


@pytest.mark.parametrize("comes", ["change", "entry", "bad entry", "outside"])
def test_a_push_that_meets_an_erasure_comes_before_or_after_it(
    county: County, wang: Device, li: Device, zhao: Device, monkeypatch: pytest.MonkeyPatch, comes: str
) -> None:
    made = wang.create("dispute", unit=GRID, title=NAME)
    wang.sync()
    li.sync()
    meeting = Meeting(monkeypatch, county.center.engine, ledger, "locked", 2)
    author = zhao if comes == "outside" else li
    if comes in ("change", "outside"):
        edit = author.change("dispute", made, over={"place": [made]}, place=NAME)
    else:
        edit = author.create("entry", dispute=made, text=NAME, kind="note" if comes == "entry" else "no such kind")
    meeting.run(lambda: erasure.erase(county.center, "dispute", made, WHY), lambda: author.sync().last)
    assert NAME not in kept(county)
    author.restored()
    author.sync()
    assert author.outcomes[edit]["code"] == "erased"


def test_held_lines_about_it_go_too(county: County, wang: Device, zhao: Device) -> None:
    made = wang.create("dispute", unit=GRID, title=NAME)
    wang.sync()
    outside = [zhao.change("dispute", made, over={"place": [made]}, place=NAME)]
    outside.append(zhao.create("entry", dispute=made, text=NAME))
    zhao.sync()
    assert {zhao.outcomes[each]["result"] for each in outside} == {"held"}

    erasure.erase(county.center, "dispute", made, WHY)

    zhao.sync()
    told = zhao.all("held")
    assert {(told[each]["result"], told[each]["code"]) for each in outside} == {("refused", "erased")}
    assert NAME not in kept(county)
    assert zhao.outcomes.keys() == set(outside)


def test_lines_that_nobody_could_read_go_too(county: County, wang: Device) -> None:
    made = wang.create("dispute", unit=GRID)
    wang.sync()
    text = f'{{"edit":"{made}","type":"dispute","do":"create","by":"x","note":"{NAME}"}}'
    wang.push([text.encode(), f'{{"about":"{made}","{NAME}'.encode(), b'{"other":1'])
    assert NAME in kept(county)
    erasure.erase(county.center, "dispute", made, WHY)
    assert NAME not in kept(county)
    assert '{"other":1' in kept(county)


def strays(county: County, wang: Device, li: Device, home: str) -> list[bytes]:
    """Lines about a household that bear no name of their own."""
    said = {"schema": 1, "by": wang.person, "type": "household"}
    nameless = said | {"edit": "no name", "do": "change", "id": home, "now": {"head_name": NAME}}
    mending = said | {"edit": "no name", "do": "create", "mends": home, "now": {"unit": GRID, "head_name": NAME}}
    change = {"do": "change", "type": "household", "id": home, "over": {"notes": [home]}, "was": {}}
    return [
        json.dumps(nameless, ensure_ascii=False).encode(),
        json.dumps(mending, ensure_ascii=False).encode(),
        f'{{"about":"{home}","{NAME}'.encode(),
        wang.line(**change, now={"notes": NAME + "x" * 70_000})[1],
        li.line(**change, now={"notes": NAME})[1],
    ]


def test_lines_without_a_name_that_come_later_are_not_kept(county: County, wang: Device, li: Device) -> None:
    home, refused = wang.create("household", unit=GRID), wang.create("household", unit="nowhere", head_name=NAME)
    wang.sync()
    erasure.erase(county.center, "household", home, WHY)
    erasure.erase(county.center, "household", refused, WHY)
    late = [*strays(county, wang, li, home), *strays(county, wang, li, refused), b'{"other":1']

    for _ in range(2):
        assert {each["result"] for each in wang.push(late).outcomes} == {"refused"}

    assert NAME not in kept(county)
    assert '{"other":1' in kept(county)
    log = tables.edit_log.c
    with county.center.engine.connect() as connection:
        codes = connection.scalars(sa.select(log.code).where(log.kind == "stray").order_by(log.revision)).all()
    assert codes == ["erased"] * (len(late) - 1) + [None]
    assert county.differences() == []
    with county.center.engine.begin() as connection:
        connection.execute(sa.update(tables.edit_log).where(log.code == "erased").values(line=b"back"))
    assert [each for each in county.differences() if "it is erased, and its bytes are there" in each]
    county.is_checked = False


def test_a_line_without_a_name_that_meets_an_erasure_is_not_kept(
    county: County, wang: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = wang.create("household", unit=GRID)
    wang.sync()
    meeting = Meeting(monkeypatch, county.center.engine, ledger, "locked", 2)
    line = f'{{"about":"{home}","{NAME}'.encode()
    meeting.run(lambda: erasure.erase(county.center, "household", home, WHY), lambda: wang.push([line]).last)
    assert NAME not in kept(county)


def test_who_had_it_before_it_moved_away_is_told(county: County, wang: Device) -> None:
    sun = county.worker("孙立", VILLAGE, "village_staff")
    zhao = county.worker("周全", NEXT_GRID)
    made = wang.create("household", unit=GRID, head_name=NAME)
    wang.sync()
    sun.sync()
    sun.change("household", made, unit=NEXT_GRID)
    sun.sync()
    wang.sync()
    zhao.sync()
    assert zhao.sees(made)
    assert not wang.sees(made)
    erasure.erase(county.center, "household", made, WHY)
    for device in (wang, sun, zhao):
        assert [row["gone"] for row in device.sync().rows] == ["erased"]


def test_a_dry_run_says_what_would_go(county: County, wang: Device) -> None:
    made = wang.create("dispute", unit=GRID, title=NAME)
    wang.create("entry", dispute=made)
    wang.sync()
    told = erasure.erase(county.center, "dispute", made, WHY, is_dry=True)
    assert told == {
        "type": "dispute", "record": made, "records": {"dispute": 1, "entry": 1}, "lines": 2, "erased": False,
    }  # fmt: skip
    assert wang.sync().gone == {}
    assert NAME in kept(county)


def test_what_is_not_there_cannot_be_erased(county: County, wang: Device) -> None:
    made = wang.create("household", unit=GRID)
    wang.sync()
    erasure.erase(county.center, "household", made, WHY)
    for record_type, identity, why in (
        ("household", made, WHY),
        ("household", wang.line()[0], WHY),
        ("household", "x", WHY),
        ("conflict", made, WHY),
        ("household", made, " "),
    ):
        with pytest.raises(NotPossibleError):
            erasure.erase(county.center, record_type, identity, why)


@pytest.mark.parametrize("was", ["applied", "held", "refused"])
def test_what_is_of_another_type_is_not_erased(county: County, wang: Device, was: str) -> None:
    said: dict[str, dict[str, object]] = {"applied": {}, "held": {"household": wang.line()[0]}, "refused": {"notes": 1}}
    home = wang.create("household", unit=GRID)
    visit = wang.create("visit", **{"household": home, "unit": GRID, **said[was]})
    wang.sync()
    assert wang.outcomes[visit]["result"] == was
    before = kept(county)
    for is_dry in (True, False):
        with pytest.raises(NotPossibleError, match="is of type visit, not household") as found:
            erasure.erase(county.center, "household", visit, WHY, is_dry=is_dry)
        assert "是 visit，不是 household" in found.value.zh
    assert kept(county) == before
    assert erasure.erase(county.center, "visit", visit, WHY)["erased"] is True


def test_an_entry_or_a_visit_is_erased_alone(county: County, wang: Device, li: Device) -> None:
    case = wang.create("dispute", unit=GRID)
    page, other = (wang.create("entry", dispute=case, text=NAME + number) for number in "一二")
    home = wang.create("household", unit=GRID)
    visit = wang.create("visit", household=home, unit=GRID, notes=NAME + "三")
    wang.sync()
    li.sync()
    assert erasure.erase(county.center, "entry", page, WHY)["records"] == {"entry": 1}
    assert erasure.erase(county.center, "visit", visit, WHY)["records"] == {"visit": 1}
    assert li.sync().gone == {("entry", page): "erased", ("visit", visit): "erased"}
    assert li.sees(case)
    assert li.sees(other)
    assert [(left["type"], left["unit"]) for left in rest(county)] == [("entry", GRID), ("visit", GRID)]
    assert NAME + "一" not in kept(county)
    assert NAME + "三" not in kept(county)
    assert NAME + "二" in kept(county)
    erasure.erase(county.center, "dispute", case, WHY)
    assert NAME not in kept(county)
    with pytest.raises(NotPossibleError):
        erasure.erase(county.center, "entry", page, WHY)


def test_a_creation_that_was_refused_is_erased_too(county: County, wang: Device) -> None:
    refused = wang.create("dispute", unit=GRID, title=NAME, category="no such category")
    wang.sync()
    assert NAME in kept(county)
    erasure.erase(county.center, "dispute", refused, WHY)
    assert NAME not in kept(county)
    assert wang.sync().gone == {("dispute", refused): "erased"}
    mending = wang.mend(refused, "dispute", unit=GRID, title=NAME)
    wang.sync()
    assert wang.outcomes[mending]["code"] == "erased"
    assert NAME not in kept(county)
