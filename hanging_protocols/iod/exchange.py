"""Hanging protocols to DICOM objects and back. Implements workstation.ports.ProtocolExchange.

The object's bytes are read and written by the image room, which `main.py` plugs in: here is only what they say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from hanging_protocols import schema
from hanging_protocols.iod.dataset import Model
from hanging_protocols.iod.received import object_of, taken_over
from hanging_protocols.live import LibraryHanger
from hanging_protocols.model import Level
from hanging_protocols.write import write
from workstation.domain.hanging import ReceivedProtocol
from workstation.errors import Refused

COMMENT = "Taken over from a DICOM hanging protocol object."


class IodExchange:
    def __init__(
        self,
        hanger: LibraryHanger,
        read: Callable[[Path], Mapping[str, Any]],
        write_file: Callable[[Model, datetime], bytes],
        now: Callable[[], datetime] = lambda: datetime.now().astimezone(),
    ) -> None:
        self._hanger, self._read, self._write, self._now = hanger, read, write_file, now

    def titles(self) -> tuple[tuple[str, str], ...]:
        found = ((one.protocol_id, one.title) for one in self._hanger.protocols)
        return tuple(sorted(found, key=lambda pair: pair[1].casefold()))

    def export(self, protocol_id: str) -> bytes:
        protocol = next((one for one in self._hanger.protocols if one.protocol_id == protocol_id), None)
        if protocol is None:
            raise Refused("There is no such hanging protocol", f"None in force has the id {protocol_id}", "Name one of the list")
        made = self._now()
        return self._write(object_of(protocol, made), made)

    def look(self, path: Path) -> ReceivedProtocol:
        """A foreign object gets an id that no protocol has; one of ours, unchanged, keeps its own and replaces that one."""
        taken = taken_over(self._read(path))
        protocol = taken.protocol
        if not taken.is_ours:
            protocol = replace(protocol, protocol_id=self._hanger.unused_id(protocol.protocol_id))
        held = next((one for one in self._hanger.protocols if one.protocol_id == protocol.protocol_id), None)
        return ReceivedProtocol(
            protocol.protocol_id,
            protocol.title,
            protocol.description,
            protocol.creator,
            tuple(stage.title for stage in protocol.stages),
            taken.words,
            taken.is_ours,
            held.title if held is not None else "",
            write(replace(protocol, level=Level.USER)),
        )

    def take_over(self, received: ReceivedProtocol) -> str:
        protocol = schema.parse(received.toml, f"{received.protocol_id}.toml", Level.USER)
        return self._hanger.save(protocol, Level.USER, COMMENT).path.name
