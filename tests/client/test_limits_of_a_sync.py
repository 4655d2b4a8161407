"""How much of everything one sync puts up with: at the limit it goes on, beyond it ends and says so, and nothing is
lost by that."""

import httpx
import pytest

from client_sdk import CenterError
from client_sdk.application import AGAIN_BYTES_MAX, _fitting
from client_sdk.loop import RESTARTS_MAX, RETRY_AFTER_MAX_S, STANDSTILLS_MAX
from client_sdk.schema import Meta
from schemas.limits import NAME_CHARS_MAX, SECRET_CHARS_MAX
from sync.cursor import CURSOR_BYTES_MAX
from sync.frames import RequestHead, request
from sync.limits import HEAD_BYTES_MAX, PAGE_ROWS_MAX
from tests.client.center import Center, Fault, answering, refusing
from tests.client.conftest import Worker
from tests.client.stories import household


def saying(center: Center, cursor: str | None, *, replay: bool = False) -> Fault:
    """An answer that brings nothing, and says that there is more."""

    def answer() -> httpx.Response:
        head = f'{{"v":1,"mark":"{center.past.revision}:first","clock":"{center.stamp}","through":1,'
        head += f'"replay":{str(replay).lower()},"outcomes":[]}}'
        return httpx.Response(200, content=f'{head}\n{{"cursor":"{cursor}","more":true,"rev":1}}\n'.encode())

    return answering(answer)


def ends(wang: Worker, problem: str | None) -> None:
    """A sync that ends with this problem; without one, as it should."""
    if problem is None:
        wang.tablet.sync()
        return
    with pytest.raises(CenterError) as found:
        wang.tablet.sync()
    assert (found.value.problem, bool(found.value.zh), bool(found.value.en)) == (problem, True, True)


def test_answers_that_bring_nothing(wang: Worker, center: Center) -> None:
    home = household(wang)
    wang.tablet.sync()
    for count, problem in ((STANDSTILLS_MAX - 1, None), (STANDSTILLS_MAX, "no-progress")):
        here = wang.tablet._desk.store.meta(Meta.CURSOR)
        wang.link.faults.extend([saying(center, here)] * count)
        ends(wang, problem)
        assert not wang.link.faults
    wang.tablet.sync()
    assert [each.id for each in wang.tablet.households.list()] == [home.id]


def test_answers_that_begin_the_feed_anew(wang: Worker, center: Center) -> None:
    home = household(wang)
    for count, problem in ((RESTARTS_MAX, None), (RESTARTS_MAX + 1, "no-progress")):
        wang.link.faults.extend(saying(center, f"{number % 2}:first", replay=True) for number in range(count))
        ends(wang, problem)
        assert not wang.link.faults
    wang.tablet.sync()
    assert center.document("household", home.id) is not None
    assert [each.id for each in wang.tablet.households.list()] == [home.id]
    assert (wang.tablet.waiting, wang.tablet.set_aside) == (0, [])


def test_a_wait_that_the_center_asks_for(wang: Worker) -> None:
    household(wang)
    for asked_s, problem in ((RETRY_AFTER_MAX_S + 1, "slow-down"), (RETRY_AFTER_MAX_S, None)):
        wang.link.faults.append(refusing("slow-down", **{"Retry-After": f"{asked_s:.0f}"}))
        ends(wang, problem)
        assert wang.tablet.waiting == (0 if problem is None else 1)
    assert wang.waits == [RETRY_AFTER_MAX_S]


def test_keys_to_read_again() -> None:
    """As many as a request's first line has room for, beside the longest cursor."""
    size = len('"unit:",') + NAME_CHARS_MAX
    names = [f"unit:{number:0{NAME_CHARS_MAX}}" for number in range(AGAIN_BYTES_MAX // size)]
    left = AGAIN_BYTES_MAX - len(names) * size
    last = "unit:" + "x" * (left - len('"unit:",'))
    assert _fitting([*names, last]) == [*names, last]
    assert _fitting([*names, last + "x"]) == names
    head = RequestHead(
        cursor="x" * CURSOR_BYTES_MAX, mark="x" * SECRET_CHARS_MAX, owes=2**53 - 1, now="2026-11-21T08:00:00.000Z-0000",
        want=PAGE_ROWS_MAX, check=True, again=(*names, last),
    )  # fmt: skip
    assert len(request(head, [])) < HEAD_BYTES_MAX
