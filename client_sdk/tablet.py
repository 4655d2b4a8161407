"""The tablet: records that are there without a network, edits that are never lost, and one call to sync."""

import platform
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import httpx

from client_sdk import acquaintance
from client_sdk.attention import Item, attention
from client_sdk.collection import Collection
from client_sdk.conflict import Conflicts
from client_sdk.desk import Desk
from client_sdk.enrolment import enrol
from client_sdk.errors import (
    EnrolAgainError,
    RevokedError,
    StoreClosedError,
    StoreForkedError,
    StoreMissingError,
    TabletError,
)
from client_sdk.failures import ProblemError, RequestError
from client_sdk.loop import Loop, Sleep, back_off_s, jitter
from client_sdk.record import Record
from client_sdk.report import Progress, SyncReport, silent
from client_sdk.schema import Meta
from client_sdk.stamping import Clock, system_clock
from client_sdk.standing import standing
from client_sdk.store import Connect, Store, connect
from client_sdk.transport import Transport

ASKED_MAX_S = 60 * 60.0
"""The longest that syncing by itself waits because the center asked it to."""


class Tablet:
    """One person's work in one store. Made by `enroll` the first time and by `open` ever after.

    Everything but `sync`, `me` and `enroll` works with no network. May be used from several threads."""

    def __init__(
        self,
        store: Store,
        transport: httpx.BaseTransport | None,
        *,
        clock: Clock,
        sleep: Sleep,
    ) -> None:
        desk = Desk(store, clock)
        server = store.meta(Meta.SERVER)
        if server is None:
            if store.meta(Meta.REVOKED) is not None:
                raise RevokedError(wiped=True)
            raise StoreMissingError
        self._desk = desk
        self._transport = Transport(server, ca_file=store.meta(Meta.CA_FILE), transport=transport)
        self._loop = Loop(desk, self._transport, sleep=sleep)
        self._syncing = threading.RLock()
        self._is_syncing = False
        self.households = Collection(desk, "household")
        self.visits = Collection(desk, "visit")
        self.disputes = Collection(desk, "dispute")
        self.entries = Collection(desk, "entry")
        self.conflicts = Conflicts(desk)

    @classmethod
    def enroll(
        cls,
        server: str,
        code: str,
        store: str | Path,
        *,
        name: str | None = None,
        ca_file: str | None = None,
        transport: httpx.BaseTransport | None = None,
        clock: Clock = system_clock,
        sleep: Sleep = time.sleep,
        connect: Connect = connect,
    ) -> Self:
        """Enrols this tablet at a center, into a new store or the same person's old one, which keeps all it has.

        `ca_file` is a private certificate authority (PEM) to trust; the store remembers its path. Where it fails no
        new store is left, but for one case: the center may have spent the code and its answer was lost. Then the store
        keeps what the same code needs to be tried again from this tablet.

        Raises OfflineError (try again with the same code: it is not spent), CertificateUntrustedError,
        AuthorityFileError, AddressWrongError, CenterError (`problem` is code-unknown or code-spent),
        PersonDiffersError, StoreError."""
        opened = Store(store, create=True, connect=connect)
        ca_file = _remembered(ca_file)
        try:
            way = Transport(server, ca_file=ca_file, transport=transport)
            try:
                enrol(Desk(opened, clock), way, server, code, _called(name), ca_file)
            finally:
                if transport is None:  # One that was given is still the tablet's to use.
                    way.close()
            return cls(opened, transport, clock=clock, sleep=sleep)
        except BaseException:
            opened.leave()
            raise

    @classmethod
    def open(
        cls,
        store: str | Path,
        *,
        ca_file: str | None = None,
        transport: httpx.BaseTransport | None = None,
        clock: Clock = system_clock,
        sleep: Sleep = time.sleep,
        connect: Connect = connect,
    ) -> Self:
        """Opens a store, with no network. `ca_file` takes the place of the certificate authority that the store
        remembers, and is remembered instead; "" forgets it, and public authorities are trusted again. A store that is
        opened on a full disk may be this process's alone until it is closed.

        Raises StoreMissingError, StoreForeignError, StoreNewerError, StoreError, and
        RevokedError where the tablet was wiped."""
        opened = Store(store, connect=connect)
        try:
            if ca_file is not None and (found := _remembered(ca_file)) != opened.meta(Meta.CA_FILE):
                opened.put_meta(Meta.CA_FILE, found)
            return cls(opened, transport, clock=clock, sleep=sleep)
        except BaseException:
            opened.close()
            raise

    def close(self) -> None:
        """A sync that another thread is at ends with StoreClosedError, at its next answer or time-out."""
        self._desk.store.close()
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- who and where

    @property
    def person(self) -> Mapping[str, Any]:
        """Whose tablet this is: `{"id", "name", …}`."""
        return self._desk.person

    @property
    def scope(self) -> tuple[str, ...]:
        """The scope keys, as far as the center has said: `unit:<code>`, `person:<id>`, …"""
        return self._desk.scope

    def me(self) -> Mapping[str, Any]:
        """Person, scope with names, and colleagues one may assign to (`GET /api/v1/me`); with no network, what the
        center said last. Raises OfflineError where it never did, EnrolAgainError, RevokedError, CenterError."""
        store = self._desk.store
        token = standing(store).token
        try:
            answer = self._transport.me(token)
        except ProblemError as problem:
            raise _told(problem) from problem
        except RequestError as error:
            known = acquaintance.remembered(self._desk)
            if known is None:
                raise error.said from error
            return known
        with store.transaction():
            if standing(store).token == token:  # Else somebody enrolled meanwhile.
                acquaintance.remember(self._desk, answer)
        return answer

    @property
    def names(self) -> Mapping[str, str]:
        """What people call scope keys, and colleagues and bodies by `person:<id>` and `body:<id>`, as far as `me` has
        said."""
        return acquaintance.names(self._desk)

    # -- what waits

    @property
    def waiting(self) -> int:
        """How many edits have not been acknowledged yet."""
        return self._desk.outbox.waiting()

    @property
    def last_sync(self) -> datetime | None:
        """When a sync last came to its end, by the center's clock, in UTC."""
        text = self._desk.store.meta(Meta.LAST_SYNC)
        return None if text is None else datetime.fromisoformat(text)

    @property
    def clock_offset_ms(self) -> int:
        """How far the center's clock is ahead of this tablet's, as of the last answer: screens warn when it is much."""
        return self._desk.store.number(Meta.CLOCK_OFFSET_MS)

    @property
    def attention(self) -> list[Item]:
        """The edits that were refused or are held, in the order in which they were made."""
        return attention(self._desk)

    @property
    def set_aside(self) -> list[Record]:
        """Records that a restored center no longer had and this tablet could not send again."""
        return self._desk.views.set_aside()

    # -- syncing

    def sync(self, progress: Progress = silent) -> SyncReport:
        """Sends what waits and fetches what changed, until there is no more of either.

        Raises OfflineError, CenterError, EnrolAgainError, RevokedError, StoreError. Whatever was saved or came whole is
        kept, and the next sync goes on from there. A second call waits for the first; from within `progress`, which
        would wait for itself, it raises RuntimeError. What `progress` raises ends the sync, and is raised."""
        self._desk.store.require_process()
        with self._syncing:
            if self._is_syncing:
                raise RuntimeError("sync() called by the progress of a sync")
            self._is_syncing = True
            try:
                return self._loop.run(progress)
            finally:
                self._is_syncing = False

    def keep_in_sync(
        self,
        interval_s: float,
        stop: threading.Event,
        *,
        on_report: Callable[[SyncReport | TabletError], object] | None = None,
    ) -> None:
        """Syncs at once and then every `interval_s` seconds until `stop` is set; after a failure sooner, at intervals
        that double from a second up to `interval_s`, or when the center asks, within the hour. `on_report` is given
        each report or failure. Returns when stopped, or at the next turn after the tablet was closed; raises
        EnrolAgainError, RevokedError and StoreForkedError, which waiting does not mend."""
        failures = 0
        while not stop.is_set():
            outcome: SyncReport | TabletError
            wait_s = interval_s
            try:
                outcome, failures = self.sync(), 0
            except StoreClosedError:
                return
            except (EnrolAgainError, RevokedError, StoreForkedError):
                raise
            except TabletError as error:
                outcome, failures = error, failures + 1
                wait_s = max(back_off_s(failures, jitter(), interval_s), min(error.retry_after_s or 0, ASKED_MAX_S))
            if on_report is not None:
                on_report(outcome)
            stop.wait(min(wait_s, threading.TIMEOUT_MAX))


def _called(name: str | None) -> str:
    """What to call a tablet, as far as it is text: a host's name may be bytes of another encoding."""
    return (name or platform.node() or "tablet").encode(errors="replace").decode()


def _remembered(ca_file: str | None) -> str | None:
    """The path of a certificate authority's file as the store keeps it; None for "" too."""
    return str(Path(ca_file).absolute()) if ca_file else None


def _told(problem: ProblemError) -> TabletError:
    match problem.code:
        case "token-unknown":
            return EnrolAgainError()
        case "tablet-revoked":
            return RevokedError(wiped=False)
        case _:
            return problem.said
