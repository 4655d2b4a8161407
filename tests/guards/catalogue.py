"""Each guard: where it stands, how it is broken, and the tests that must fail then."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Guard:
    """`right` stands once in `file`; `wrong` takes its place."""

    name: str
    file: str
    right: str
    wrong: str
    tests: tuple[str, ...]


GUARDS = (
    Guard(
        "the county is locked before revisions are taken",
        "server/store/ledger.py",
        'county.c.code == sa.bindparam("code")).with_for_update()',
        'county.c.code == sa.bindparam("code"))',
        ("tests/server/test_interleavings.py", "tests/server/test_busy_server.py"),
    ),
    Guard(
        "an `over` that names what has not come is remembered",
        "sync/registers.py",
        "(register.remembered | absent) - {sibling.edit}, settlements)",
        "register.remembered - {sibling.edit}, settlements)",
        ("tests/laws",),
    ),
    Guard(
        "known edits are answered, not taken again",
        "server/reception.py",
        "self.person, self.known = person, known",
        "self.person, self.known = person, {}",
        ("tests/scenarios/test_every_edit_has_an_outcome.py",),
    ),
    Guard(
        "a commit of the server is on the disk",
        "server/store/dialect.py",
        '"synchronous=FULL"',
        '"synchronous=OFF"',
        ("tests/processes/test_durability.py",),
    ),
    Guard(
        "a commit of the tablet is on the disk",
        "client_sdk/store.py",
        '"synchronous = FULL"',
        '"synchronous = OFF"',
        ("tests/client/test_store.py",),
    ),
    Guard(
        "own edits stay overlaid until the feed has passed `through`",
        "client_sdk/outbox.py",
        "passed = 0 AND state = 'acked' AND through <= ?",
        "passed = 0 AND state = 'acked' AND through <= ? + 1000000",
        ("tests/client/test_overlay.py", "tests/client/test_sync_loop.py"),
    ),
    Guard(
        "rights are judged at the edit's time",
        "server/reception.py",
        "judged = min(max(at, earliest), self.receipt)",
        "judged = self.receipt",
        ("tests/scenarios/test_people_who_move.py", "tests/scenarios/test_assigned_cases.py"),
    ),
    Guard(
        "an edit of a record that is not here is held",
        "sync/admission.py",
        'return Wait(Code.UNKNOWN_RECORD, member, frozenset({f"record:{record}", f"person:{self.edit.by}"}))',
        "raise _Stop(Refuse(Code.UNKNOWN_RECORD, member))",
        ("tests/laws", "tests/scenarios/test_every_edit_has_an_outcome.py"),
    ),
    Guard(
        "a batch that fails is taken line by line",
        "server/exchange.py",
        "    return _line_by_line(center, call.token, asked)\n\n\ndef",
        '    raise ProblemError("internal")\n\n\ndef',
        ("tests/scenarios/test_every_edit_has_an_outcome.py",),
    ),
    Guard(
        "requests that touch one another go one after the other",
        "server/sitting.py",
        "if len(self.receptions) > 1 and not fits:",
        "if False:",
        ("tests/server/test_together.py",),
    ),
    Guard(
        "a server whose past differs says so",
        "server/store/ledger.py",
        "return wanted & found",
        "return wanted",
        ("tests/scenarios/test_restored_server.py",),
    ),
    Guard(
        "what stands under a record moves along with it",
        "server/writes.py",
        "self._children({change.id: change for change in changes if self._has_moved(change)})",
        "self._children({})",
        ("tests/scenarios/test_assigned_cases.py",),
    ),
    Guard(
        "a center is served by one worker at a time",
        "server/store/center_outbox.py",
        "is_free = sa.or_(row.lease.is_(None), row.lease == holder, row.lease_until_ms <= now_ms)",
        "is_free = sa.true()",
        (
            "tests/center_push/test_pushing_again.py::test_a_worker_that_dies_after_a_delivery_leaves_it_to_be_sent_again",
        ),
    ),
    Guard(
        "a snapshot that was tried keeps its place",
        "server/store/center_outbox.py",
        "waits = sa.and_(row.attempts == 0, row.delivered_ms.is_(None))",
        "waits = row.delivered_ms.is_(None)",
        ("tests/center_push/test_pushing_again.py::test_a_newer_snapshot_takes_the_place_of_one_that_was_never_tried",),
    ),
    Guard(
        "an older version of a day takes no newer one's place",
        "server/center_push/receiving.py",
        "if here is not None and here >= day.standing:",
        "if here is not None and here == day.standing:",
        ("tests/center_push/test_receiving.py::test_versions_may_come_in_any_order",),
    ),
    Guard(
        "what is pushed is signed",
        "server/center_push/signing.py",
        "if not any(hmac.compare_digest(",
        "if not signatures and any(hmac.compare_digest(",
        ("tests/center_push/test_refusing.py::test_a_forged_signature",),
    ),
    Guard(
        "what was taken for granted is asked again under the lock",
        "server/push.py",
        "if not still_holds.given:",
        "if False:",
        ("tests/server/test_interleavings.py",),
    ),
    Guard(
        "scope and page are of one snapshot",
        "server/pull.py",
        "if read is None or read.directory_revision != reader.county.directory_revision:",
        "if read is None:",
        ("tests/scenarios/test_snapshots.py",),
    ),
    Guard(
        "a revoked tablet sees nothing more",
        "server/sitting.py",
        "if reception.caller.revoked_at is not None or head.check:",
        "if head.check:",
        ("tests/server/test_requests.py",),
    ),
    Guard(
        "a refused line covers in its own record alone",
        "sync/records.py",
        "is_own = named.record is None or (named.type, named.record) == (record.type, record.id)",
        "is_own = True",
        ("tests/laws", "tests/server/test_hostile_input.py"),
    ),
    Guard(
        "counters change in the transaction of the records",
        "server/books.py",
        "counters.add(sender, code, changes, book.revision)",
        "pass",
        ("tests/status",),
    ),
    Guard(
        "what is let go too early stays held as it was",
        "server/holding.py",
        "if decision.result not in wanted:",
        "if decision.result not in {*wanted, Result.HELD}:",
        ("tests/scenarios/test_letting_go.py",),
    ),
    Guard(
        "a lost answer burns no enrolment code",
        "client_sdk/enrolment.py",
        "if problem.code in _OVER or (is_new and problem.code not in _UNDECIDED):",
        "if problem.code not in _UNDECIDED:",
        ("tests/client/test_codes_that_may_be_spent.py",),
    ),
    Guard(
        "an answer is taken only where the store still stands where it was asked for",
        "client_sdk/application.py",
        "if standing(desk.store) == stood else None",
        "if stood else None",
        ("tests/client/test_processes.py",),
    ),
    Guard(
        "nothing about what is erased is taken",
        "sync/batch.py",
        "if self._is_erased(edit):",
        "if self._is_erased(edit) and False:",
        ("tests/sync/test_erasure.py", "tests/scenarios/test_erasure.py"),
    ),
    Guard(
        "a revocation is on the disk before the database commits",
        "server/keeping/lasting.py",
        "os.fsync(file.fileno())",
        "file.fileno()",
        ("tests/cli/test_lasting_decisions.py",),
    ),
    Guard(
        "what was revoked or erased stays so after a restore",
        "server/keeping/restore.py",
        "again = [apply_again(center.answering_for(each.county)) for each in found.counties]",
        "again = [apply_again(center.answering_for(each.county)) for each in found.counties[:0]]",
        ("tests/cli/test_keeping.py",),
    ),
)
