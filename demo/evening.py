"""The story: a patrol without signal, an evening of syncs in which things go wrong, cases that are brought to an end,
and the county's figures pushed to the center above."""

import random
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from demo import exports
from demo.casework import Casework
from demo.center import CountyCenter
from demo.checks import Check, checks, stored
from demo.crew import Crew, visit_values
from demo.people import CAST, CHEN, COUNTY_STAFF, CREW, FENCE, LI, WANG, WORKERS, ZHAO, ZHOU, Role
from demo.tablets import TabletProcess
from demo.telling import Telling
from demo.upward import Upward

VISITS_PER_ACTOR, VISITS_PER_WORKER = 32, 19
VISITS = 3 * VISITS_PER_ACTOR + len(WORKERS) * VISITS_PER_WORKER + 1
DISPUTES = 60
SEED = 20261121


class Evening:
    """Plays the evening on a center; every step asks real tablets over HTTP."""

    def __init__(self, center: CountyCenter, folder: Path, telling: Telling) -> None:
        self.center, self.telling = center, telling
        self.tablets = {role: TabletProcess(role.key, folder / f"{role.key}.tablet") for role in CAST}
        self.crew = Crew(folder)
        self.casework = Casework(self.crew)
        self.upward = Upward(center, folder / "above")
        self.random = random.Random(SEED)  # The story is told the same way each time.
        self.names: dict[str, str] = {}
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
            self.report()
            return self.audit()
        finally:
            self.upward.close()
            self.crew.close()
            for tablet in self.tablets.values():
                tablet.stop()

    def __getitem__(self, role: Role) -> TabletProcess:
        return self.tablets[role]

    # -- morning: everybody has a tablet, and the grids' households on it

    def morning(self) -> None:
        tell = self.telling
        tell.chapter("早上：发平板", "Morning: tablets are handed out")
        counts = self.center.doorstep("init", "--demo")["counts"]
        tell.line(
            f"示例县：{counts['units']} 个辖区，{counts['people']} 人，{counts['households']} 户",
            f"A county of {counts['units']} units, {counts['people']} people, {counts['households']} households",
        )
        self.center.doorstep("person", "assign", LI.person, "--unit", WANG.unit)
        self.names = {str(each["id"]): str(each["name"]) for each in self.center.doorstep("person", "list")["items"]}
        self.center.open()
        tell.line(f"中心已启动：{self.center.url}，两个进程", f"The center is up at {self.center.url}, two workers")
        with ThreadPoolExecutor(len(CAST)) as pool:
            list(pool.map(self._enroll, CAST))
        codes = self.center.codes(role.person for role in CREW)
        self.crew.all(CREW, lambda role, actor: actor.enroll(self.center.url, codes[role.person], role.key))
        tell.line(
            "40 位网格员、5 位调解员、4 位村干部已注册",
            "40 grid workers, 5 mediators and 4 village officers are enrolled",
        )
        self.sync((WANG, ZHAO, LI), "取回户", "the first three fetch their households")
        received = self.crew.sync(CREW)["received"]
        tell.line(f"其余平板取回 {received} 条", f"The other tablets fetch {received} records")
        self.fence = self[WANG].ask("create", type="dispute", values=FENCE)
        note = {"dispute": self.fence, "kind": "note", "text": "两家已各自说明情况。"}
        self[WANG].ask("create", type="entry", values=note)
        self.sync((WANG,), "登记纠纷", "a dispute goes up")
        self.sync((LI, ZHOU), "取回数据", "the others fetch it")

    def _enroll(self, role: Role) -> None:
        tablet = self[role]
        tablet.name = self.names[role.person]
        tablet.ask("enroll", url=self.center.url, code=self.center.code(role.person), name=f"{tablet.name}的平板")

    # -- the patrol: no signal, everything is saved on the tablets

    def patrol(self) -> None:
        tell = self.telling
        tell.chapter("白天：入户，没有信号", "Daytime: on foot, no signal")
        for role in (WANG, LI, ZHAO):
            self._visits(role)
        visits = self.crew.visit(WORKERS, VISITS_PER_WORKER)
        disputes = self.crew.register(WORKERS, DISPUTES - 1)
        tell.line(
            f"其余 {len(WORKERS)} 位网格员走访 {visits} 户，登记纠纷 {disputes} 件",
            f"The other {len(WORKERS)} make {visits} visits and take down {disputes} disputes",
        )
        said = self[WANG].ask("try_to_create", type="visit", values={"household": self.fence, "result": "看见了"})
        tell.line(f"填错时平板当场提示：{said[0]}", "A slip is told at once, on the tablet, and nothing wrong is saved")
        for role, title, amount in ((WANG, "围墙占道", "300"), (LI, "围墙与排水", "500")):
            self[role].ask("change", type="dispute", record=self.fence, values={"title": title, "amount_yuan": amount})
        tell.line(
            "两人在不同地方改了同一件纠纷的标题和金额",
            "Two workers change title and amount of the same dispute, unaware of each other",
        )
        household = self[ZHAO].ask("records", type="household")[0]["id"]
        wrong = visit_values(household, self.random) | {"unit": WANG.unit}
        self[ZHAO].ask("create", type="visit", values=wrong)
        tell.line("一条走访误记到别人的网格", "One visit is put down under a grid that is not its author's")

    def _visits(self, role: Role) -> None:
        households = self.random.sample(self[role].ask("records", type="household"), VISITS_PER_ACTOR)
        for household in households:
            values = visit_values(household["id"], self.random) | {"unit": household["unit"]}
            self[role].ask("create", type="visit", values=values)
        name = self[role].name
        self.telling.line(
            f"{name}走访 {len(households)} 户", f"{role.key}: {len(households)} visits, kept on the tablet"
        )

    # -- the evening: syncs, one answer lost, one tablet killed

    def sync_in_the_evening(self) -> None:
        tell = self.telling
        tell.chapter("傍晚：回到有信号的地方", "Evening: back in range")
        self[ZHAO].sync_until_it_stalls()
        self[ZHAO].kill()
        tell.line(f"{self[ZHAO].name}的平板在同步途中断电", "zhao's tablet dies in the middle of its sync (SIGKILL)")
        lost = self[LI].ask("sync", fault="lost")
        tell.line(
            f"{self[LI].name}的同步丢了一次应答，平板自己重来，上传 {lost.get('sent', 0)} 条",
            f"li's answer is lost on the way; the tablet asks again by itself: {lost.get('sent', 0)} sent",
        )
        self.sync((WANG, LI, ZHAO), "重新同步", "these sync, zhao after a restart")
        sums = self.crew.sync(WORKERS)
        tell.line(
            f"其余 {len(WORKERS)} 台平板上传 {sums['sent']} 条，全部已上传",
            f"The other {len(WORKERS)} tablets send {sums['sent']} edits, all of them",
        )

    def mend(self) -> None:
        tell = self.telling
        for item in self[ZHAO].ask("attention"):
            tell.line(f"被退回一条：{item['zh']}", f"zhao sees one refused edit ({item['code']}) and puts it right")
            self[ZHAO].ask("mend", edit=item["edit"], values={"unit": ZHAO.unit})
        self.sync((ZHAO,), "更正后重传", "the mended visit goes up")

    # -- the cases: assigned, seen by their mediators with their old entries, settled

    def assign(self) -> None:
        tell = self.telling
        tell.chapter("案件", "The cases")
        self.sync((ZHOU,), "村干部取回", "the village officer fetches the evening's work")
        given = {"status": "accepted", "assignee": f"person:{CHEN.person}"}
        for case in self[ZHOU].ask("records", type="dispute"):
            self[ZHOU].ask("change", type="dispute", record=case["id"], values=given)
        self.sync((ZHOU,), "受理并交办", "the cases are accepted and assigned")
        assigned = self.casework.assign()
        tell.line(f"其余三村交办 {assigned} 件", f"The other villages assign {assigned} cases")
        self.sync((CHEN,), "调解员取回", "the mediator fetches them")
        case = next(each for each in self[CHEN].ask("records", type="dispute") if each["id"] == self.fence)
        entries = [each for each in self[CHEN].ask("records", type="entry") if each["dispute"] == self.fence]
        tell.line(
            f"调解员收到案件 {case['case_no']} 和此前的 {len(entries)} 条记录，期限 {case['due_at'][:10]}",
            f"The mediator has the case, with the {len(entries)} entry of before, due {case['due_at'][:10]}",
        )

    def mediate(self) -> None:
        tell = self.telling
        settled = {"title": "围墙占道与排水", "amount_yuan": "400"}
        for conflict in self[CHEN].ask("conflicts"):
            values = " / ".join(map(str, conflict["values"]))
            tell.line(f"待核对：{values}", f"A conflict, on {conflict['field']}; the mediator settles it")
            self[CHEN].ask("settle", conflict=conflict["id"], value=settled[conflict["field"]])
        for case in self[CHEN].ask("records", type="dispute"):
            self._settle(case["id"])
        self.crew.sync(CREW)
        self.casework.mediate(DISPUTES)
        ended, closed = sum(self.casework.ended.values()), self.casework.ended["closed"]
        tell.line(
            f"其他调解员办理 {ended} 件，成功 {closed} 件",
            f"The other mediators work {ended} cases, {closed} are settled",
        )
        self.sync((CHEN,), "调解结果上传", "the outcome goes up")
        self.crew.sync(CREW)
        self.sync((WANG, LI, ZHAO, ZHOU), "全员同步", "everyone syncs")
        self.crew.sync(CREW)

    def _settle(self, case: str) -> None:
        chen = self[CHEN]
        for status in ("mediating", "agreed", "performed"):
            chen.ask("change", type="dispute", record=case, values={"status": status})
        for kind, text in (("session", "双方到场，同意各退半尺，共修水沟。"), ("follow_up", "已履行。")):
            chen.ask("create", type="entry", values={"dispute": case, "kind": kind, "text": text})
        chen.ask("change", type="dispute", record=case, values={"status": "closed", "satisfaction": 5})

    # -- the figures: pushed to the center above

    def report(self) -> None:
        self.telling.chapter("上报", "The figures go up")
        self.upward.open()
        pushed = self.upward.push()
        self.telling.line(
            f"向上级中心推送 {pushed['delivered']} 天的汇总，已签收",
            f"{pushed['delivered']} days are pushed to the center above, signed, and taken",
        )

    # -- the audit

    def audit(self) -> list[Check]:
        self.telling.chapter("核对", "The audit")
        snapshots = {role.key: self[role].ask("snapshot") for role in CAST}
        crew = self.crew.all(CREW, lambda _role, actor: actor.snapshot())
        snapshots |= {role.key: snapshot for role, snapshot in zip(CREW, crew, strict=True)}
        found = self.center.doorstep("verify", accepts=(0, 1))["differences"]
        token = self.center.token(COUNTY_STAFF)
        records = stored(self.center.settings_url)
        rows, unlike = exports.differences(self.center, token, records)
        return [
            *checks(self.center.settings_url, snapshots, map(str, found)),
            Check(
                "上级中心与县的数字一致",
                "The center above tells the county's numbers",
                tuple(self.upward.differences(token)),
            ),
            Check(f"导出 {rows} 行与记录一一对应", f"{rows} exported rows are the records", tuple(unlike)),
            self._story(snapshots, records),
        ]

    def _story(self, snapshots: dict[str, dict[str, Any]], records: dict[str, set[str]]) -> Check:
        """The numbers that this evening must come to."""
        fences = [snapshots[role.key]["records"].get(self.fence, {}) for role in (WANG, LI, CHEN, ZHOU)]
        faults = []
        if {(each.get("title"), each.get("amount_yuan"), each.get("status")) for each in fences} != {
            ("围墙占道与排水", "400", "closed")
        }:
            faults.append("the case is not settled everywhere")
        for kind, wanted in (("visit", VISITS), ("dispute", DISPUTES)):
            if len(records[kind]) != wanted:
                faults.append(f"{len(records[kind])} of {kind} instead of {wanted}")
        if any(each["conflicts"] for each in snapshots.values()):
            faults.append("a conflict is still open")
        return Check(f"{VISITS} 次走访，{DISPUTES} 件纠纷", f"{VISITS} visits and {DISPUTES} disputes", tuple(faults))

    def sync(self, roles: Iterable[Role], zh: str, en: str) -> None:
        """These tablets sync at the same time, with a progress bar each."""
        people = {self[role].name: self[role] for role in roles}
        with self.telling.bars(zh, en, people) as bars, ThreadPoolExecutor(len(people)) as pool:
            reports = list(pool.map(lambda name: people[name].ask("sync", bars[name]), people))
        for name, report in zip(people, reports, strict=True):
            self.telling.report(name, report)
