"""The center has spent a code, and its answer was lost: whatever comes between, the code is good for this tablet."""

import contextlib
from pathlib import Path

import httpx
import pytest

from client_sdk import AddressWrongError, CenterError, OfflineError, Tablet
from tests.client.center import Center, Fault, Link, answer_lost, answering, refusing, request_lost


@pytest.mark.parametrize(
    ("between", "error"),
    [
        (answering(lambda: httpx.Response(429, text="<html>Later</html>")), CenterError),
        (answering(lambda: httpx.Response(413)), CenterError),
        (answering(lambda: httpx.Response(302)), AddressWrongError),
        (refusing("slow-down"), CenterError),
        (request_lost, OfflineError),
    ],
)
def test_a_refusal_after_a_lost_answer_burns_no_code(
    center: Center, tmp_path: Path, between: Fault, error: type[Exception]
) -> None:
    link = Link(center)

    def enroll() -> Tablet:
        return Tablet.enroll(
            "https://center.example", "WANG", tmp_path / "w.tablet", transport=link, clock=lambda: center.clock_ms
        )

    link.faults.extend([answer_lost, between])
    with pytest.raises(OfflineError):
        enroll()
    with pytest.raises(error):
        enroll()
    with enroll() as tablet:
        assert tablet.person["name"] == "王一"


@pytest.mark.parametrize(
    "codes",
    [
        ["wa-ng", " W A N G "],
        ["WANG", "WANK", "WANG"],
        ["WANG", "WA-NG", "WANK", "wank", "wang"],
    ],
)
def test_another_spelling_or_a_slip_in_between_burns_no_code(center: Center, tmp_path: Path, codes: list[str]) -> None:
    link = Link(center)
    link.faults.append(answer_lost)

    def enroll(code: str) -> Tablet:
        return Tablet.enroll("https://center.example", code, tmp_path / "w.tablet", transport=link)

    with pytest.raises(OfflineError):
        enroll(codes[0])
    for code in codes[1:-1]:
        with contextlib.suppress(CenterError):
            enroll(code).close()
    with enroll(codes[-1]) as tablet:
        assert tablet.person["id"] == "wang"


def test_two_codes_whose_answers_were_lost_are_both_good(center: Center, tmp_path: Path) -> None:
    center.codes["WANG2"] = "wang"
    link = Link(center)
    for code in ("WANG", "WANG2"):
        link.faults.append(answer_lost)
        with pytest.raises(OfflineError):
            Tablet.enroll("https://center.example", code, tmp_path / "w.tablet", transport=link)
    for code in ("WANG", "WANG2"):
        Tablet.enroll("https://center.example", code, tmp_path / "w.tablet", transport=link).close()


def test_codes_that_are_all_answered_leave_no_store(center: Center, tmp_path: Path) -> None:
    link = Link(center)
    link.faults.append(answering(lambda: httpx.Response(502)))
    for code in ("WANK", "WANX", "wan-k"):
        with pytest.raises(CenterError):
            Tablet.enroll("https://center.example", code, tmp_path / "w.tablet", transport=link)
    assert not list(tmp_path.iterdir())
