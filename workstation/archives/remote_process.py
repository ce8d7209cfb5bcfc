"""One archive process as the program sees it: greeted with its archive, then requests and events."""

from __future__ import annotations

from workstation.archives.gateway import wire
from workstation.child_process import ChildProcess, ProcessGone
from workstation.domain.archive import Archive
from workstation.errors import Unavailable

_PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from workstation.archives.gateway.__main__ import main
main()
"""
_START_SECONDS = 60.0


class GatewayProcess(ChildProcess[wire.Message]):
    def __init__(self, archive: Archive, secret: str, incoming_key: bytes) -> None:
        """Raises Unavailable when the process does not start."""
        try:
            super().__init__("archive", _PROGRAM, (), {}, wire.read_line, wire.write_line)
        except OSError as error:
            raise Unavailable("The archive process cannot be started", error.strerror or "") from error
        self._greet({"archive": wire.encode(archive), "secret": secret, "incoming_key": wire.encode(incoming_key)})

    def _greet(self, hello: wire.Message) -> None:
        try:
            self.send(hello)
            ready = self.receive(_START_SECONDS)
        except ProcessGone as error:
            self.end()
            raise Unavailable("The archive process cannot be started") from error
        if ready is None:
            self.end()
            raise Unavailable("The archive process does not start", f"Nothing for {_START_SECONDS:.0f} s")
