"""The connection test of a DIMSE archive: step by step, in words, up to the first that fails."""

from __future__ import annotations

import socket

from workstation.archives.gateway import dimse_worklist
from workstation.archives.gateway.dimse_association import NATIVE, associated, check, patience, reach, unreachable
from workstation.archives.gateway.dimse_find import STUDY_ROOT_FIND
from workstation.archives.gateway.dimse_retrieve import STUDY_ROOT_GET, STUDY_ROOT_MOVE
from workstation.archives.gateway.dimse_send import COMMITMENT
from workstation.domain.archive import Archive, RetrieveMethod, TestStep
from workstation.errors import WorkstationError

_VERIFICATION = "1.2.840.10008.1.1"
_CT = "1.2.840.10008.5.1.4.1.1.2"


def steps(archive: Archive) -> tuple[TestStep, ...]:
    """Name, port, TLS, association, echo, services. Never raises for what the archive does."""
    done: list[TestStep] = []
    for name, step in (
        ("Set-up", _set_up),
        ("Name", _name),
        ("Port", _port),
        *((("TLS", _tls),) if archive.tls is not None else ()),
        ("Association and echo", _echo),
    ):
        try:
            done.append(TestStep(name, True, step(archive)))
        except WorkstationError as reason:
            return (*done, TestStep(name, False, str(reason)))
    return (*done, *_services(archive), *(dimse_worklist.check(archive) if archive.worklist else ()))


def _set_up(archive: Archive) -> str:
    check(archive)
    return f"{archive.calling_ae} calls {archive.called_ae}"


def _name(archive: Archive) -> str:
    try:
        found = socket.getaddrinfo(archive.host, archive.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise unreachable(archive, error) from error
    return f"{archive.host} is " + ", ".join(dict.fromkeys(str(entry[4][0]) for entry in found))


def _port(archive: Archive) -> str:
    try:
        socket.create_connection((archive.host, archive.port), timeout=patience(archive)).close()
    except OSError as error:
        raise unreachable(archive, error) from error
    return f"Something listens at port {archive.port}"


def _tls(archive: Archive) -> str:
    with reach(archive) as connection:
        version = getattr(connection, "version", str)()
    return f"{version}, and the archive's certificate is trusted"


def _echo(archive: Archive) -> str:
    with associated(archive, [(_VERIFICATION, NATIVE)]) as association:
        status = association.send_c_echo()
    code = getattr(status, "Status", None)
    return (
        "It answers (C-ECHO)"
        if code == 0
        else f"It took the association; C-ECHO: {'no answer' if code is None else f'{code:04X}'}"
    )


def _services(archive: Archive) -> tuple[TestStep, ...]:
    by_move = archive.retrieve is RetrieveMethod.C_MOVE
    asked = {
        "Search (C-FIND)": (STUDY_ROOT_FIND, True),
        "Fetch (C-GET)": (STUDY_ROOT_GET, not by_move),
        "Fetch (C-MOVE)": (STUDY_ROOT_MOVE, by_move),
        "Send (C-STORE)": (_CT, archive.can_store),
        "Storage commitment": (COMMITMENT, False),
    }
    try:
        with associated(archive, [(uid, NATIVE) for uid, _ in asked.values()]) as association:
            accepted = {str(context.abstract_syntax) for context in association.accepted_contexts}
    except WorkstationError as reason:
        return (TestStep("Services", False, str(reason)),)
    return tuple(
        TestStep(
            name,
            uid in accepted or not is_needed,
            "Offered" if uid in accepted else "Not offered to us" + ("" if is_needed else ", and not needed"),
        )
        for name, (uid, is_needed) in asked.items()
    )
