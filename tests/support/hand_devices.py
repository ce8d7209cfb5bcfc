"""Invented hand microphones and pedals: a tree as `/sys/class/hidraw` is, and a socket for each `/dev/hidraw*`.

The sockets keep reports apart and end when the device is pulled out, as hidraw does.
"""

from __future__ import annotations

import os
import select
import shutil
import socket
from pathlib import Path

SPEECHMIKE, POWERMIC_3, POWERMIC_4, FOOT, INFINITY = "0911:0c1c", "0554:1001", "0554:0064", "0911:091a", "05f3:00ff"
VENDOR = bytes.fromhex("06a0ff0901a1010901150026ff0075089509810209029109c0")
GAME_PAD = bytes.fromhex("05010904a1010509190129101500250175019510810 2c0".replace(" ", ""))
MOUSE = bytes.fromhex("05010902a1010901a100050919012903150025017501950381020501093009318106c0c0")
UNNAMED = bytes.fromhex("05010900a10115002501750195188102c0")
PROGRAMMABLE = bytes.fromhex("050c0903a10105091901290315002501750195108102c0")
DESCRIPTORS = {SPEECHMIKE: VENDOR, POWERMIC_3: UNNAMED, POWERMIC_4: VENDOR, FOOT: GAME_PAD, INFINITY: PROGRAMMABLE}
RECORD, PLAY, FORWARD, REWIND, EOL, INSTRUCT = (1 << bit for bit in (8, 10, 11, 12, 13, 15))
F1 = 1 << 1


def speechmike(*buttons: int) -> bytes:
    """The report of a SpeechMike with these down."""
    return bytes([0x80, 0, 0, 0, 0, 0, 0]) + sum(buttons).to_bytes(2, "little")


class FakeHand:
    """One device; `say` is what its firmware would send."""

    def __init__(self, machine: FakeMachine, name: str) -> None:
        self._machine, self.name = machine, name
        self._firmware, self.file = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.path = machine.nodes / name

    def say(self, report: bytes) -> None:
        self._firmware.send(report)

    def told(self, seconds: float = 60.0) -> bytes:
        """What was written to it; waits for it."""
        self._firmware.settimeout(seconds or None)
        return self._firmware.recv(64)

    @property
    def is_left_alone(self) -> bool:
        """Nothing more was written to it."""
        return not select.select([self._firmware], [], [], 0)[0]

    def pull_out(self) -> None:
        """As the kernel does: the open file ends, and the device is gone from the lists."""
        shutil.rmtree(self._machine.system / self.name)
        self._machine.hands.remove(self)
        self._firmware.close()
        self.file.close()


class FakeMachine:
    def __init__(self, folder: Path) -> None:
        self.system, self.nodes = folder / "sys", folder / "dev"
        self.system.mkdir(parents=True)
        self.nodes.mkdir()
        self.hands: list[FakeHand] = []

    def plug_in(self, ids: str = SPEECHMIKE, descriptor: bytes | None = None, number: int = 0) -> FakeHand:
        vendor, product = (part.upper().rjust(8, "0") for part in ids.split(":"))
        hand = FakeHand(self, f"hidraw{number}")
        described = self.system / hand.name / "device"
        described.mkdir(parents=True)
        (described / "report_descriptor").write_bytes(DESCRIPTORS[ids] if descriptor is None else descriptor)
        (described / "uevent").write_text(f"DRIVER=hid-generic\nHID_ID=0003:{vendor}:{product}\nHID_NAME=Invented\n")
        self.hands.append(hand)
        return hand

    def open(self, path: Path) -> int:
        """In place of `reader.opened`. Raises OSError as that does."""
        for hand in self.hands:
            if hand.path == path:
                return os.dup(hand.file.fileno())
        raise FileNotFoundError(path)

    def close(self) -> None:
        for hand in list(self.hands):
            hand.pull_out()
