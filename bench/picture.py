"""The ratios as a picture: a bar for each, on a scale where the floor is one line for all of them."""

from xml.sax.saxutils import escape

from bench.measurement import Subject
from bench.report import figure
from bench.targets import Shown

WIDTH, ROW, TOP, LEFT, RIGHT = 960, 34, 78, 340, 70
SCALE_MAX = 2.5
"""Times as good as the floor; longer bars are cut."""
COLOURS = {"aim": "#2f7d4f", "floor": "#6f9fc8", "missed": "#c2763a"}
WORDS = {"aim": "aim reached", "floor": "floor reached", "missed": "missed"}
LABELLED = 'aria-labelledby="title desc"'
FONT = "font-family=\"system-ui, 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif\""
STYLE = (
    ".ground { fill: #fff } text { fill: #1d2b3a; font-size: 13px } .h { font-size: 16px; font-weight: 600 } "
    ".s { font-size: 12px; fill: #52616f } .floor { stroke: #33475b; stroke-width: 1.5 } "
    ".aim { stroke: #33475b; stroke-width: 1.5; stroke-dasharray: 3 3 }"
)


def svg(found: list[Shown], title: str) -> str:
    """Every target of Doorstep's with a floor, as bars: how many times as good as its floor what was measured is."""
    bars = [each for each in found if each.target.floor and each.target.who is Subject.DOORSTEP]
    height = TOP + ROW * len(bars) + 46
    said = "; ".join(f"{each.target.name}: {figure(each.value)}, {WORDS[each.verdict]}" for each in bars)
    floor_x, bottom = _x(1), TOP + ROW * len(bars)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" {LABELLED} {FONT}>',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="desc">{escape(said)}</desc>',
        f"<style>{STYLE}</style>",
        f'<rect class="ground" width="{WIDTH}" height="{height}"/>',
        f'<text class="h" x="24" y="30">{escape(title)}</text>',
        f'<text class="s" x="{floor_x}" y="{TOP - 12}" text-anchor="middle">floor</text>',
        *(line for n, each in enumerate(bars) for line in _bar(each, TOP + n * ROW)),
        f'<path class="floor" d="M{floor_x} {TOP - 6}V{bottom}"/>',
        *_legend(bottom + 28),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _bar(each: Shown, y: int) -> list[str]:
    target = each.target
    times = _times(each, each.value)
    end = _x(times)
    lines = [
        f'<text x="{LEFT - 12}" y="{y + 18}" text-anchor="end">{escape(target.name)}</text>',
        (
            f'<rect x="{LEFT}" y="{y + 4}" width="{max(end - LEFT, 2)}" height="{ROW - 12}" rx="3" '
            f'fill="{COLOURS[each.verdict]}"/>'
        ),
        f'<text x="{end + 8}" y="{y + 18}">{figure(each.value)}{" →" if times > SCALE_MAX else ""}</text>',
    ]
    if target.aim:
        x = _x(_times(each, target.aim))
        lines.append(f'<path class="aim" d="M{x} {y + 1}v{ROW - 6}"/>')
    return lines


def _times(each: Shown, value: float) -> float:
    """How many times as good as the floor a value is."""
    floor = each.target.floor or 1.0
    return value / floor if each.target.is_more_better else floor / value


def _x(times: float) -> int:
    return LEFT + round((WIDTH - LEFT - RIGHT) * min(times, SCALE_MAX) / SCALE_MAX)


def _legend(y: int) -> list[str]:
    parts, x = [], LEFT
    for verdict, colour in COLOURS.items():
        parts.append(f'<rect x="{x}" y="{y - 11}" width="14" height="14" rx="3" fill="{colour}"/>')
        parts.append(f'<text class="s" x="{x + 20}" y="{y}">{WORDS[verdict]}</text>')
        x += 130
    parts.append(f'<path class="aim" d="M{x + 7} {y - 11}v14"/><text class="s" x="{x + 20}" y="{y}">aim</text>')
    return parts
