"""Edit lines that are nearly right: each has an outcome, no neighbour is lost, the server never fails."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.effort import tries
from tests.fuzz.ground import Ground, named
from tests.fuzz.mutations import damaged, encoded, mutated
from tests.support.county import GRID

CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.ndjson"))


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_lines_that_were_kept(ground: Ground, path: Path) -> None:
    """What once failed, or nearly did: `{by}`, `{grid}`, `{at}` and `{home}` stand for the county's own."""
    wang = ground.wang
    home = next(each["id"] for each in ground.seeds if each["do"] == "change")
    text = path.read_bytes()
    for name, value in {"by": wang.person, "grid": GRID, "at": wang.stamp(), "home": home}.items():
        text = text.replace(f"{{{name}}}".encode(), value.encode())
    ground.takes(text.removesuffix(b"\n").split(b"\n"))


@given(data=st.data())
@tries(50)
def test_lines_with_wrong_members(ground: Ground, data: st.DataObject) -> None:
    seeds = data.draw(st.lists(st.sampled_from(ground.seeds), min_size=1, max_size=4))
    lines = [encoded(named(data.draw(mutated(seed)))) for seed in seeds]
    ground.takes([line for line in lines if b"\n" not in line])


@given(data=st.data())
@tries(25)
def test_lines_with_damaged_bytes(ground: Ground, data: st.DataObject) -> None:
    seeds = data.draw(st.lists(st.sampled_from(ground.seeds), min_size=1, max_size=4))
    lines = [data.draw(damaged(encoded(named(seed)))).replace(b"\n", b"") for seed in seeds]
    ground.takes(lines)


@given(data=st.data())
@tries(25)
def test_lines_that_name_one_another_wildly(ground: Ground, data: st.DataObject) -> None:
    """Edits whose ids, `over` and `mends` are names of each other, of themselves, of records of other types."""
    names = [f"01a1fe00-0000-7000-8000-{data.draw(st.integers(0, 7)):012d}" for _ in range(4)]
    known = [each["id"] for each in ground.seeds if "id" in each]
    pool = st.sampled_from([*names, *known])
    lines = []
    for seed in data.draw(st.lists(st.sampled_from(ground.seeds), min_size=1, max_size=4)):
        edit = json.loads(json.dumps(seed))
        if "id" in edit:
            edit["id"] = data.draw(pool)
            edit["over"] = {name: data.draw(st.lists(pool, max_size=3)) for name in edit.get("over", {})}
        elif data.draw(st.booleans()):
            edit["mends"] = data.draw(pool)
        for link in {"household", "dispute"} & edit.get("now", {}).keys():
            edit["now"][link] = data.draw(pool)
        lines.append(encoded({"edit": data.draw(pool), **edit} if data.draw(st.booleans()) else named(edit)))
    ground.takes(lines)
