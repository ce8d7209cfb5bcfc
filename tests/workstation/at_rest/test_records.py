"""Files that grow by records: torn ends, changed records, foreign keys, several writers."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from workstation.at_rest.records import HEAD_BYTES, KeyOf, RecordWriter, read_records
from workstation.at_rest.vault import Purpose, Vault
from workstation.errors import Refused

SEALED: KeyOf = partial(Vault.with_key(bytes(range(32))).file_key, Purpose.LOG)
OTHER: KeyOf = partial(Vault.with_key(bytes(32)).file_key, Purpose.LOG)


def plain(_: bytes) -> bytes:
    return b""


KINDS = pytest.mark.parametrize("key_of", [SEALED, plain], ids=["sealed", "plain"])


def written(path: Path, key_of: KeyOf, *contents: bytes) -> Path:
    with closing(RecordWriter(path, key_of)) as writer:
        for number, content in enumerate(contents):
            writer.append(number, content)
    return path


@KINDS
def test_records_come_back_in_order(tmp_path: Path, key_of: KeyOf) -> None:
    records = read_records(written(tmp_path / "r", key_of, b"one", b"", b"three" * 1000), key_of)
    assert records.entries == ((0, b"one"), (1, b""), (2, b"three" * 1000))
    assert records.is_whole


@KINDS
def test_wherever_a_crash_tears_the_file_the_whole_records_are_read_and_it_goes_on(tmp_path: Path, key_of: KeyOf) -> None:
    """F01: every length the file can have been cut to."""
    whole = written(tmp_path / "r", key_of, b"one", b"two").read_bytes()
    ends = [HEAD_BYTES, HEAD_BYTES + (len(whole) - HEAD_BYTES) // 2, len(whole)]
    for cut in range(len(whole) + 1):
        path = tmp_path / f"cut {cut}"
        path.write_bytes(whole[:cut])
        kept = max(sum(end <= cut for end in ends) - 1, 0)
        assert len(read_records(path, key_of).entries) == kept
        assert read_records(path, key_of).is_whole == (cut in ends)
        with closing(RecordWriter(path, key_of, append=True)) as writer:
            writer.append(kept, b"after")
        assert read_records(path, key_of).entries == (*[(0, b"one"), (1, b"two")][:kept], (kept, b"after"))


@KINDS
def test_a_changed_byte_ends_the_file_before_it(tmp_path: Path, key_of: KeyOf) -> None:
    path = written(tmp_path / "r", key_of, b"one", b"two")
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    records = read_records(path, key_of)
    assert records.entries == ((0, b"one"),)
    assert not records.is_whole


def test_a_sealed_record_under_another_number_does_not_open(tmp_path: Path) -> None:
    path = written(tmp_path / "r", SEALED, b"one")
    data = bytearray(path.read_bytes())
    data[HEAD_BYTES + 4] = 9
    path.write_bytes(data)
    assert read_records(path, SEALED).entries == ()


def test_another_key_is_told_from_a_torn_end(tmp_path: Path) -> None:
    path = written(tmp_path / "r", SEALED, b"one")
    assert read_records(path, OTHER).is_foreign
    assert not read_records(path, SEALED).is_foreign
    before = path.read_bytes()
    with pytest.raises(Refused):
        RecordWriter(path, OTHER, append=True)
    assert path.read_bytes() == before
    with pytest.raises(Refused):
        read_records(path, partial(Vault.plain().held_file_key, Purpose.LOG))


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r").write_bytes(b"something else altogether, and long enough")
    with pytest.raises(Refused):
        read_records(tmp_path / "r", SEALED)


def test_two_writers_of_one_file_never_tear_each_other(tmp_path: Path) -> None:
    path = tmp_path / "r"
    with (
        closing(RecordWriter(path, SEALED)) as first,
        closing(RecordWriter(path, SEALED, append=True)) as second,
    ):
        for number in range(0, 100, 2):
            first.append(number, b"even")
            second.append(number + 1, b"odd")
    assert [number for number, _ in read_records(path, SEALED).entries] == list(range(100))
