"""What befalls a county: people and grids move, tablets break and are copied, clocks jump, backups are restored."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial

from client_sdk import Tablet
from server import administration, holding
from server.administration import Period
from server.center import Center
from tests.simulation.actions import Actions
from tests.simulation.device import Device
from tests.simulation.poison import Poison
from tests.simulation.releases import NEWEST
from tests.simulation.server import GRIDS, VILLAGES
from tests.simulation.world import World
from tests.support.clock import DAY_MS, HOUR_MS, MINUTE_MS

BACKUPS_MAX = 3
DEVICES_MAX = 16
STATEMENTS = (30, 120, 500)
"""Up to which of a tablet's next statements its process may die. To save an edit takes 10, a sync 20 and more."""
WORKERS = ("wang", "li", "zhao", "qian")
UNREST = ("person moved", "redrawn", "committee", "staff decided")
"""What may happen at the center in the middle of a request."""


class Events:
    """Each method is one event, and says whether it came about. A run knows some of them only, so that each seed has a
    fate of its own."""

    def __init__(self, world: World) -> None:
        self.world, self.random = world, world.random
        self.actions, self.poison = Actions(world), Poison(world)
        rare: Mapping[str, Callable[[Device], bool]] = {
            "poisoned": self.poisoned, "rogue": self.rogue, "to be killed": self.killed, "disk filled": self.disk,
            "clock jumped": self.clock, "copied": self.copied, "restored": self.restored, "cloned": self.cloned,
            "replaced": self.replaced, "revoked": self.revoked, "person moved": self.person, "redrawn": self.redrawn,
            "committee": self.committee, "backed up": self.backup, "backup restored": self.backup_restored,
            "server upgraded": self.upgraded, "app upgraded": self.app, "days passed": self.days,
            "staff decided": self.staff_decides,
        }  # fmt: skip
        known = self.random.sample(tuple(rare), self.random.randint(2, len(rare)))
        self.rare = {name: rare[name] for name in sorted(known)}
        self.rare_one_in = self.random.choice((3, 4, 6, 9))
        if world.is_merciless:
            self.rare, self.rare_one_in = dict(rare), 2
        self.unrest = [self.rare[name] for name in UNREST if name in self.rare]
        world.meanwhile, world.another = self.meanwhile, self.another

    def step(self) -> None:
        """The next thing that happens."""
        world = self.world
        living = world.living()
        device = self.random.choice(living)
        if world.network.delayed and self.random.randrange(3) == 0:
            world.pass_ms(HOUR_MS)
            world.network.arrive_late()
        elif self.random.randrange(self.rare_one_in) == 0:
            name = self.random.choice(tuple(self.rare))
            world.pass_ms(HOUR_MS)
            world.counts[name] += self.rare[name](device)
        elif self.random.random() < 0.4:
            self.sync(device)
        else:
            for deed in self.actions.evening(device):
                world.counts[deed.__name__] += 1
                world.use(device, deed)

    def sync(self, device: Device) -> None:
        """A sync; one in three in small pieces, one in four with a signal that goes away."""
        if self.random.randrange(3) == 0:
            pieces = self.random.randint(1, 5), 1 if self.random.randrange(6) == 0 else self.random.randint(2, 20)
            self.world.counts["page of one row"] += pieces[1] == 1
            self.world.counts["one edit at a time"] += pieces[0] == 1
            self.world.use(device, partial(self._small, *pieces))
        device.link.requests_left = self.random.randint(0, 4) if self.random.randrange(4) == 0 else None
        self.world.sync(device)
        device.link.requests_left = None

    def _small(self, lines_max: int, rows_max: int, tablet: Tablet) -> None:
        tablet._loop.lines_max, tablet._loop.rows_max = lines_max, rows_max

    def meanwhile(self) -> None:
        """In the middle of somebody's request, over a good line: somebody else's sync, or a change at the center."""
        others = [each for each in self.world.living() if not each.is_busy]
        if self.unrest and self.random.randrange(3) == 0:
            self.random.choice(self.unrest)(others[0] if others else self.world.devices[0])
        else:
            self.another()

    def another(self) -> None:
        """Somebody else's sync, after a little work."""
        others = [each for each in self.world.living() if not each.is_busy]
        if others:
            device = self.random.choice(others)
            for deed in self.actions.evening(device)[:2]:
                self.world.use(device, deed)
            self.world.sync(device)

    # -- on a tablet

    def poisoned(self, device: Device) -> bool:
        device.is_honest = False
        for _ in range(self.random.randint(1, 3)):
            self.world.use(device, self.poison.outbox)
        return True

    def rogue(self, device: Device) -> bool:
        device.is_honest = False
        return self.poison.rogue(device)

    def killed(self, device: Device) -> bool:
        """The process dies somewhere in what comes next: a screen's work, or a sync."""
        device.disk.kill_in(self.random.randrange(self.random.choice(STATEMENTS)), after=self.random.random() < 0.5)
        if self.random.random() < 0.5:
            self.sync(device)
        return True

    def disk(self, device: Device) -> bool:
        device.disk.fill(full=not device.disk.is_full)
        return device.disk.is_full

    def clock(self, device: Device) -> bool:
        jump = self.random.choice((1000, MINUTE_MS, 7 * MINUTE_MS, HOUR_MS, DAY_MS, 400 * DAY_MS, 9000 * DAY_MS))
        device.skew_ms, device.is_honest = self.random.choice((0, jump, -jump)), False
        return device.skew_ms != 0

    def app(self, device: Device) -> bool:
        """Maybe a newer app than the server has a release for."""
        device.schema = min(device.schema + 1, NEWEST)
        return True

    def copied(self, device: Device) -> bool:
        copy = device.path.with_suffix(".copy")
        copy.unlink(missing_ok=True)
        device.copy_to(copy)
        device.copy = copy
        return True

    def restored(self, device: Device) -> bool:
        copied = [each for each in self.world.living() if each.copy is not None]
        if not copied:
            self.copied(device)
            return False
        device = self.random.choice(copied)
        assert device.copy is not None
        device.go_back_to(device.copy)
        return True

    def cloned(self, device: Device) -> bool:
        """The store runs on in two tablets, both with the one token."""
        if len(self.world.devices) >= DEVICES_MAX:
            return False
        clone = self.world.new_device(device.person)
        device.copy_to(clone.path)
        device.is_honest = clone.is_honest = False
        clone.schema, clone.seen = device.schema, device.seen
        return True

    def replaced(self, device: Device) -> bool:
        """Broken, or lost: another one is enrolled, with the oldest app."""
        if len(self.world.devices) >= DEVICES_MAX:
            return False
        device.power_off()
        device.is_gone = device.is_lossy = True
        self.world.enrol(self.world.new_device(device.person))
        return True

    # -- at the center

    def revoked(self, device: Device) -> bool:
        tablet = device.meta("tablet")
        if tablet is None or len(self.world.devices) >= DEVICES_MAX:
            return False
        self.world.server.change(lambda center, _again: administration.revoke(center, tablet))
        for each in self.world.living():
            each.is_honest = each.is_honest and each.meta("tablet") != tablet
        self.world.enrol(self.world.new_device(device.person))
        return True

    def person(self, _device: Device) -> bool:
        """A grid worker moves to another grid, for good or beside the old one."""
        person, grid = self.random.choice(WORKERS), self.random.choice(GRIDS)
        day = datetime.fromtimestamp(self.world.now_ms // 1000, tz=UTC).date()
        leaves = self.random.random() < 0.7
        old = self._grids(person)

        def change(center: Center, again: bool) -> None:
            # Made once more, it is backdated: work of meanwhile is not to be refused.
            administration.assign(center, person, grid, "grid_worker", Period(first=day) if again else Period())

        def leave(unit: str, center: Center, _again: bool) -> None:
            administration.unassign(center, person, unit, Period())

        if grid not in old:
            self.world.server.change(change)
            for unit in old if leaves else []:
                self.world.pass_ms(MINUTE_MS)
                self.world.server.change(partial(leave, unit))
        return grid not in old

    def _grids(self, person: str) -> list[str]:
        found = next(each for each in administration.people(self.world.server.center) if each["id"] == person)
        assignments = found["assignments"]
        assert isinstance(assignments, list)
        return sorted({str(each["unit"]) for each in assignments if each["until"] is None})

    def redrawn(self, _device: Device) -> bool:
        grid, village = self.random.choice(GRIDS), self.random.choice(VILLAGES)
        return self.world.server.change(lambda center, _again: administration.move_unit(center, grid, village))

    def committee(self, _device: Device) -> bool:
        body, joins = self.random.choice(self.world.bodies), self.random.random() < 0.6
        deed = administration.join if joins else administration.leave
        return self.world.server.change(lambda center, _again: deed(center, body, "chen"))

    def staff_decides(self, _device: Device) -> bool:
        """Somebody at the center goes through what is held."""
        held = holding.held(self.world.server.center)
        if held:
            edit, deed = str(self.random.choice(held)["edit"]), self.random.choice((holding.let_go, holding.turn_down))
            self.world.rightful.discard(edit)  # What it comes to is now the word of staff.
            self.world.server.administer(lambda center: deed(center, edit))
        return bool(held)

    def backup(self, _device: Device) -> bool:
        has_room = len(self.world.server.backups) < BACKUPS_MAX
        if has_room:
            self.world.server.back_up()
        return has_room

    def backup_restored(self, _device: Device) -> bool:
        server = self.world.server
        if not server.backups:
            server.back_up()
            return False
        may_be = server.restores < BACKUPS_MAX
        if may_be:
            server.restore(self.random.randrange(len(server.backups)))
        return may_be

    def upgraded(self, _device: Device) -> bool:
        is_behind = self.world.server.schema < NEWEST
        if is_behind:
            self.world.server.upgrade()
        return is_behind

    def days(self, _device: Device) -> bool:
        self.world.pass_days(self.random.choice((1, 3, 20, 40)))
        return True
