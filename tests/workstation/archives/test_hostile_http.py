"""DICOMweb servers that are ill, hostile or something else altogether, over real sockets."""

from __future__ import annotations

import base64
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from workstation.archives.gateway.dicomweb import DicomWebConnection
from workstation.archives.gateway.http_limits import HttpLimits
from workstation.domain.archive import Archive, ArchiveKind, FoundInstance, ReceivedFile, SendState, StudyQuery, Tls
from workstation.errors import Refused, Unavailable

Talk = Callable[[socket.socket, bytes], None]
Serve = Callable[[Talk], str]

LIMITS = HttpLimits(
    connect=2.0,
    answer=0.6,
    silence=0.4,
    slowest=2000.0,
    slow_window=0.5,
    json_body=100_000,
    part=200_000,
    surplus_parts=2,
    preamble=2000,
    page=2,
    rows=50,
)
JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/dicom+json\r\n"
OBJECTS = b'HTTP/1.1 200 OK\r\nContent-Type: multipart/related; type="application/dicom"; boundary=bb\r\n'
ONE = b"--bb\r\nContent-Type: application/dicom\r\n\r\n"
IMAGE = FoundInstance("1.2.3", "1.2.3.4")


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Answers every connection with the given talk, which gets the request's head; returns a base URL."""
    listeners: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def start(talk: Talk) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def one(connection: socket.socket) -> None:
            with connection, contextlib.suppress(OSError):
                connection.settimeout(10)
                head = b""
                while b"\r\n\r\n" not in head:
                    piece = connection.recv(65536)
                    if not piece:
                        return
                    head += piece
                talk(connection, head)

        def run() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threads.append(threading.Thread(target=one, args=(connection,)))
                    threads[-1].start()

        threads.append(threading.Thread(target=run))
        threads[-1].start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/dicom-web"

    yield start
    for listener in listeners:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
    for thread in threads:
        thread.join(15)


@contextlib.contextmanager
def connected(url: str, user: str = "", secret: str = "", **more) -> Iterator[DicomWebConnection]:
    connection = DicomWebConnection(Archive("a", ArchiveKind.DICOMWEB, url=url, user=user, **more), secret, b"", LIMITS)
    try:
        yield connection
    finally:
        connection.close()


def saying(answer: bytes) -> Talk:
    return lambda connection, head: connection.sendall(answer)


def body(content: bytes, start: bytes = JSON) -> bytes:
    return start + b"Content-Length: %d\r\n\r\n" % len(content) + content


def dripping(start: bytes, byte: bytes) -> Talk:
    def talk(connection: socket.socket, head: bytes) -> None:
        connection.sendall(start)
        for _ in range(300):
            connection.sendall(byte)
            time.sleep(0.05)

    return talk


def without_end(start: bytes, piece: bytes) -> Talk:
    def talk(connection: socket.socket, head: bytes) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(piece)

    return talk


def find(url: str, **more) -> str:
    """The words of a search that must fail."""
    with connected(url, **more) as connection, pytest.raises(Unavailable) as caught:
        connection.find_studies(StudyQuery(patient_id="9-SECRET"))
    assert "SECRET" not in str(caught.value)
    assert caught.value.hint
    return str(caught.value)


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
        (lambda c, _: c.close(), "broke"),
        (saying(JSON + b"Content-Length: 100\r\n\r\n["), "broke"),
        (saying(b"SSH-2.0-OpenSSH\r\n\r\n"), "does not speak HTTP"),
        (lambda c, _: time.sleep(1.5), "too long"),
        (dripping(b"HTTP/1.1 200 OK\r\nX: ", b"y"), "too long"),
        (dripping(JSON + b"Content-Length: 9000\r\n\r\n", b" "), "bytes came in a second"),
        (lambda c, _: (c.sendall(JSON + b"Content-Length: 9000\r\n\r\n["), time.sleep(1.5)), "too long|silent"),
        (dripping(JSON + b"Transfer-Encoding: chunked\r\n\r\n", b"0"), "too long|broke"),
        (without_end(JSON + b"\r\n", b"[" * 4096), "does not end"),
        (saying(JSON + b"Content-Length: 4294967296\r\n\r\n["), "does not end"),
        (without_end(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n" * 500), "broke|does not"),
    ],
    ids=[
        "closed", "cut short", "not HTTP", "silent", "head drips", "body drips", "half a body",
        "chunk size drips", "endless", "4 GB", "endless head",
    ],
)  # fmt: skip
def test_a_server_that_never_answers_well_is_given_up_in_words(serve, talk, said):
    """F35, F40, F45."""
    words = find(serve(talk))
    assert any(part in words for part in said.split("|")), words


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (body(b"<html>Log in</html>", b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"), "a web page"),
        (body(b"<html>Log in</html>"), "not a DICOMweb archive"),
        (body(b'[{"0020000D": {"Value": ["1.2"]}}', JSON), "not a DICOMweb archive"),
        (body(b"[" * 90_000), "not a DICOMweb archive"),
        (body(b"[1, 2]"), "not a DICOMweb archive"),
        (body(b'[{"0020000D": {"vr": "UI", "Value": ["../../etc"]}}]'), "without a UID"),
        (body(b"", b"HTTP/1.1 200 OK\r\n"), "not a DICOMweb archive"),
    ],
    ids=["log-in page", "log-in page as JSON", "cut JSON", "deep JSON", "numbers", "path as UID", "nothing"],
)
def test_what_is_not_dicomweb_is_told_apart(serve, answer, said):
    """F31: a captive portal's 200 is no empty list."""
    assert said in find(serve(saying(answer)))


@pytest.mark.parametrize("coding", [b"gzip", b"br", b"deflate"])
def test_an_answer_that_is_compressed_unasked_is_not_unpacked(serve, coding):
    """F45: a bomb never gets the chance. We ask for identity."""
    seen: list[bytes] = []

    def talk(connection: socket.socket, head: bytes) -> None:
        seen.append(head.lower())
        connection.sendall(body(b"\x1f\x8b" + bytes(1000), JSON + b"Content-Encoding: " + coding + b"\r\n"))

    assert "compressed" in find(serve(talk))
    assert b"accept-encoding: identity\r\n" in seen[0]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (b"401 Unauthorized", "refused our credentials"),
        (b"403 Forbidden", "no access"),
        (b"407 Proxy", "proxy"),
        (b"429 Slow\r\nRetry-After: 30", "retry after 30 s"),
        (b"500 Oops", "failed"),
        (b"502 Bad", "cannot be reached"),
        (b"503 Busy\r\nRetry-After: Fri, 01 Jan 2021 00:00:00 GMT", "retry after 0 s"),
        (b"503 Busy\r\nRetry-After: soon", "busy"),
        (b"418 Teapot", "HTTP status 418"),
    ],
)
def test_a_status_that_says_no_is_said_in_words(serve, status, said):
    """F31, F42."""
    assert said in find(serve(saying(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")))


def test_another_server_never_gets_the_password(serve):
    """A redirect to another origin is refused, one to the same is followed."""
    others: list[bytes] = []

    def other(connection: socket.socket, head: bytes) -> None:
        others.append(head)

    elsewhere = serve(other).encode()
    redirect = saying(b"HTTP/1.1 302 Found\r\nLocation: " + elsewhere + b"/studies\r\nContent-Length: 0\r\n\r\n")
    assert "another server" in find(serve(redirect), user="u", secret="p")
    assert others == []


def test_a_redirect_on_the_same_server_is_followed_and_a_circle_is_not(serve):
    def talk(connection: socket.socket, head: bytes) -> None:
        if head.startswith(b"GET /dicom-web/studies"):
            connection.sendall(b"HTTP/1.1 307 T\r\nLocation: /new/studies?page=1\r\nContent-Length: 0\r\n\r\n")
        else:
            assert head.startswith(b"GET /new/studies?page=1 ")
            connection.sendall(body(b"[]"))

    with connected(serve(talk)) as connection:
        assert connection.find_studies(StudyQuery()) == ()
    assert "circles" in find(serve(saying(b"HTTP/1.1 302 F\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n")))


@pytest.mark.parametrize("url", ["ftp://pacs/", "pacs.example/dicom-web", "https://user:word@pacs/", "http://pacs:port/", ""])
def test_an_address_that_cannot_be_used_is_refused(url):
    with pytest.raises(Refused, match="address cannot be used"), connected(url):
        pass


def test_a_password_never_goes_out_in_the_open():
    with pytest.raises(Refused, match="in the open"), connected("http://pacs.example/dicom-web", "reader", "word"):
        pass
    with pytest.raises(Refused, match="not secure"), connected("http://pacs.example/dicom-web", tls=Tls()):
        pass
    with connected("http://localhost/dicom-web", "reader", "word"), connected("https://pacs.example/dicom-web", "reader", "word"):
        pass


@pytest.mark.parametrize(
    ("user", "secret", "sent"),
    [
        ("reader", "åpen", b"Basic " + base64.b64encode("reader:åpen".encode())),
        ("bearer", "tok.en", b"Bearer tok.en"),
        ("", "", None),
    ],
)
def test_credentials_are_sent_as_set_up(serve, user, secret, sent):
    """F42: Basic in UTF-8 (RFC 7617), or a token."""
    seen: list[bytes] = []

    def talk(connection: socket.socket, head: bytes) -> None:
        seen.append(head)
        connection.sendall(body(b"[]"))

    with connected(serve(talk), user, secret) as connection:
        connection.find_studies(StudyQuery())
    found = [line.split(b": ", 1)[1] for line in seen[0].split(b"\r\n") if line.lower().startswith(b"authorization:")]
    assert found == ([] if sent is None else [sent])


def test_a_proxy_in_the_environment_is_not_asked_and_is_named_when_it_matters(serve, monkeypatch):
    """F44."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9/")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9/")
    with connected(serve(saying(body(b"[]")))) as connection:
        assert connection.find_studies(StudyQuery()) == ()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    said = find(f"http://127.0.0.1:{port}/")
    assert "Nothing listens at its port" in said
    assert "HTTPS_PROXY is set" in said


def test_a_name_that_is_not_known_is_said():
    """F44. `.invalid` (RFC 6761) is known to nobody."""
    assert "name is not known" in find("http://pacs.invalid/dicom-web")


def test_an_archive_that_has_only_ipv6_works():
    """F44."""
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener:

        def run() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(body(b"[]"))

        thread = threading.Thread(target=run)
        thread.start()
        with connected(f"http://[::1]:{listener.getsockname()[1]}/dicom-web", "u", "p") as connection:
            assert connection.find_studies(StudyQuery()) == ()
        thread.join()


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
        (body(b"{", JSON), SendState.UNKNOWN, "cannot be read"),
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


@pytest.mark.parametrize(
    ("date", "said"),
    [("Fri, 01 Jan 2021 00:00:00 GMT", "ahead of the archive's"), ("Fri, 01 Jan 2100 00:00:00 GMT", "behind the archive's")],
)
def test_a_clock_that_is_wrong_is_said_by_the_test(serve, date, said):
    """F43."""
    with connected(serve(saying(body(b"[]", JSON + f"Date: {date}\r\n".encode())))) as connection:
        clock = connection.test()[-1]
    assert (clock.name, clock.succeeded) == ("Clock", False)
    assert said in clock.words


@pytest.mark.parametrize(
    ("url", "failed", "said"),
    [("http://pacs.invalid/", "Find its name", "not known"), ("http://127.0.0.1:9/", "Connect", "Nothing listens")],
)
def test_the_test_says_which_step_failed_and_goes_no_further(url, failed, said):
    """F44."""
    with connected(url) as connection:
        steps = connection.test()
    assert (steps[-1].name, steps[-1].succeeded) == (failed, False)
    assert said in steps[-1].words
    assert all(step.succeeded for step in steps[:-1])


def test_the_test_says_that_the_password_is_wrong(serve):
    """F42."""
    with connected(serve(saying(b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n")), "u", "p") as connection:
        step = connection.test()[-1]
    assert (step.name, step.succeeded) == ("Credentials", False)


def test_an_archive_that_ignores_offsets_is_not_asked_for_ever(serve):
    """F45: the same page again is the end."""
    asked: list[bytes] = []

    def talk(connection: socket.socket, head: bytes) -> None:
        asked.append(head)
        connection.sendall(body(b'[{"0020000E": {"Value": ["1.2.3"]}}, {"0020000E": {"Value": ["1.2.4"]}}]'))

    with connected(serve(talk)) as connection:
        assert [series.series_instance_uid for series in connection.find_series("1.2")] == ["1.2.3", "1.2.4"]
    assert len(asked) == 2


def test_a_list_without_end_ends_at_its_cap(serve):
    """F45."""
    count = iter(range(1, 10_000))

    def talk(connection: socket.socket, head: bytes) -> None:
        connection.sendall(body(b'[{"0020000E": {"Value": ["1.2.%d"]}}]' % next(count)))

    with connected(serve(talk)) as connection:
        assert len(connection.find_series("1.2")) == LIMITS.rows
