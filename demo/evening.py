"""The story: a patrol without signal, an evening of syncs in which things go wrong, and a case that is settled."""

import random
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from demo.center import COUNTY, CountyCenter
from demo.checks import Check, checks
from demo.people import CAST, CHEN, GRIDS, LI, NEEDS, NOTES, SURNAMES, TOWNSHIP, VILLAGE, WANG, ZHAO, ZHOU, Role
from demo.tablets import TabletProcess
from demo.telling import Telling

HOUSEHOLDS_PER_GRID = 40
VISITS_PER_WORKER = 30
SEED = 20261121


class Evening:
    """Plays the evening on a center; every step asks real processes over HTTP."""

    def __init__(self, center: CountyCenter, folder: Path, telling: Telling) -> None:
        self.center, self.telling = center, telling
        self.tablets = {role.key: TabletProcess(role.name, folder / f"{role.key}.tablet") for role in CAST}
        self.random = random.Random(SEED)  # The story is told the same way each time.
        self.fence = ""

    def play(self) -> list[Check]:
        """Tells the evening and gives what its audit found."""
        try:
            self.morning()
            self.patrol()
            self.sync_in_the_evening()
            self.mend()
            self.assign()
            self.mediate()
            return self.audit()
        finally:
            for tablet in self.tablets.values():
                tablet.stop()

    def __getitem__(self, role: Role) -> TabletProcess:
        return self.tablets[role.key]

    # -- morning: everybody has a tablet, and the grids' households on it

    def morning(self) -> None:
        tell = self.telling
        tell.chapter("早上:发平板", "Morning: five tablets are handed out")
        self.center.doorstep("init", "--county", COUNTY, "--name", "示例县")
        for code, name, parent in (
            (*TOWNSHIP, COUNTY),
            (*VILLAGE, TOWNSHIP[0]),
            *((code, name, VILLAGE[0]) for code, name in GRIDS),
        ):
            self.center.doorstep("unit", "add", code, name, "--parent", parent)
        self.center.open()
        tell.line(f"中心已启动:{self.center.url},两个进程", f"The center is up at {self.center.url}, two workers")
        with ThreadPoolExecutor(len(CAST)) as pool:
            list(pool.map(self._enroll, CAST))
        tell.line(
            "三位网格员、一位调解员、一位村干部已注册",
            "Three grid workers, a mediator and a village officer are enrolled",
        )
        for role, grid in ((WANG, GRIDS[0][0]), (ZHAO, GRIDS[1][0])):
            for number in range(1, HOUSEHOLDS_PER_GRID + 1):
                self[role].ask("create", type="household", values=self._household(grid, number))
        self.fence = self[WANG].ask("create", type="dispute", values=FENCE)
        self[WANG].ask(
            "create", type="entry", values={"dispute": self.fence, "kind": "note", "text": "两家已各自说明情况。"}
        )
        self.sync((WANG, ZHAO), "登记户和纠纷", "households and a dispute go up")
        self.sync((LI, ZHOU), "取回数据", "the others fetch them")

    def _enroll(self, role: Role) -> None:
        added = self.center.doorstep("person", "add", "--name", role.name, "--role", role.role, "--unit", role.unit)
        code = self.center.doorstep("code", added["id"])["code"]
        self[role].ask("enroll", url=self.center.url, code=code, name=f"{role.name}的平板")
        self[role].person = added["id"]

    def _household(self, grid: str, number: int) -> dict[str, Any]:
        return {
            "unit": grid,
            "door_no": f"{number}号",
            "address": f"{VILLAGE[1]}{number}号",
            "head_name": f"{self.random.choice(SURNAMES)}某",
            "people_count": self.random.randint(1, 6),
            "service_needs": self.random.sample(NEEDS, self.random.randint(0, 2)),
        }

    # -- the patrol: no signal, everything is saved on the tablets

    def patrol(self) -> None:
        tell = self.telling
        tell.chapter("白天:入户,没有信号", "Daytime: on foot, no signal")
        for role in (WANG, LI, ZHAO):
            self._visits(role)
        said = self[WANG].ask("try_to_create", type="visit", values={"household": self.fence, "result": "看见了"})
        tell.line(f"填错时平板当场提示:{said[0]}", "A slip is told at once, on the tablet, and nothing wrong is saved")
        self[WANG].ask("change", type="dispute", record=self.fence, values={"title": "围墙占道"})
        self[LI].ask("change", type="dispute", record=self.fence, values={"title": "围墙与排水"})
        tell.line(
            "两人在不同地方改了同一件纠纷的标题",
            "Two workers change the title of the same dispute, unaware of each other",
        )
        household = self[ZHAO].ask("records", type="household")[0]["id"]
        wrong = {
            "household": household,
            "unit": GRIDS[0][0],
            "result": "met",
            "purposes": ["errand"],
            "notes": "代办证件。",
        }
        self[ZHAO].ask("create", type="visit", values=wrong)
        tell.line("一条走访误记到别人的网格", "One visit is put down under a grid that is not its author's")

    def _visits(self, role: Role) -> None:
        households = self.random.sample(self[role].ask("records", type="household"), VISITS_PER_WORKER)
        for household in households:
            values = {
                "household": household["id"],
                "result": self.random.choice(("met", "met", "met", "nobody_home")),
                "purposes": self.random.sample(("check_details", "explain_policy", "safety_reminder"), 2),
                "notes": self.random.choice(NOTES),
            }
            self[role].ask("create", type="visit", values=values)
        self.telling.line(
            f"{role.name}走访 {len(households)} 户", f"{role.key}: {len(households)} visits, kept on the tablet"
        )

    # -- the evening: syncs, one answer lost, one tablet killed

    def sync_in_the_evening(self) -> None:
        tell = self.telling
        tell.chapter("傍晚:回到有信号的地方", "Evening: back in range")
        self[ZHAO].sync_until_it_stalls()
        self[ZHAO].kill()
        tell.line("赵春分的平板在同步途中断电", "zhao's tablet dies in the middle of its sync (SIGKILL)")
        lost = self[LI].ask("sync", fault="lost")
        tell.line(
            f"李秋实的同步丢了一次应答,平板自己重来,上传 {lost.get('sent', 0)} 条",
            f"li's answer is lost on the way; the tablet asks again by itself: {lost.get('sent', 0)} sent",
        )
        self.sync((WANG, LI, ZHAO), "重新同步", "everyone syncs, zhao after a restart")

    def mend(self) -> None:
        tell = self.telling
        for item in self[ZHAO].ask("attention"):
            tell.line(f"被退回一条:{item['zh']}", f"zhao sees one refused edit ({item['code']}) and puts it right")
            self[ZHAO].ask("mend", edit=item["edit"], values={"unit": GRIDS[1][0]})
        self.sync((ZHAO,), "更正后重传", "the mended visit goes up")

    # -- the case: assigned, seen by its mediator with its old entries, settled

    def assign(self) -> None:
        tell = self.telling
        tell.chapter("案件", "The case")
        self.sync((ZHOU,), "村干部取回", "the village officer fetches the evening's work")
        given = {"status": "accepted", "assignee": f"person:{self[CHEN].person}"}
        self[ZHOU].ask("change", type="dispute", record=self.fence, values=given)
        self.sync((ZHOU,), "受理并交办", "the case is accepted and assigned")
        self.sync((CHEN,), "调解员取回", "the mediator fetches it")
        entries = self[CHEN].ask("records", type="entry")
        tell.line(
            f"调解员收到案件和此前的 {len(entries)} 条记录",
            f"The mediator has the case, with the {len(entries)} entry of before",
        )

    def mediate(self) -> None:
        tell = self.telling
        for conflict in self[CHEN].ask("conflicts"):
            values = " / ".join(map(str, conflict["values"]))
            tell.line(f"待核对:{values}", f"One conflict, on {conflict['field']}; the mediator settles it")
            self[CHEN].ask("settle", conflict=conflict["id"], value="围墙占道与排水")
        self[CHEN].ask("change", type="dispute", record=self.fence, values={"status": "mediating"})
        session = {"dispute": self.fence, "kind": "session", "text": "双方到场,同意各退半尺,共修水沟。"}
        self[CHEN].ask("create", type="entry", values=session)
        agreed = {"status": "agreed", "agreement_form": "oral", "agreement_terms": "各退半尺,共修水沟。"}
        self[CHEN].ask("change", type="dispute", record=self.fence, values=agreed)
        tell.line("调解一次,达成协议", "One session, and the parties agree")
        self.sync((CHEN,), "调解结果上传", "the outcome goes up")
        self.sync((WANG, LI, ZHAO, ZHOU), "全员同步", "everyone syncs")

    # -- the audit

    def audit(self) -> list[Check]:
        self.telling.chapter("核对", "The audit")
        snapshots = {role.name: self[role].ask("snapshot") for role in CAST}
        found = self.center.doorstep("verify", accepts=(0, 1))["differences"]
        return [*checks(self.center.settings_url, snapshots, map(str, found)), self._story(snapshots)]

    def _story(self, snapshots: dict[str, dict[str, Any]]) -> Check:
        """The numbers that this evening must come to."""
        fences = [each["records"].get(self.fence, {}) for name, each in snapshots.items() if name != ZHAO.name]
        visits = [record for each in snapshots.values() for record in each["records"].values() if "visitor" in record]
        wanted = 3 * VISITS_PER_WORKER + 1
        faults = []
        if {(each.get("title"), each.get("status")) for each in fences} != {("围墙占道与排水", "agreed")}:
            faults.append("the case is not settled everywhere")
        if len({record["id"] for record in visits}) != wanted:
            faults.append(f"{len({record['id'] for record in visits})} visits instead of {wanted}")
        if any(each["conflicts"] for each in snapshots.values()):
            faults.append("a conflict is still open")
        return Check(f"{wanted} 次走访,1 件纠纷达成协议", f"{wanted} visits and one dispute agreed", tuple(faults))

    def sync(self, roles: Iterable[Role], zh: str, en: str) -> None:
        """These tablets sync at the same time, with a progress bar each."""
        people = list(roles)
        with self.telling.bars(zh, en, [role.name for role in people]) as bars, ThreadPoolExecutor(len(people)) as pool:
            reports = list(pool.map(lambda role: self[role].ask("sync", bars[role.name]), people))
        for role, report in zip(people, reports, strict=True):
            self.telling.report(role.name, report)


FENCE = {
    "unit": GRIDS[0][0],
    "category": "neighbours",
    "title": "围墙",
    "summary": "两家院墙相邻。新砌围墙占用公共通道。",
    "parties": [
        {"role": "applicant", "kind": "person", "name": "孙某"},
        {"role": "respondent", "kind": "person", "name": "何某"},
    ],
    "place": "柳树村东头",
}
