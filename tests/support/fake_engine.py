"""Stands in for `dictation.engines.process.EngineProcess`: no process, the test speaks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from dictation.models import EngineModel


class FakeProcess:
    """Records what it is told. `started` are all since a test emptied it."""

    started: ClassVar[list[FakeProcess]] = []

    def __init__(self, model: EngineModel, _language: str, on_message: Callable[[Any, Any], None]) -> None:
        self.model = model
        self.pid = 1000 + len(self.started)
        self.told: list[tuple[dict[str, Any], bytes]] = []
        self.killed = self.closed = False
        self._on_message = on_message
        self.started.append(self)

    def send(self, message: dict[str, Any], payload: bytes = b"") -> None:
        self.told.append((message, payload))

    def kill(self) -> None:
        self.killed = True

    def close(self) -> None:
        self.closed = True

    def say(self, **message: Any) -> None:
        self._on_message(self, {"is" if key == "what" else key: value for key, value in message.items()})

    def sound_of(self, segment: str) -> bytes:
        return b"".join(pcm for message, pcm in self.told if message == {"do": "audio", "segment": segment})
