"""The way to the center fails in every manner it can: nothing is lost, nothing is said twice, and it goes on."""

import gzip
import json
from collections.abc import Callable, Iterator

import httpx
import pytest

from client_sdk import CenterError, OfflineError, SyncProgress, SyncReport
from client_sdk.loop import BACK_OFF_MAX_S, FAILURES_MAX, back_off_s
from client_sdk.transport import ACCEPT_ENCODING
from sync.limits import PAGE_ROWS_MAX
from tests.client.center import (
    GRID,
    Center,
    Deliver,
    Fault,
    answer_cut,
    answer_lost,
    answering,
    refusing,
    request_lost,
    too_slow,
)
from tests.client.conftest import Worker
from tests.client.stories import dispute, everything, household, sync, visit, without_stamps


def test_the_usual_evening_is_one_round_trip(wang: Worker, li: Worker, center: Center) -> None:
    home = household(li)
    sync(li)
    sync(wang)
    center.requests.clear()
    for _ in range(20):
        visit(wang, home)
    assert wang.tablet.sync() == SyncReport(sent=20, received=20)
    (head,) = center.requests
    assert (head.owes, head.want) == (0, PAGE_ROWS_MAX)
    assert (wang.tablet.waiting, wang.waits) == (0, [])


def test_more_than_a_request_holds_goes_in_several_that_say_what_is_owed(wang: Worker, center: Center) -> None:
    wang.tablet._loop.lines_max = 2
    for _ in range(5):
        household(wang)
    assert wang.tablet.sync().sent == 5
    assert [head.owes for head in center.requests] == [3, 1, 0]
    assert [head.now for head in center.requests] == sorted(head.now for head in center.requests)


def test_a_request_is_bounded_in_bytes_but_takes_one_line_always(wang: Worker) -> None:
    for _ in range(3):
        household(wang)
    outbox = wang.tablet._desk.outbox
    size = len(outbox.next(1, 1)[0].line)
    assert len(outbox.next(10, 1)) == 1
    assert len(outbox.next(10, 2 * size + 2)) == 2
    assert len(outbox.next(10, 100 * size)) == 3


def test_what_travels_is_gzip_with_its_length_and_its_bytes_are_the_outboxs(wang: Worker, center: Center) -> None:
    seen: list[httpx.Request] = []

    def look(request: httpx.Request, deliver: Deliver) -> httpx.Response:
        seen.append(request)
        return deliver(request)

    household(wang)
    (line,) = wang.tablet._desk.store.rows("SELECT line FROM outbox")
    wang.link.faults.append(look)
    sync(wang)
    (request,) = seen
    assert int(request.headers["Content-Length"]) == len(request.content)
    assert request.headers["Content-Encoding"] == "gzip"
    assert request.headers["Accept-Encoding"] == ACCEPT_ENCODING
    assert request.headers["Content-Type"] == "application/x-ndjson"
    assert gzip.decompress(request.content).split(b"\n")[1] == line[0] == center.lines[0][0]


def test_without_a_signal_everything_is_kept(wang: Worker) -> None:
    household(wang)
    wang.link.is_up = False
    with pytest.raises(OfflineError) as found:
        wang.tablet.sync()
    assert found.value.code == "offline"
    assert (wang.tablet.waiting, wang.tablet.last_sync, wang.waits) == (1, None, [])
    wang.link.is_up = True
    assert wang.tablet.sync().sent == 1


@pytest.mark.parametrize("fault", [answer_lost, answer_cut, too_slow])
def test_a_lost_answer_is_asked_for_again_and_nothing_is_done_twice(wang: Worker, center: Center, fault: Fault) -> None:
    made = dispute(wang)
    wang.link.faults.append(fault)
    report = wang.tablet.sync()
    assert (report.sent, report.received) == (1, 1)
    assert center.lines[0] == center.lines[1]
    assert len(center.past.rows) == 1
    assert len(wang.waits) == 1
    assert wang.tablet.disputes.list() == [wang.tablet.disputes.get(made)]


@pytest.mark.parametrize(
    "broken",
    [
        lambda: httpx.Response(200, content=b"<html>please log in</html>"),
        lambda: httpx.Response(200, content=b""),
        lambda: httpx.Response(200, content=b'{"v":1}\n'),
        lambda: httpx.Response(200, content=b"\xff\xfe"),
        lambda: httpx.Response(302, headers={"Location": "https://login.example"}),
        lambda: httpx.Response(404, json=["not", "ours"]),
        lambda: httpx.Response(200, content=b"no gzip", headers={"Content-Encoding": "gzip"}),
    ],
)
def test_an_answer_that_is_not_the_centers_changes_nothing(wang: Worker, broken: Callable[[], httpx.Response]) -> None:
    household(wang)
    before = {table: rows for table, rows in without_stamps(everything(wang)).items() if table != "meta"}
    wang.link.faults.extend([answering(broken)] * FAILURES_MAX)
    with pytest.raises(OfflineError):
        wang.tablet.sync()
    assert {table: rows for table, rows in without_stamps(everything(wang)).items() if table != "meta"} == before
    assert len(wang.waits) == FAILURES_MAX - 1
    assert wang.tablet.sync().sent == 1


def test_a_line_without_end_is_given_up(wang: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("client_sdk.transport.ANSWER_LINE_BYTES_MAX", 10)
    wang.link.faults.extend([answering(lambda: httpx.Response(200, content=b"x" * 100))] * FAILURES_MAX)
    with pytest.raises(OfflineError):
        wang.tablet.sync()


def test_the_last_line_need_not_be_ended(wang: Worker, center: Center) -> None:
    def unended(request: httpx.Request, deliver: Deliver) -> httpx.Response:
        return httpx.Response(200, content=deliver(request).read().rstrip(b"\n"))

    made = household(wang)
    wang.link.faults.append(unended)
    assert (wang.tablet.sync().sent, wang.waits) == (1, [])
    assert wang.tablet.households.get(made) is not None


class Pieces(httpx.SyncByteStream):
    """A body as a socket gives it."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self.body), 16_384):
            yield self.body[start : start + 16_384]


def test_a_very_long_line_in_very_many_pieces_is_read(wang: Worker) -> None:
    """One record that is long must not keep a tablet from ever syncing again."""
    made = dispute(wang)
    wang.tablet.sync()
    long = json.dumps({"title": "长" * (6 * 1024 * 1024)}, ensure_ascii=False)
    head = '{"v":1,"mark":"2:first","clock":"2026-11-21T08:00:00.000Z-0000","through":2,"replay":false,"outcomes":[]}'
    row = f'{{"rev":2,"type":"dispute","id":"{made.id}","keys":["unit:{GRID}"],"doc":{long}}}'
    body = f'{head}\n{row}\n{{"cursor":"2:first","more":false,"rev":2}}\n'.encode()
    wang.link.faults.append(answering(lambda: httpx.Response(200, stream=Pieces(body))))
    assert wang.tablet.sync().received == 1


def test_an_outcome_of_no_known_kind_is_no_answer(wang: Worker) -> None:
    head = '{"v":1,"mark":"m","clock":"2026-11-21T08:00:00.000Z-0000","through":1,"replay":false,'
    body = (head + '"outcomes":[{"result":"?"}]}\n{"cursor":"1:first","more":false,"rev":1}\n').encode()
    wang.link.faults.extend([answering(lambda: httpx.Response(200, content=body))] * FAILURES_MAX)
    with pytest.raises(OfflineError):
        wang.tablet.sync()


def test_a_time_out_halves_what_is_sent_and_what_is_asked_for(wang: Worker, center: Center) -> None:
    for _ in range(4):
        household(wang)
    wang.link.faults.extend([too_slow, too_slow, too_slow])
    assert wang.tablet.sync().sent == 4
    assert [len(lines) for lines in center.lines][:4] == [4, 2, 1, 1]
    assert [head.want for head in center.requests][:4] == [1000, 500, 250, 125]


def test_failures_are_counted_in_a_row(wang: Worker) -> None:
    wang.tablet._loop.lines_max = 1
    for _ in range(3):
        household(wang)
    one = [answer_lost] * (FAILURES_MAX - 1) + [lambda request, deliver: deliver(request)]
    wang.link.faults.extend(one * 2)
    assert wang.tablet.sync().sent == 3
    wang.link.faults.extend([refusing("internal")] * FAILURES_MAX)
    with pytest.raises(CenterError, match="nothing on the tablet is lost"):
        wang.tablet.sync()


def test_back_off_doubles_up_to_a_bound_and_never_meets(wang: Worker) -> None:
    assert [back_off_s(failures, 1.0) for failures in (1, 2, 3, 4)] == [1, 2, 4, 8]
    assert back_off_s(10_000, 1.0) == BACK_OFF_MAX_S
    assert back_off_s(1, 0.0) == 0.5


def test_progress_counts_up_to_what_there_is(wang: Worker, li: Worker) -> None:
    for _ in range(120):
        household(li)
    sync(li)
    wang.tablet._loop.lines_max = 2
    for _ in range(3):
        household(wang)
    seen: list[SyncProgress] = []
    wang.tablet.sync(seen.append)
    assert seen[0] == SyncProgress(0, 3, 0)
    assert SyncProgress(0, 3, 50) in seen
    assert SyncProgress(2, 3, 122) in seen
    assert seen[-1] == SyncProgress(3, 3, 123)
    assert [each.received for each in seen] == sorted(each.received for each in seen)


@pytest.mark.parametrize("rows", [0, 50])
@pytest.mark.parametrize("error", [ValueError("of the caller's"), OSError("of the caller's")])
def test_what_the_progress_raises_is_raised(wang: Worker, li: Worker, rows: int, error: Exception) -> None:
    for _ in range(60):
        household(li)
    sync(li)

    def show(seen: SyncProgress) -> None:
        if seen.received >= rows:
            raise error

    with pytest.raises(type(error)) as found:
        wang.tablet.sync(show)
    assert found.value is error
    assert wang.waits == []
    assert wang.tablet.sync().received == 60


def test_a_sync_within_a_sync_is_an_error_and_does_not_hang(wang: Worker) -> None:
    with pytest.raises(RuntimeError, match="by the progress of a sync"):
        wang.tablet.sync(lambda _: wang.tablet.sync())
    sync(wang)


def test_a_lost_request_is_offline_and_nothing_else(wang: Worker) -> None:
    household(wang)
    wang.link.faults.append(request_lost)
    with pytest.raises(OfflineError):
        wang.tablet.sync()


def test_a_tablet_takes_the_centers_clock_backwards_too(wang: Worker, center: Center) -> None:
    wang.ahead_ms = 3_600_000
    first = household(wang)
    assert wang.tablet.households.history(first)[0].at.startswith("2026-11-21T09:00:00.000Z")
    sync(wang)
    assert wang.tablet.clock_offset_ms == -3_600_000
    made = visit(wang, first)
    assert made.visited_at == "2026-11-21T08:00:01Z"
    assert wang.tablet.visits.history(made)[0].at.startswith("2026-11-21T08:00:01.000Z")


@pytest.mark.parametrize(("now_ms", "year"), [(-(2**60), "1970"), (253_402_300_800_000, "9999"), (2**60, "9999")])
def test_a_clock_beyond_all_years_is_taken_as_the_first_or_the_last(wang: Worker, now_ms: int, year: str) -> None:
    wang.ahead_ms = now_ms - wang.center.clock_ms
    assert household(wang).id == wang.tablet._desk.store.value("SELECT edit FROM outbox")
    assert visit(wang, household(wang)).visited_at[:4] == year
