"""docs/protocol.md, "Erasure"."""

import pytest

from tests.conformance.answer import Answer
from tests.conformance.site import Site
from tests.conformance.tablet import Tablet

states, needs = pytest.mark.states, pytest.mark.needs


def gone(answers: list[Answer], record: str) -> str | None:
    """Why a record is gone, as these answers say last."""
    reasons = [row["gone"] for answer in answers for row in answer.rows if row["id"] == record and "gone" in row]
    return str(reasons[-1]) if reasons else None


@needs("ERASE", "CODE_COLLEAGUE")
@states("A record that was erased by law comes as `gone`", "| `gone` |")
def test_an_erased_record_is_gone_for_all_who_had_it(site: Site, wang: Tablet, li: Tablet) -> None:
    case = wang.makes("dispute")
    entry = wang.makes("entry", {"dispute": case})
    li.catch_up()
    site.run("ERASE", type="dispute", record=case)
    for tablet in (wang, li):
        answers = tablet.catch_up()
        assert gone(answers, case) == "erased"
        assert gone(answers, entry) == "erased"


@needs("ERASE", "CODE_COLLEAGUE")
@states("An edit of the erased record is refused as `erased`", "| `erased` | refused |")
def test_what_comes_later_about_it_is_refused_as_erased(site: Site, wang: Tablet, li: Tablet) -> None:
    creation = wang.creation("dispute")
    case = creation["edit"]
    bad = li.creation("entry", {"dispute": case, "kind": "no such kind"})
    wang.sync(creation)
    li.sync(bad)
    site.run("ERASE", type="dispute", record=case)
    mending = li.creation("entry", {"dispute": case}, mends=bad["edit"])
    late = [li.change("dispute", case, {"place": "渠边"}, {"place": [case]}), li.creation("entry", {"dispute": case})]
    answer = li.sync(mending, bad, *late)
    for edit in (mending, bad, *late):
        assert answer.outcome(edit["edit"])["code"] == "erased"
    assert wang.sync(creation).outcome(case)["code"] == "erased"


@needs("ERASE")
@states("A visit that merely names an erased household")
def test_a_visit_of_an_erased_household_is_taken(site: Site, wang: Tablet) -> None:
    home = wang.makes("household")
    visit = wang.creation("visit", {"household": home})
    site.run("ERASE", type="household", record=home)
    assert wang.sync(visit).outcomes == []
    assert wang.sees(visit["edit"])
    assert not wang.sees(home)
