"""One exchange over a real socket, with servers that misbehave."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from workstation.ris.no_answer import NoAnswer
from workstation.ris.wire import Wire, WireLimits

LIMITS = WireLimits(connect=2.0, silence=0.5, total=1.0, body=1000)
FHIR = b"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\n"


@pytest.fixture
def server():
    """Serves one connection with the given talk; returns its base URL."""
    opened: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def serve(talk) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        opened.append(listener)

        def run() -> None:
            try:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    talk(connection)
            except OSError:
                return

        threads.append(threading.Thread(target=run))
        threads[-1].start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/fhir"

    yield serve
    for listener in opened:
        listener.close()
    for thread in threads:
        thread.join()


def ask(url: str, limits: WireLimits = LIMITS):
    wire = Wire(url, limits)
    try:
        return wire.request("GET", "metadata")
    finally:
        wire.close()


def drip(connection: socket.socket, start: bytes, byte: bytes) -> None:
    connection.sendall(start)
    for _ in range(200):
        connection.sendall(byte)
        time.sleep(0.05)


def test_a_whole_answer_is_given_as_it_came(server):
    reply = ask(server(lambda c: c.sendall(FHIR + b'Content-Length: 7\r\nETag: W/"3"\r\n\r\n{"a":1}')))
    assert (reply.status, reply.headers["etag"], reply.json()) == (200, 'W/"3"', {"a": 1})


@pytest.mark.parametrize(
    ("talk", "reason"),
    [
        (lambda c: c.close(), "broke"),
        (lambda c: c.sendall(FHIR + b"Content-Length: 100\r\n\r\n{"), "broke"),
        (lambda c: c.sendall(b"SSH-2.0-OpenSSH\r\n"), "broke"),
        (lambda c: time.sleep(0.8), "too long"),
        (lambda c: drip(c, FHIR + b"Content-Length: 150\r\n\r\n", b" "), "too long"),
        (lambda c: drip(c, b"HTTP/1.1 200 OK\r\nX: ", b"y"), "too long"),
        (lambda c: c.sendall(FHIR + b"\r\n" + b"x" * 5000), "does not end"),
        (lambda c: c.sendall(FHIR + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nxx"), "compressed"),
    ],
    ids=["closed", "cut short", "not HTTP", "silent", "body drips", "head drips", "endless", "gzip"],
)
def test_what_is_no_whole_answer_is_none(server, talk, reason):
    with pytest.raises(NoAnswer, match=reason):
        ask(server(talk))


def test_nobody_listening_is_no_answer():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(NoAnswer, match="cannot be reached"):
        ask(f"http://127.0.0.1:{port}/fhir")


def test_a_redirect_is_not_followed(server):
    other_host = b"HTTP/1.1 307 Go\r\nLocation: http://evil.test/fhir\r\nContent-Length: 0\r\n\r\n"
    assert ask(server(lambda c: c.sendall(other_host))).status == 307


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"text/html", b"<html>"),
        (b"application/fhir+json", b"<html>"),
        (b"application/fhir+json", b"[1]"),
        (b"application/json", b"[" * 900),
        (b"application/fhir+json", b""),
    ],
)
def test_what_is_no_json_object_is_no_answer(server, head, body):
    message = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s" % (head, len(body), body)
    reply = ask(server(lambda c: c.sendall(message)))
    with pytest.raises(NoAnswer, match="FHIR"):
        reply.json()


def test_a_request_under_way_can_be_cut(server):
    started, done = threading.Event(), threading.Event()
    reasons: list[str] = []

    def hang(connection: socket.socket) -> None:
        started.set()
        done.wait(20)

    wire = Wire(server(hang), WireLimits(silence=30.0, total=30.0))

    def work() -> None:
        try:
            wire.request("GET", "metadata")
        except NoAnswer as error:
            reasons.append(str(error))

    thread = threading.Thread(target=work)
    thread.start()
    assert started.wait(10)
    wire.abort()
    thread.join(10)
    done.set()
    wire.close()
    assert reasons
