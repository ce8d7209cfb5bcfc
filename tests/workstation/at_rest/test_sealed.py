"""Sealed files: what was written comes back, and nothing else ever does."""

from __future__ import annotations

import io
import stat
from pathlib import Path

import pytest
from plaintext_scan import plaintext_below

from workstation.at_rest.sealed import BLOCK, HEAD, TAG, SealedFile, create_sealed, open_sealed
from workstation.at_rest.sealing import UNDER_WAY, seal_file
from workstation.at_rest.vault import Purpose, Vault, is_sealed
from workstation.errors import Refused

STRIDE = BLOCK + TAG


@pytest.fixture
def vault() -> Vault:
    return Vault.with_key(bytes(range(32)))


def content(size: int) -> bytes:
    """No two blocks are alike."""
    return b"".join(number.to_bytes(8, "big") for number in range(size // 8 + 1))[:size]


def write(vault: Vault, path: Path, data: bytes, purpose: Purpose = Purpose.OBJECT) -> Path:
    with vault.create(path, purpose) as file:
        file.write(data)
    return path


def read(vault: Vault, path: Path) -> bytes:
    with vault.open(path) as file:
        return file.read()


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 3 * BLOCK + 77])
@pytest.mark.parametrize("piece", [777, BLOCK, 10 * BLOCK])
def test_what_was_written_in_pieces_comes_back(vault: Vault, tmp_path: Path, size: int, piece: int) -> None:
    data = content(size)
    with vault.create(tmp_path / "a", Purpose.OBJECT) as file:
        for start in range(0, size, piece):
            file.write(data[start : start + piece])
    assert read(vault, tmp_path / "a") == data
    assert SealedFile(tmp_path / "a", vault.key_of(tmp_path / "a")).size == size
    assert (tmp_path / "a").stat().st_size == HEAD.size + size + TAG * max(1, -(-size // BLOCK))
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600


@pytest.mark.parametrize(("at", "length"), [(0, 10), (BLOCK - 3, 6), (BLOCK, BLOCK), (5, 2 * BLOCK), (3 * BLOCK, 999)])
def test_any_part_is_read_without_the_rest(vault: Vault, tmp_path: Path, at: int, length: int) -> None:
    data = content(3 * BLOCK + 100)
    path = write(vault, tmp_path / "a", data)
    with vault.open(path) as file:
        file.seek(at)
        assert file.read(length) == data[at : at + length]
        assert file.tell() == min(len(data), at + length)
        assert file.seek(-5, io.SEEK_END) == len(data) - 5
        assert file.read() == data[-5:]


def test_the_same_content_never_looks_the_same_and_tells_nothing(vault: Vault, tmp_path: Path) -> None:
    data = b"DICM Sky^Invented " * 20_000
    one, two = write(vault, tmp_path / "1", data).read_bytes(), write(vault, tmp_path / "2", data).read_bytes()
    blocks = {file[start : start + 64] for file in (one, two) for start in range(HEAD.size, len(one), 64)}
    assert len(blocks) == 2 * len(range(HEAD.size, len(one), 64))
    assert plaintext_below(tmp_path, ["Sky^Invented"]) == []


def test_the_scan_finds_what_is_in_plain(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"xx" + "Sky^Invented".encode("utf-16-le") + b"DICM")
    (tmp_path / "Sky^Invented").touch()
    hits = plaintext_below(tmp_path, ["Sky^Invented", "absent"])
    assert {(hit.file.name, hit.needle) for hit in hits} == {
        ("a", "Sky^Invented"), ("a", "DICM"), ("Sky^Invented", "Sky^Invented")
    }  # fmt: skip


@pytest.mark.parametrize(
    "at", [0, 8, 9, 10, 12, 16, HEAD.size, HEAD.size + BLOCK, HEAD.size + STRIDE + 5, -1], ids=lambda at: f"byte {at}"
)
def test_a_flipped_bit_is_refused_wherever_it_is(vault: Vault, tmp_path: Path, at: int) -> None:
    """F16."""
    path = write(vault, tmp_path / "a", content(2 * BLOCK + 9))
    key, data = vault.key_of(path), bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    if at == 0:
        assert not is_sealed(path)  # plain bytes now, which no hash of ours fits
    else:
        with pytest.raises(Refused):
            read(vault, path)
    with pytest.raises(Refused), open_sealed(path, key) as file:
        file.read()


@pytest.mark.parametrize(
    "left", [HEAD.size - 1, HEAD.size, HEAD.size + TAG, HEAD.size + STRIDE, HEAD.size + 2 * STRIDE, HEAD.size + STRIDE + 3]
)
def test_a_file_that_was_cut_is_refused_at_once_also_between_blocks(vault: Vault, tmp_path: Path, left: int) -> None:
    """F17."""
    path = write(vault, tmp_path / "a", content(3 * BLOCK))
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(Refused):
        vault.open(path)


def test_blocks_in_another_order_twice_or_of_another_file_are_refused(vault: Vault, tmp_path: Path) -> None:
    """F17."""
    data = write(vault, tmp_path / "a", content(3 * BLOCK)).read_bytes()
    other = write(vault, tmp_path / "b", content(3 * BLOCK)).read_bytes()
    head, blocks = data[: HEAD.size], [data[HEAD.size + n * STRIDE : HEAD.size + (n + 1) * STRIDE] for n in range(3)]
    foreign = other[HEAD.size : HEAD.size + STRIDE]
    for name, parts in {
        "swapped": [blocks[1], blocks[0], blocks[2]],
        "twice": [blocks[0], blocks[0], blocks[2]],
        "left out": [blocks[0], blocks[2]],
        "foreign": [foreign, blocks[1], blocks[2]],
        "more": [*blocks, blocks[2]],
    }.items():
        path = tmp_path / name
        path.write_bytes(head + b"".join(parts))
        with pytest.raises(Refused):
            read(vault, path)
    (tmp_path / "whole").write_bytes(head + b"".join(blocks))
    assert read(vault, tmp_path / "whole") == content(3 * BLOCK)


def test_another_key_another_purpose_and_no_key_are_refused_in_words(vault: Vault, tmp_path: Path) -> None:
    path = write(vault, tmp_path / "a", b"secret")
    with pytest.raises(Refused, match="sealed with another key"):
        Vault.with_key(bytes(32)).open(path)
    with pytest.raises(Refused, match="There is no key for it here"):
        Vault.plain().open(path)
    data = bytearray(path.read_bytes())
    data[9] += 1  # the purpose in the head
    path.write_bytes(data)
    with pytest.raises(Refused):
        vault.open(path)


def test_what_was_not_closed_is_never_taken_for_whole(vault: Vault, tmp_path: Path) -> None:
    def half() -> None:
        with vault.create(tmp_path / "a", Purpose.OBJECT) as file:
            file.write(content(2 * BLOCK))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    with pytest.raises(Refused):
        vault.open(tmp_path / "a")
    forgotten = vault.create(tmp_path / "b", Purpose.OBJECT)
    forgotten.write(b"x")
    del forgotten
    with pytest.raises(Refused):
        vault.open(tmp_path / "b")


def test_a_file_that_is_there_is_never_written_over(vault: Vault, tmp_path: Path) -> None:
    for each in (vault, Vault.plain()):
        path = write(each, tmp_path / f"{each.is_sealing}", b"first")
        with pytest.raises(FileExistsError):
            each.create(path, Purpose.OBJECT)
        assert read(each, path) == b"first"


def test_each_purpose_file_and_database_has_a_key_of_its_own(vault: Vault, tmp_path: Path) -> None:
    keys = [vault.purpose_key(purpose) for purpose in Purpose]
    keys += [vault.file_key(Purpose.OBJECT, bytes([n] * 16)) for n in (1, 2)]
    keys += [bytes.fromhex(vault.database_key(name)) for name in ("reports", "orders")]
    assert len(set(keys)) == len(keys)
    assert all(len(key) == 32 for key in keys)
    path = tmp_path / "from the archive process"
    with create_sealed(path, Purpose.INCOMING, vault.purpose_key(Purpose.INCOMING)) as file:
        file.write(b"bytes")
    assert read(vault, path) == b"bytes"


def test_a_plain_vault_gives_no_keys_and_everybody_reads_plain_files(vault: Vault, tmp_path: Path) -> None:
    plain = Vault.plain()
    assert (plain.purpose_key(Purpose.LOG), plain.file_key(Purpose.LOG, bytes(16)), plain.database_key("x")) == (b"", b"", "")
    path = write(plain, tmp_path / "a", b"plain")
    assert path.read_bytes() == b"plain"
    assert read(vault, path) == b"plain"
    assert vault.key_of(path) == vault.key_of(tmp_path / "nothing") == b""


def test_a_site_that_stops_sealing_still_reads_what_it_sealed(vault: Vault, tmp_path: Path) -> None:
    path = write(vault, tmp_path / "a", b"before")
    after = Vault.with_key(bytes(range(32)), is_sealing=False)
    assert read(after, path) == b"before"
    assert write(after, tmp_path / "b", b"plain").read_bytes() == b"plain"


def test_lines_of_a_log_are_sealed_one_by_one(vault: Vault) -> None:
    sealed = vault.seal_line('{"event": "å"}', Purpose.LOG)
    assert "event" not in sealed
    assert "\n" not in sealed
    assert vault.open_line(sealed, Purpose.LOG) == '{"event": "å"}'
    assert vault.open_line('{"from": "before"}', Purpose.LOG) == '{"from": "before"}'
    for line in (sealed[:-8], sealed[:20] + "AAAA" + sealed[24:], "~", "~å"):
        with pytest.raises(Refused):
            vault.open_line(line, Purpose.LOG)
    with pytest.raises(Refused):
        Vault.plain().open_line(sealed, Purpose.LOG)


def test_a_plain_file_is_sealed_in_place_once(vault: Vault, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(content(BLOCK + 1))
    path.with_name("a" + UNDER_WAY).write_bytes(b"left by a kill")
    assert not seal_file(path, Vault.plain(), Purpose.OBJECT)
    assert seal_file(path, vault, Purpose.OBJECT)
    assert not seal_file(path, vault, Purpose.OBJECT)
    assert read(vault, path) == content(BLOCK + 1)
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
