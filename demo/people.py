"""Who plays in the evening: people of the demo county, and what they find at the doors. Any likeness is chance."""

from dataclasses import dataclass

COUNTY = "990101"
TOWNSHIP = f"{COUNTY}001"
VILLAGES = tuple(f"{TOWNSHIP}{number:03}" for number in range(1, 5))
GRIDS_PER_VILLAGE = 12


def grid(number: int) -> str:
    """The code of a grid by its number in the county, from 1."""
    village, place = divmod(number - 1, GRIDS_PER_VILLAGE)
    return f"{VILLAGES[village]}{place + 1:03}"


@dataclass(frozen=True, slots=True)
class Role:
    """Somebody of the story: their id in the county, and the grid or village where they work."""

    key: str
    person: str
    unit: str


WANG = Role("wang", "grid-0001", grid(1))
LI = Role("li", "grid-0002", grid(2))
ZHAO = Role("zhao", "grid-0003", grid(3))
CHEN = Role("chen", "mediator-001", VILLAGES[0])
ZHOU = Role("zhou", "village-001", VILLAGES[0])
CAST = (WANG, LI, ZHAO, CHEN, ZHOU)
"""Each with a tablet in a process of its own: some of them die."""

WORKERS = tuple(Role(f"worker-{number}", f"grid-{number:04}", grid(number)) for number in range(4, 41))
MEDIATORS = tuple(Role(f"mediator-{number}", f"mediator-{number:03}", VILLAGES[number - 1]) for number in (2, 3, 4))
TOWN_MEDIATOR = Role("mediator-town", "mediator-137", TOWNSHIP)
STAFF = tuple(Role(f"village-{number}", f"village-{2 * number - 1:03}", VILLAGES[number - 1]) for number in (2, 3, 4))
CREW = (*WORKERS, *MEDIATORS, TOWN_MEDIATOR, *STAFF)
"""The others, with tablets of the same kind within the story's own process."""

COUNTY_STAFF = "county-1"
PHONE = "10000000000"
"""Of somebody who does not exist: no export may show it whole."""

NOTES = (
    "老人身体尚好，提醒用火安全。",
    "核对了人口信息，一切如旧。",
    "反映门前路灯不亮，已记下。",
    "宣传了医保缴费政策。",
    "家中正在建房，提醒用电安全。",
)
RESULTS = ("met",) * 8 + ("nobody_home",) * 2
PURPOSES = ("check_details", "explain_policy", "safety_reminder", "collect_requests", "look_for_disputes")
QUARRELS = (
    ("neighbours", "滴水争执", "屋檐滴水落入邻家院内。", "simple"),
    ("forest_land", "地界不清", "两家山林地界石被移动。", "ordinary"),
    ("marriage_family", "赡养分担", "兄弟三人对老人赡养各执一词。", "simple"),
    ("contract", "欠付工钱", "建房工钱尚欠一部分。", "ordinary"),
    ("housing_homestead", "宅基地边界", "新房地基超出旧界半米。", "ordinary"),
    ("damages", "牲畜踩田", "耕牛踩坏邻家菜地。", "simple"),
)
FENCE = {
    "unit": WANG.unit,
    "category": "neighbours",
    "title": "围墙",
    "summary": "两家院墙相邻。新砌围墙占用公共通道。",
    "parties": [
        {"role": "applicant", "kind": "person", "name": "孙某"},
        {"role": "respondent", "kind": "person", "name": "何某"},
    ],
    "place": "村东头",
}
