"""The center above: a second server, to which the county pushes its status, and what the two say of the same days."""

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from demo.center import CountyCenter
from demo.people import COUNTY, TOWNSHIP, VILLAGES
from schemas.status import FLOWS

ABOVE, ABOVE_STAFF = "9901", "above-1"
TIMEZONE = ZoneInfo("Asia/Shanghai")


class Upward:
    """`county` pushes to `above`, both real servers."""

    def __init__(self, county: CountyCenter, folder: Path) -> None:
        self.county, self.above = county, CountyCenter(folder)
        self.secret = folder / "push.secret"
        folder.mkdir()

    def close(self) -> None:
        self.above.close()

    def open(self) -> None:
        """Starts the center above and has the two agree on a secret."""
        above = self.above
        above.doorstep("init", "--county", ABOVE, "--name", "上级中心")
        above.doorstep(
            "center", "accept", COUNTY, "--name", "示例县", "--secret-file", str(self.secret), "--new-secret"
        )
        above.doorstep(
            "person", "add", "--name", "周某", "--role", "county_staff", "--unit", ABOVE, "--id", ABOVE_STAFF
        )
        above.open()
        self.county.doorstep("center", "add", above.url, "--secret-file", str(self.secret))

    def push(self) -> dict[str, Any]:
        """One pass of the county's worker; what it reports."""
        return self.county.doorstep("worker", "--once")

    def differences(self, token: str) -> list[str]:
        """Where the center above and the county tell different numbers of the last days."""
        today = datetime.now(TIMEZONE).date()
        days = {"from": today.replace(day=1).isoformat(), "to": today.isoformat()}
        told = _asked(self.above, self.above.token(ABOVE_STAFF), "center/status", {"source": COUNTY, **days})
        above = {each["unit"]: each["measures"] for each in told["units"]}
        found = []
        for unit in (COUNTY, TOWNSHIP, *VILLAGES):
            status = _asked(self.county, token, "status", {"unit": unit, **days})
            for each in (status, *status["units"]):
                mine = {name: each["counts"][name] for name in FLOWS}
                theirs = {name: above.get(each["unit"], {}).get(name, 0) for name in FLOWS}
                if mine != theirs:
                    found.append(f"{each['unit']}: {mine} here, {theirs} above")
        return found


def _asked(center: CountyCenter, token: str, path: str, parameters: dict[str, str]) -> Any:
    answer = httpx.get(
        f"{center.url}/api/v1/{path}", params=parameters, headers={"Authorization": f"Bearer {token}"}, timeout=30
    )
    answer.raise_for_status()
    return answer.json()
