"""The records that everything is measured with, ours, the limit's and the peers': invented, varied, always the same."""

import random
from dataclasses import dataclass, field
from typing import Any

from sync import ids, lines, stamps

SEED = 20261121
NOTES_CHARS = 120
EVERY_MS = 1_500
"""Between two visits: UUIDv7 names rise with it, as they do in life."""
SPAN_MS = 30 * 24 * 3_600_000
"""Visits lie within so much time before the run."""

WORDS = (
    "家中", "老人", "孩子", "门前", "水渠", "已经", "清理", "提醒", "冬季", "用火", "用电", "安全", "核对", "联系",
    "电话", "近期", "没有", "矛盾", "纠纷", "户主", "外出", "务工", "儿媳", "照看", "孙子", "上学", "接送", "村口",
    "道路", "积水", "反映", "希望", "尽快", "修补", "路灯", "不亮", "已报", "村委", "登记", "医保", "缴费", "讲解",
    "政策", "老伴", "腿脚", "不便", "定期", "量血压", "药品", "按时", "服用", "院坝", "堆放", "柴草", "劝说",
    "搬离", "灶台", "邻居", "围墙", "界线", "双方", "愿意", "坐下来", "商量", "约定", "下周", "再来", "看望",
    "果园", "灌溉", "轮流", "放水", "顺序", "牲畜", "损坏", "菜地", "赔偿", "达成", "口头", "协议", "防诈", "宣传",
    "短信", "链接", "不点", "陌生", "来电", "不接", "房屋", "漏雨", "加固", "雨季", "转移", "路线", "告知", "清楚",
)  # fmt: skip
PLACES = ("沟边", "桥头", "坡上", "井旁", "渠边", "晒场", "大树下", "老屋")
PEOPLE = ("户主本人", "户主的母亲", "户主的儿媳", "户主和邻居", "留守老人")
REQUESTS = ("希望修补村口的路面", "想了解医保缴费的时间", "希望帮忙联系外出的儿子", "请求查看房屋漏雨的情况")
HAZARDS = ("灶台旁堆放柴草", "电线老化，已提醒更换", "屋后土坡有裂缝")
PURPOSES = ("check_details", "safety_reminder", "explain_policy", "look_for_disputes")


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit before anybody has it: its name, who wrote it, and its values on the wire."""

    name: str
    author: str
    at: str
    values: dict[str, Any]

    @property
    def document(self) -> str:
        """The JSON that a store would keep of it."""
        return lines.write(self.values).decode()

    @property
    def row(self) -> tuple[str, str]:
        """The name and the document."""
        return self.name, self.document

    @property
    def line(self) -> bytes:
        """The edit that creates it."""
        said = {"edit": self.name, "schema": 1, "by": self.author, "do": "create", "type": "visit"}
        return lines.write(said | {"at": self.at, "now": self.values})

    def changed(self, name: str, at: str, notes: str) -> bytes:
        """The edit that changes its notes."""
        said = {"edit": name, "schema": 1, "by": self.author, "do": "change", "type": "visit", "id": self.name}
        values = {"was": {"notes": self.values["notes"]}, "now": {"notes": notes}}
        return lines.write(said | {"at": at, "over": {"notes": [self.name]}} | values)


@dataclass(slots=True)
class Records:
    """Makes records, one after another, up to the moment `until_ms`. The same seed makes the same ones."""

    until_ms: int
    seed: int = SEED
    _made: int = 0
    _random: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def moment(self) -> int:
        """A moment after that of the record before."""
        self._made += 1
        return self.until_ms - SPAN_MS + self._made * EVERY_MS

    def name(self, moment_ms: int) -> str:
        return ids.edit_name(moment_ms, self._random.getrandbits(74))

    def notes(self) -> str:
        """So many characters of words in a random order."""
        text = "".join(self._random.choices(WORDS, k=NOTES_CHARS // 2))
        return f"{text[: NOTES_CHARS // 2 - 1]}。{text[NOTES_CHARS // 2 - 1 : NOTES_CHARS - 2]}。"

    def point(self) -> dict[str, Any]:
        draw = self._random.randrange
        return {"lat": f"25.{draw(10**6):06d}", "lon": f"102.{draw(10**6):06d}", "accuracy_m": draw(3, 30)}

    def visit(self, author: str, grid: str, household: str) -> Visit:
        """A visit as a worker leaves it: about 760 bytes of JSON."""
        moment, draw = self.moment(), self._random
        return Visit(
            self.name(moment),
            author,
            stamps.stamp(moment),
            {
                "household": household,
                "unit": grid,
                "visited_at": stamps.instant(moment),
                "visitor": author,
                "mode": "door",
                "result": "met",
                "purposes": draw.sample(PURPOSES, 2),
                "people_met": draw.choice(PEOPLE),
                "notes": self.notes(),
                "requests": draw.choice(REQUESTS),
                "hazard": draw.choice(HAZARDS),
                "satisfaction": draw.randint(3, 5),
                "location": self.point(),
            },
        )

    def household(self, grid: str, number: int) -> dict[str, Any]:
        """The values of a household."""
        draw = self._random
        return {
            "unit": grid,
            "door_no": f"{number}号",
            "address": f"{draw.choice(PLACES)}{number}号",
            "head_name": f"甲{number}",
            "phone": f"1390000{draw.randrange(10**4):04d}",
            "people_count": draw.randint(1, 6),
            "service_needs": ["living_alone_elder"] if draw.random() < 0.2 else [],
            "location": self.point(),
        }
