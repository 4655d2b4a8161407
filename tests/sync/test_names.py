"""Names of edits, records and conflicts, and the chain of the log."""

import hashlib
import uuid

from sync import chain, ids


def test_the_name_of_an_edit_is_a_uuid_of_version_7_at_its_moment() -> None:
    name = ids.edit_name(1_795_248_930_123, 2**80 + 5)

    assert ids.is_edit_name(name)
    assert ids.is_record_id(name)
    assert uuid.UUID(name).version == 7
    assert uuid.UUID(name).variant == uuid.RFC_4122
    assert uuid.UUID(name).int >> 80 == 1_795_248_930_123
    assert ids.edit_name(1, 5) != ids.edit_name(1, 2**70)


def test_what_is_no_name() -> None:
    assert not ids.is_edit_name(None)
    assert not ids.is_edit_name(str(uuid.uuid4()))
    assert not ids.is_edit_name(ids.edit_name(0xABC, 1).upper())
    assert ids.is_record_id(str(uuid.UUID(int=7)))
    assert not ids.is_record_id(7)
    assert ids.is_person_id("wang.shan-1")
    assert not ids.is_person_id("王")
    assert not ids.is_person_id(None)


def test_a_conflict_is_named_by_its_record_and_field() -> None:
    record = ids.edit_name(1, 1)
    assert ids.conflict_id(record, "title") == ids.conflict_id(record, "title")
    assert ids.is_record_id(ids.conflict_id(record, "title"))
    assert ids.conflict_id(record, "title") != ids.conflict_id(record, "category")
    assert ids.conflict_id(record, "title") != ids.conflict_id(ids.edit_name(1, 2), "title")


def test_the_chain_is_what_the_design_says() -> None:
    line = hashlib.sha256(b"a line").digest()
    head = chain.extend(chain.START, 9, 1_795_248_930_123, line)

    assert head == hashlib.sha256(bytes(32) + (9).to_bytes(8) + (1_795_248_930_123).to_bytes(8) + line).digest()
    assert chain.tag(head) == head[:8].hex()
    assert chain.extend(head, 10, 0, line) != chain.extend(chain.START, 10, 0, line)
