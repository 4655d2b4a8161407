"""`doorstep init --demo`: an invented county to try things in."""

import pytest
from click.testing import CliRunner

from cli.demo_county import FULL, SMALL, DemoCounty
from cli.main import main
from tests.cli.conftest import Shell


@pytest.fixture
def empty(database_url: str) -> Shell:
    return Shell({"DOORSTEP_DATABASE_URL": database_url})


def test_it_is_made_once(empty: Shell) -> None:
    made = empty.does("init", "--demo", "--small")
    assert (made["county"], made["created"]) == ("990101", True)
    assert made["counts"] == {"units": 33, "people": 78, "bodies": 13, "households": 80}
    for somebody in made["cast"].values():
        assert empty.does("code", somebody["id"])["person"] == somebody["id"]
    again = empty.does("init", "--demo", "--small")
    assert again == made | {"created": False}
    assert empty.does("verify") == {"differences": []}
    assert "可试用" in empty.text("init", "--demo", "--small")


def test_what_was_changed_in_it_stays(empty: Shell) -> None:
    made = empty.does("init", "--demo", "--small")
    empty.does("person", "disable", made["cast"]["grid_worker"]["id"])
    empty.does("unit", "move", "990101001001001", "--parent", "990101001002")
    assert empty.does("init", "--demo", "--small")["counts"] == made["counts"]
    parents = {unit["code"]: unit["parent"] for unit in empty.does("unit", "list")["items"]}
    assert parents["990101001001001"] == "990101001002"


def test_it_goes_on_where_it_was_stopped(empty: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    class StoppedError(Exception):
        pass

    def stop(*_: object) -> None:
        raise StoppedError

    with monkeypatch.context() as patched:
        patched.setattr("server.administration.add_bodies", stop)
        with pytest.raises(StoppedError):
            empty.does("init", "--demo", "--small")
    made = empty.does("init", "--demo", "--small")
    assert made["counts"] == {"units": 33, "people": 78, "bodies": 13, "households": 80}


def test_it_is_not_mixed_into_another_county(shell: Shell) -> None:
    assert "empty database" in shell.fails("init", "--demo")["en"]
    assert len(shell.does("unit", "list")["items"]) == 4


@pytest.mark.parametrize(
    "arguments", [["--demo", "--county", "1"], ["--small"], ["--county", "990101"], ["--name", "示例县"]]
)
def test_a_county_is_named_or_the_demos(arguments: list[str]) -> None:
    assert CliRunner().invoke(main, ["init", *arguments]).exit_code == 2


def test_the_whole_one_has_the_shape_of_a_real_county() -> None:
    county = DemoCounty(FULL)
    codes = [unit.code for unit in county.units]
    assert [sum(len(code) == width for code in codes) for width in (9, 12, 15)] == [11, 136, 1_580]
    roles = [person.role for person in county.people]
    assert (roles.count("mediator"), roles.count("grid_worker")) == (661, 1_580)
    assert len(county.bodies) == 170
    assert len({(body.name, body.unit) for body in county.bodies}) == 170
    assert len({person.id for person in county.people}) == len(county.people)
    assert sum(1 for _ in county.homes()) == 3_200
    villages = [unit.name for unit in county.units if unit.name.endswith("村")]
    assert len(set(villages)) == len(villages)


def test_it_is_the_same_each_time() -> None:
    first, second = DemoCounty(SMALL), DemoCounty(SMALL)
    assert first.people == second.people
    assert list(first.homes()) == list(second.homes())
