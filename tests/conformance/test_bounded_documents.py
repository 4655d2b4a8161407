"""docs/protocol.md, "Merging": what is left out where very many wrote into one field."""

import gzip

import pytest

from tests.conformance.answer import Answer, Document
from tests.conformance.tablet import Tablet

states, needs = pytest.mark.states, pytest.mark.needs
KIB = 1024


def pushed(tablet: Tablet, *edits: Document) -> None:
    """Sent packed: a few long texts are more than a request may have unpacked by half."""
    answer = Answer.read(tablet.post(gzip.compress(tablet.body(*edits)), **{"Content-Encoding": "gzip"}))
    assert all(each["result"] in ("applied", "conflict") for each in answer.outcomes)
    tablet.keep(answer)
    tablet.catch_up()


def many(tablet: Tablet, home: str, field: str, values: list[str]) -> list[Document]:
    return [tablet.change("household", home, {field: value}) for value in values]


@states("Siblings are listed with the shown one first, at most 100; `unlisted` counts those beyond",
        "| siblings that a conflict lists | 100 |")  # fmt: skip
@pytest.mark.parametrize(("siblings", "unlisted"), [(100, None), (101, 1), (130, 30)])
def test_a_conflict_lists_the_first_100_siblings(wang: Tablet, siblings: int, unlisted: int | None) -> None:
    home = wang.makes("household", {"door_no": "0"})
    edits = many(wang, home, "door_no", [str(number) for number in range(1, siblings)])
    pushed(wang, *edits)
    found = wang.conflict(home, "door_no")
    names = [each["edit"] for each in reversed(edits)] + [home]
    assert [each["edit"] for each in found["siblings"]] == names[:100]
    assert found.get("unlisted") == unlisted
    assert wang.dots(home, "door_no") == names


@states("Values are given as far as those listed before leave room for them within 256 KiB of JSON",
        "| values of a conflict's siblings, and of its settlements | 256 KiB |")  # fmt: skip
def test_a_conflict_gives_256_kib_of_values(wang: Tablet) -> None:
    home = wang.makes("household", {"notes": "短"})
    pushed(wang, *many(wang, home, "notes", [f"{number:03}" + "字" * 18_000 for number in range(12)]))
    siblings = wang.conflict(home, "notes")["siblings"]
    assert len(siblings) == 13
    # Four have 54 KiB each; a fifth does not fit, and the short one at the end does.
    assert [bool(each.get("cut")) for each in siblings] == [*[False] * 4, *[True] * 8, False]
    assert all(("value" in each) != ("cut" in each) for each in siblings)
    assert siblings[0]["value"].startswith("011")
    assert siblings[-1]["value"] == "短"


@states("Of settlements the latest 16 are listed, in the order of their stamps",
        "| settlements that a conflict lists | 16 |")  # fmt: skip
@needs("CODE_OFFICER")
def test_a_conflict_lists_the_latest_16_settlements(wang: Tablet, sun: Tablet) -> None:
    home = wang.makes("household", {"notes": "短"})
    sun.catch_up()
    texts = [f"{number:03}" + "字" * 18_000 for number in range(18)]
    edits = [sun.change("household", home, {"notes": text}, settles=["notes"]) for text in texts]
    pushed(sun, *edits)
    settlements = sun.conflict(home, "notes")["settlements"]
    assert [each["edit"] for each in settlements] == [each["edit"] for each in edits[2:]]
    assert [bool(each.get("cut")) for each in settlements] == [*[True] * 12, *[False] * 4]


@states("Of one set a record shows at most 200 values: first those that only its creation gave",
        "`dots` lists the registers of those, and of values taken out, the latest first, up to the same number",
        "All others stand, and are shown when there is room",
        "| values of a set that a record shows | 200 |")  # fmt: skip
def test_a_record_shows_200_values_of_a_set(wang: Tablet) -> None:
    home = wang.makes("household")
    visit = wang.makes("visit", {"household": home, "photos": ["z.jpg"]})
    photos = [f"{number:03}.jpg" for number in range(250)]
    added = [wang.change("visit", visit, add={"photos": photos[start:][:50]}) for start in range(0, 250, 50)]
    pushed(wang, *reversed(added))
    assert wang.doc(visit)["photos"] == [*photos[:199], "z.jpg"]
    assert set(wang.row(visit)["dots"]) == {f"photos/{each}" for each in photos[:199]}

    out = {f"photos/{each}": [added[0]["edit"]] for each in photos[:50]}
    pushed(wang, wang.change("visit", visit, over=out, remove={"photos": photos[:50]}))
    assert wang.doc(visit)["photos"] == [*photos[50:249], "z.jpg"]
    out = {f"photos/{each}": [added[1]["edit"]] for each in photos[50:100]}
    pushed(wang, wang.change("visit", visit, over=out, remove={"photos": photos[50:100]}))
    assert wang.doc(visit)["photos"] == [*photos[100:], "z.jpg"]
    # The latest of those taken out, as far as there is room.
    assert set(wang.row(visit)["dots"]) == {f"photos/{each}" for each in photos[50:]} - {"photos/099.jpg"}
