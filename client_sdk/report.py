"""What a sync tells: while it runs, and at its end."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SyncReport:
    """One sync, complete: how many edits were sent and rows received, and how many edits met a conflict, were refused
    or are held. Outcomes of edits held earlier count in the sync that brings them."""

    sent: int = 0
    received: int = 0
    conflicts: int = 0
    refused: int = 0
    held: int = 0

    def __add__(self, other: "SyncReport") -> "SyncReport":
        return SyncReport(
            self.sent + other.sent,
            self.received + other.received,
            self.conflicts + other.conflicts,
            self.refused + other.refused,
            self.held + other.held,
        )


@dataclass(frozen=True, slots=True)
class SyncProgress:
    """Edits with an outcome, edits in all that this sync has to send, and rows received so far."""

    sent: int
    to_send: int
    received: int


Progress = Callable[[SyncProgress], object]
"""Called as a sync goes on, in the thread that syncs."""


def silent(_progress: SyncProgress) -> None:
    """Shows no progress."""
