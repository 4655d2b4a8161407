"""Registers and their siblings: the whole of merging.

Every field of every record is a register. Its siblings are the admitted edits of that field that no admitted edit
covers by `over`. Which edits cover which is all that counts: the same set of edits gives the same siblings, in
whatever order they arrive. An `over` may name an edit that has not arrived: it is remembered until that one does.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import Enum

from sync import limits
from sync.touches import Touch


@dataclass(frozen=True, slots=True)
class Sibling:
    """One value that stands: who gave it, at which stamp, by which edit, and what their screen showed before.

    `was` is kept only where the rule asks for it (text, workflow)."""

    edit: str
    at: str
    by: str
    value: object
    was: object = None


@dataclass(frozen=True, slots=True)
class Register:
    """`siblings` and the latest `settlements` in the order of their stamps; `remembered`: what is covered and not here
    yet.

    Of what is remembered, merging asks only for the edits that it decides: a store need not load more."""

    siblings: tuple[Sibling, ...]
    remembered: frozenset[str] = frozenset()
    settlements: tuple[Sibling, ...] = ()


class Fate(Enum):
    """What is known of an edit that an `over` names."""

    UNKNOWN = "unknown"
    ADMITTED = "admitted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Named:
    """An edit that an `over` names: its fate, and for a refused one what it named itself in the same register, and
    the record that it was about (None: the one that is asked for) and its type, as the line says."""

    fate: Fate
    over: tuple[str, ...] = ()
    record: str | None = None
    type: str | None = None


def covered(names: Iterable[str], lookup: Callable[[str], Named]) -> tuple[frozenset[str], frozenset[str]]:
    """What `names` cover in the end, and those of them that are not here yet.

    Naming a refused edit covers what that edit named, and so on through any chain of refused ones."""
    covers: set[str] = set()
    absent: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in covers:
            continue
        covers.add(name)
        named = lookup(name)
        if named.fate is Fate.REFUSED:
            waiting.extend(named.over)
        elif named.fate is Fate.UNKNOWN:
            absent.add(name)
    return frozenset(covers), frozenset(absent)


def admitted(register: Register, sibling: Sibling, touch: Touch, lookup: Callable[[str], Named]) -> Register:
    """The register after an edit that touches it."""
    covers, absent = _covered(register, touch.over, lookup)
    siblings = tuple(other for other in register.siblings if other.edit not in covers)
    if sibling.edit not in register.remembered | covers:
        siblings = in_order((*siblings, sibling))
    settlements = (
        in_order((*register.settlements, replace(sibling, was=None)))[-limits.SETTLEMENTS_LISTED_MAX :]
        if touch.settles
        else register.settlements
    )
    return Register(siblings, (register.remembered | absent) - {sibling.edit}, settlements)


def refused(register: Register, name: str, lookup: Callable[[str], Named]) -> Register:
    """The register after an edit that it remembered turned out refused: what that one named is covered instead."""
    if name not in register.remembered:
        return register
    covers, absent = _covered(register, (name,), lookup)
    siblings = tuple(other for other in register.siblings if other.edit not in covers)
    return replace(register, siblings=siblings, remembered=(register.remembered | absent) - {name})


def _covered(
    register: Register, names: Iterable[str], lookup: Callable[[str], Named]
) -> tuple[frozenset[str], frozenset[str]]:
    """What names cover, where those that stand in the register are known without asking."""
    standing = {sibling.edit for sibling in register.siblings}
    return covered(names, lambda name: Named(Fate.ADMITTED) if name in standing else lookup(name))


def in_order(siblings: Iterable[Sibling]) -> tuple[Sibling, ...]:
    return tuple(sorted(siblings, key=lambda sibling: (sibling.at, sibling.edit)))
