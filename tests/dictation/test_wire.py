"""What goes over the engine's pipes, and that the other side cannot make us swallow anything."""

from __future__ import annotations

import io
import struct

import pytest

from dictation.engines import wire


def test_messages_and_sound_arrive_as_sent() -> None:
    pipe = io.BytesIO()
    wire.write(pipe, {"do": "audio", "segment": "å"}, b"\x00\x01\xff")
    wire.write(pipe, {"do": "finish"})
    pipe.seek(0)
    assert wire.read(pipe) == ({"do": "audio", "segment": "å"}, b"\x00\x01\xff")
    assert wire.read(pipe) == ({"do": "finish"}, b"")
    assert wire.read(pipe) is None


def test_a_message_cut_short_is_the_end() -> None:
    pipe = io.BytesIO()
    wire.write(pipe, {"do": "audio"}, bytes(100))
    assert wire.read(io.BytesIO(pipe.getvalue()[:-1])) is None


@pytest.mark.parametrize(
    "data",
    [
        struct.pack(">II", 0xFFFFFFFF, 0),
        struct.pack(">II", 2, 0xFFFFFFFF) + b"{}",
        struct.pack(">II", 3, 0) + b"{]}",
        struct.pack(">II", 2, 0) + b"[]",
    ],
)
def test_what_is_not_ours_is_not_taken(data: bytes) -> None:
    with pytest.raises(wire.BrokenWire):
        wire.read(io.BytesIO(data))
