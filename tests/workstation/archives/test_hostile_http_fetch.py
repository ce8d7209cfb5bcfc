"""DICOMweb servers that are ill, hostile or something else altogether, while images are fetched and sent."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from talking_server import OBJECTS, ONE, Serve, body, connected, dripping, saying, talking_server, without_end

from workstation.domain.archive import FoundInstance, ReceivedFile, SendState
from workstation.errors import Unavailable

IMAGE = FoundInstance("1.2.3", "1.2.3.4")


@pytest.fixture
def serve() -> Iterator[Serve]:
    with talking_server() as start:
        yield start


def fetch(url: str, into: Path, images: tuple[FoundInstance, ...] = (IMAGE,)) -> tuple[str, list[ReceivedFile]]:
    """The words of a fetch that must fail, and what it gave all the same. Nothing half is left behind."""
    files: list[ReceivedFile] = []
    with connected(url) as connection, pytest.raises(Unavailable) as caught:
        connection.retrieve("1.2", images, into, files.append)
    assert sorted(into.iterdir()) == sorted(file.path for file in files)
    return str(caught.value), files


@pytest.mark.parametrize(
    ("talk", "said"),
    [
        (saying(OBJECTS + b"\r\n" + ONE + b"x" * 1000), "ended in the middle|broke"),
        (saying(body(ONE + b"x" * 1000, OBJECTS)), "middle"),
        (without_end(OBJECTS + b"\r\n" + ONE, b"x" * 60_000), "does not end"),
        (without_end(OBJECTS + b"\r\n", b"x" * 60_000), "does not begin"),
        (without_end(OBJECTS + b"\r\n", ONE + b"x\r\n"), "more objects than were asked for"),
        (dripping(OBJECTS + b"\r\n" + ONE, b"x"), "bytes came in a second"),
        (lambda c, _: (c.sendall(OBJECTS + b"\r\n" + ONE + b"x" * 90), time.sleep(1.5)), "too long|silent"),
        (saying(OBJECTS + b"Content-Length: 9223372036854775807\r\n\r\n" + ONE), "No room"),
        (saying(body(b"--bb\r\nContent-Type: text/html\r\n\r\nx\r\n--bb--", OBJECTS)), "no DICOM object"),
        (saying(body(b"--bb\r\nContent-Transfer-Encoding: base64\r\n\r\nx\r\n--bb--", OBJECTS)), "no DICOM object"),
        (saying(body(b"<html>", b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n")), "a web page"),
        (saying(b"HTTP/1.1 200 OK\r\nContent-Type: application/dicom\r\n\r\nDICM"), "where its object ends"),
        (saying(b"HTTP/1.1 200 OK\r\nContent-Type: application/dicom\r\nContent-Length: 9\r\n\r\nDICM"), "broke"),
    ],
    ids=[
        "no end", "cut with a length", "endless part", "endless preamble", "endless parts", "drips", "half-open",
        "8 EB", "HTML part", "base64 part", "HTML", "unframed", "cut",
    ],
)  # fmt: skip
def test_a_fetch_never_takes_half_an_image_for_one(serve, tmp_path, talk, said):
    """F31, F35, F40, F45: nothing half is given or left on the disk."""
    words, _ = fetch(serve(talk), tmp_path)
    assert any(part in words for part in said.split("|")), words


def test_images_that_were_whole_before_the_break_are_kept(serve, tmp_path):
    """F35: only the part under way is lost."""
    series = tuple(FoundInstance("1.2.3", f"1.2.3.{number}") for number in range(4))

    def talk(connection: socket.socket, head: bytes) -> None:
        if b"/series?" in head:
            connection.sendall(body(b'[{"0020000E": {"Value": ["1.2.3"]}, "00201209": {"Value": [4]}}]'))
        else:
            connection.sendall(OBJECTS + b"\r\n" + ONE + b"one\r\n" + ONE + b"two\r\n" + ONE + b"thr")

    words, files = fetch(serve(talk), tmp_path, series)
    assert "middle" in words or "broke" in words
    assert [file.path.read_bytes() for file in files] == [b"one", b"two"]
    assert [file.size for file in files] == [3, 3]


def test_a_single_object_without_multipart_is_taken_when_its_end_is_certain(serve, tmp_path):
    files: list[ReceivedFile] = []
    with connected(serve(saying(body(b"object", b"HTTP/1.1 200 OK\r\nContent-Type: application/dicom\r\n")))) as connection:
        connection.retrieve("1.2", [IMAGE], tmp_path, files.append)
    assert [file.path.read_bytes() for file in files] == [b"object"]


def test_a_form_that_the_archive_does_not_give_is_asked_for_otherwise(serve, tmp_path):
    """PS3.18 8.7.3: as stored, then by name (HTJ2K first), then whatever it gives."""
    asked: list[bytes] = []

    def talk(connection: socket.socket, head: bytes) -> None:
        asked.append(head)
        if len(asked) < 3:
            connection.sendall(b"HTTP/1.1 406 No\r\nContent-Length: 0\r\n\r\n")
        else:
            connection.sendall(body(ONE + b"object\r\n--bb--", OBJECTS))

    files: list[ReceivedFile] = []
    with connected(serve(talk)) as connection:
        connection.retrieve("1.2", [IMAGE], tmp_path, files.append)
    assert [file.path.read_bytes() for file in files] == [b"object"]
    assert b"transfer-syntax=*" in asked[0]
    assert b"transfer-syntax=1.2.840.10008.1.2.4.201;q=1.00" in asked[1]
    assert b"1.2.840.10008.1.2.4.203" in asked[1]
    assert b"transfer-syntax" not in asked[2]


def test_cancelling_ends_a_fetch_that_waits_and_is_no_error(serve, tmp_path):
    reached, cancelled = threading.Event(), threading.Event()

    def talk(connection: socket.socket, head: bytes) -> None:
        connection.sendall(OBJECTS + b"\r\n" + ONE + b"x" * 90)
        reached.set()
        connection.recv(1)

    def when_reached() -> None:
        reached.wait(5)
        cancelled.set()

    threading.Thread(target=when_reached).start()
    with connected(serve(talk)) as connection:
        connection.retrieve("1.2", [IMAGE], tmp_path, lambda file: None, cancelled=cancelled.is_set)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("answer", "state", "said"),
    [
        (b"", SendState.UNKNOWN, "broke"),
        (body(b"<html>", b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"), SendState.UNKNOWN, "not a DICOMweb archive"),
        (body(b"[]"), SendState.UNKNOWN, "does not name it"),
        (body(b"{"), SendState.UNKNOWN, "cannot be read"),
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", SendState.UNKNOWN, "busy"),
        (b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", SendState.REFUSED, "credentials"),
        (b"HTTP/1.1 413 Big\r\nContent-Length: 0\r\n\r\n", SendState.REFUSED, "too large"),
        (body(b'{"00081199": {"Value": [{"00081155": {"Value": ["1.2.9"]}}]}}'), SendState.UNKNOWN, "does not name it"),
        (body(b'{"00081199": {"Value": [{"00081155": {"Value": ["1.2.3.4"]}}]}}'), SendState.STORED, ""),
        (
            body(
                b'{"00081198": {"vr": "SQ", "Value": [{"00081155": {"Value": ["1.2.3.4"]}, "00081197": {"Value": [42752]}}]}}',
                b"HTTP/1.1 409 Conflict\r\nContent-Type: application/dicom+json\r\n",
            ),
            SendState.REFUSED,
            "no room (reason A700)",
        ),
    ],
    ids=["broke", "log-in page", "empty", "cut", "busy", "password", "large", "another", "stored", "refused"],
)
def test_what_became_of_an_object_is_the_archives_word_for_that_object(serve, tmp_path, answer, state, said):
    """F31: a 200 that does not name it proves nothing."""
    file = tmp_path / "object.dcm"
    uid = b"1.2.3.4\0"
    file.write_bytes(bytes(128) + b"DICM\x02\x00\x03\x00UI" + len(uid).to_bytes(2, "little") + uid + bytes(100))

    def talk(connection: socket.socket, head: bytes) -> None:
        received = head
        while b"--\r\n" not in received[-40:]:
            received += connection.recv(65536)
        connection.sendall(answer)

    with connected(serve(talk)) as connection:
        (result,) = connection.send([file])
    assert (result.sop_instance_uid, result.state) == ("1.2.3.4", state)
    assert said in result.reason


def test_what_is_no_dicom_object_is_not_sent(tmp_path):
    file = tmp_path / "letter.txt"
    file.write_text("Dear colleague")
    with connected("http://127.0.0.1:9/") as connection:
        assert [result.state for result in connection.send([file])] == [SendState.REFUSED]
