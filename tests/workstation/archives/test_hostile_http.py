"""DICOMweb servers that are ill, hostile or something else altogether, over real sockets."""

from __future__ import annotations

import base64
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from talking_server import JSON, LIMITS, Serve, body, connected, dripping, saying, talking_server, without_end

from workstation.domain.archive import StudyQuery, Tls
from workstation.errors import Refused, Unavailable


@pytest.fixture
def serve() -> Iterator[Serve]:
    with talking_server() as start:
        yield start


def find(url: str, **more) -> str:
    """The words of a search that must fail."""
    with connected(url, **more) as connection, pytest.raises(Unavailable) as caught:
        connection.find_studies(StudyQuery(patient_id="9-SECRET"))
    assert "SECRET" not in str(caught.value)
    assert caught.value.hint
    return str(caught.value)


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
