"""Invented people and places of the demo county. Any likeness is chance."""

from dataclasses import dataclass

TOWNSHIP, VILLAGE = ("990101001", "河口镇"), ("990101001001", "柳树村")
GRIDS = (("990101001001001", "第一网格"), ("990101001001002", "第二网格"))


@dataclass(frozen=True, slots=True)
class Role:
    """Somebody of the story: what they are called, what they do, and where."""

    key: str
    name: str
    role: str
    unit: str


WANG = Role("wang", "王小满", "grid_worker", GRIDS[0][0])
LI = Role("li", "李秋实", "grid_worker", GRIDS[0][0])
ZHAO = Role("zhao", "赵春分", "grid_worker", GRIDS[1][0])
CHEN = Role("chen", "陈白露", "mediator", VILLAGE[0])
ZHOU = Role("zhou", "周大寒", "village_staff", VILLAGE[0])
CAST = (WANG, LI, ZHAO, CHEN, ZHOU)

SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张"
NEEDS = ("living_alone_elder", "hardship", "long_illness_care", "newcomer")
NOTES = (
    "老人身体尚好,提醒用火安全。",
    "核对了人口信息,一切如旧。",
    "反映门前路灯不亮,已记下。",
    "宣传了医保缴费政策。",
    "家中正在建房,提醒用电安全。",
)
