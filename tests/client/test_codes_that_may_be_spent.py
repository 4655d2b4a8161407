"""The center has spent a code, and its answer was lost: whatever comes between, the code is good for this tablet."""

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
