"""Runs the suite against the center that DOORSTEP_CONFORMANCE_URL names, or else against ours, on both its stores."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.conformance.answer import Document
from tests.conformance.ours import own_site
from tests.conformance.site import PREFIX, Site
from tests.conformance.tablet import Tablet

TIMEOUT_S = 60
# Shorter than any server keeps a connection that is not used: it must not close one while a request is on its way.
KEPT_S = 1


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "states(*fragments): the sentences of docs/protocol.md that a test holds true")
    config.addinivalue_line("markers", "needs(*names): the settings beside URL and CODE that a test cannot do without")


STORES = {"sqlite": "sqlite_databases", "postgresql": "volatile_postgres"}


@pytest.fixture(scope="session", params=["given"] if Site.from_environment() else list(STORES))
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    """The center under test."""
    given = Site.from_environment()
    if given is not None:
        yield given
        return
    databases: Any = request.getfixturevalue(STORES[request.param])
    elsewhere: Any = request.getfixturevalue("sqlite_databases")
    with databases.database() as url, elsewhere.database() as elsewhere_url, own_site(url, elsewhere_url) as made:
        yield made


@pytest.fixture(scope="session")
def http(site: Site) -> Iterator[httpx.Client]:
    limits = httpx.Limits(keepalive_expiry=KEPT_S)
    with httpx.Client(base_url=site.url, timeout=TIMEOUT_S, limits=limits) as client:
        yield client


def needed(site: Site, *names: str) -> None:
    """Skips the test where one of these settings was not given. Ours has them all, so that none of its tests is."""
    missing = site.missing(*names)
    if missing:
        assert Site.from_environment() is not None, f"our own center lacks {missing}"
        pytest.skip(f"needs {' and '.join(missing)}")


@pytest.fixture
def api(http: httpx.Client) -> httpx.Client:
    """The center, asked by nobody in particular."""
    return http


@pytest.fixture(autouse=True)
def _has_what_it_needs(request: pytest.FixtureRequest) -> None:
    for marker in request.node.iter_markers("needs"):
        needed(request.getfixturevalue("site"), *marker.args)


@pytest.fixture(scope="session")
def enrolled(site: Site, http: httpx.Client) -> Callable[[str], Tablet]:
    """Gives the tablet of a code by its setting's name; each is enrolled once."""
    tablets: dict[str, Tablet] = {}

    def tablet(name: str) -> Tablet:
        if name not in tablets:
            needed(site, name)
            tablets[name] = Tablet(http, site.given[name])
            tablets[name].enroll()
        return tablets[name]

    return tablet


def _caught_up(tablet: Tablet) -> Tablet:
    tablet.catch_up()
    return tablet


@pytest.fixture
def wang(enrolled: Callable[[str], Tablet]) -> Tablet:
    """A grid worker, whose scope has one grid."""
    return _caught_up(enrolled("CODE"))


@pytest.fixture
def li(enrolled: Callable[[str], Tablet]) -> Tablet:
    """Another worker of the same grid."""
    return _caught_up(enrolled("CODE_COLLEAGUE"))


@pytest.fixture
def zhou(enrolled: Callable[[str], Tablet]) -> Tablet:
    """A mediator, of a committee, over the grid's village."""
    return _caught_up(enrolled("CODE_MEDIATOR"))


@pytest.fixture
def sun(enrolled: Callable[[str], Tablet]) -> Tablet:
    """An officer of the grid's village."""
    return _caught_up(enrolled("CODE_OFFICER"))


@pytest.fixture
def xu(site: Site, enrolled: Callable[[str], Tablet]) -> Iterator[Tablet]:
    """A third worker of the grid, who may be moved away, and is there again afterwards."""
    tablet = enrolled("CODE_MOVER")
    tablet.enroll()
    tablet.grid_before = tablet.grid
    yield _caught_up(tablet)
    if f"unit:{tablet.grid_before}" not in tablet.enroll()["scope"]:
        site.run("ASSIGN", person=tablet.id, unit=tablet.grid_before)


@dataclass(frozen=True, slots=True)
class Lost:
    """A tablet that was revoked: a record that it made before, and a refused edit with its outcome."""

    tablet: Tablet
    record: str
    refused: Document
    outcome: Document


@pytest.fixture(scope="session")
def lost(site: Site, http: httpx.Client) -> Lost:
    """A tablet that did some work and was revoked then."""
    needed(site, "CODE_LOST", "REVOKE")
    tablet = Tablet(http, site.given["CODE_LOST"])
    if tablet.ask().status_code != 201:
        pytest.skip(f"the tablet of {PREFIX}CODE_LOST is revoked already: each run takes a new code")
    tablet.enroll()
    record, refused = tablet.makes("household"), tablet.creation("household", {"address": ""})
    outcome = tablet.sync(refused).outcome(refused["edit"])
    site.run("REVOKE", tablet=tablet.tablet)
    return Lost(tablet, record, refused, outcome)
