"""Valid things made wrong: one member swapped, dropped or of another type, a bit flipped, an end cut off.

Pure noise is refused by the first check that it meets; what is nearly right gets further in.
"""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any, TypeAlias

from hypothesis import strategies as st

Draw: TypeAlias = Callable[[st.SearchStrategy[Any]], Any]
PLACES = 2**24
Path: TypeAlias = tuple[str | int, ...]


def _nested(depth: int) -> object:
    value: object = "x"
    for _ in range(depth):
        value = [value]
    return value


ODD: list[object] = [
    None, True, False, 0, -1, 1, 2, 1.5, -0.0, 1e308, 5e-324, 2**31, 2**53 - 1, 2**53, -(2**53), 2**63, 2**64, 10**40,
    "", " ", "x", "\0", "\ufeff", "\u202e", "é", "e\u0301", "😀", "\u2028", "'", '"', "%00", "../..", "${x}", "{}",
    "null", "unit:", "person:", "*", "a/b", "/", "purposes/errand", "status", "once upon\na time", "x" * 501,
    "x" * 20_001, "东" * 22_000, "9" * 400, "2026-02-30", "0000-00-00T00:00:00.000Z-0000",
    "9999-12-31T23:59:59.999Z-ffff", "2026-11-21T23:59:60Z",
    "01a1fe00-0000-7000-8000-000000000000", "01A1FE00-0000-7000-8000-000000000000",
    [], [None], [[]], ["x", "x"], ["x"] * 200, {}, {"": None}, {"x": None}, {"edit": 1}, _nested(29), _nested(40),
]  # fmt: skip
"""Values that a careless reader trips over, wherever they stand."""
NAMES = ["", "edit", "id", "unit", "status", "tier", "purposes", "purposes/errand", "*", "x", "\0", "到", "a.b"]
"""Of members, put where they do not belong."""

# Copied: what is mutated further must not change the list for the examples after it.
odd_values = st.sampled_from(ODD).map(deepcopy) | st.text(max_size=20) | st.integers() | st.floats()


def paths(value: object, path: Path = ()) -> list[Path]:
    """The way to every member and item inside a JSON value, and to the value itself."""
    found = [path]
    if isinstance(value, dict):
        for name, member in value.items():
            found += paths(member, (*path, name))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            found += paths(member, (*path, index))
    return found


def at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def _put(value: Any, path: Path, new: object) -> None:
    at(value, path[:-1])[path[-1]] = new


@st.composite
def mutated(draw: Draw, value: Any, most: int = 3) -> Any:
    """A JSON object with up to `most` things wrong in it, or none."""
    value = json.loads(json.dumps(value))
    for _ in range(draw(st.integers(0, most))):
        inside = [path for path in paths(value) if path]
        if not inside:
            break
        path = draw(st.sampled_from(inside))
        match draw(st.sampled_from(["odd", "odd", "drop", "swap", "wrap", "member", "twice"])):
            case "odd":
                _put(value, path, draw(odd_values))
            case "drop":
                del at(value, path[:-1])[path[-1]]
            case "swap":
                _put(value, path, json.loads(json.dumps(at(value, draw(st.sampled_from(inside))))))
            case "wrap":
                _put(value, path, draw(st.sampled_from([[at(value, path)], {"x": at(value, path)}])))
            case "member":
                if isinstance(holder := at(value, path[:-1]), dict):
                    holder[draw(st.sampled_from(NAMES))] = draw(odd_values)
            case _:
                if isinstance(holder := at(value, path), list):
                    holder.extend(list(holder))
    return value


def encoded(value: object) -> bytes:
    """As a careless writer would: with NaN, with lone surrogates."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="surrogatepass")


@st.composite
def damaged(draw: Draw, good: bytes, most: int = 3) -> bytes:
    """Bytes with up to `most` damages, or none."""
    found = bytearray(good)
    for _ in range(draw(st.integers(0, most))):
        if not found:
            break
        place = draw(st.integers(0, PLACES)) % len(found)  # Draws must not depend on how long a cursor is today.
        length = draw(st.integers(1, 16))
        match draw(st.sampled_from(["flip", "flip", "cut", "drop", "insert", "repeat"])):
            case "flip":
                found[place] ^= 1 << draw(st.integers(0, 7))
            case "cut":
                del found[place:]
            case "drop":
                del found[place : place + length]
            case "insert":
                found[place:place] = draw(st.binary(min_size=1, max_size=16))
            case _:
                found[place:place] = found[place : place + length]
    return bytes(found)
