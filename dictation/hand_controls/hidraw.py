"""Hand microphones and pedals as Linux shows them: `/sys/class/hidraw` says which there are, `/dev/hidraw*` gives reports.

Nothing is asked of a device: its reports are read. Only its light is written, where that is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dictation.hand_controls.descriptor import read_descriptor
from dictation.hand_controls.devices import HandDevice, device_of, known_devices
from workstation.errors import Unavailable

SYSTEM = Path("/sys/class/hidraw")
NODES = Path("/dev")
RULE_FILE = "/etc/udev/rules.d/70-lyskasse-hand.rules"
"""Below 73: what gives devices to who sits at the screen is there."""
_ID = re.compile(r"^HID_ID=[0-9A-F]+:([0-9A-F]{8}):([0-9A-F]{8})$", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Node:
    """One part of a device that reports buttons."""

    path: Path
    device: HandDevice
    numbered: bool
    """Its reports begin with a report number."""

    def report(self, read: bytes) -> bytes:
        """What was read, without the report number."""
        return read[1:] if self.numbered else read

    def light(self, on: bool) -> bytes:
        """What is written to it, the report number first; empty where its light is not known."""
        said = self.device.light_on if on else self.device.light_off
        return b"\0" + said if said and not self.numbered else b""


def nodes(system: Path = SYSTEM, folder: Path = NODES) -> Iterator[Node]:
    """Those that are plugged in, in the system's order."""
    try:
        entries = sorted(system.iterdir())
    except OSError:
        return
    for entry in entries:
        try:
            found = _ID.search((entry / "device" / "uevent").read_text(encoding="utf-8", errors="replace"))
            described = read_descriptor((entry / "device" / "report_descriptor").read_bytes())
        except OSError:  # pulled out meanwhile
            continue
        device = device_of(int(found[1], 16), int(found[2], 16), described.usages) if found else None
        if device is not None:
            yield Node(folder / entry.name, device, described.numbered)


def missing(system: Path = SYSTEM) -> Unavailable | None:
    """Why no hand microphone can be read on this computer, or None."""
    if system.is_dir():
        return None
    return Unavailable(
        "Hand microphones are not read here",
        "Their buttons are read on Linux only",
        "Set the device to keyboard mode, and give its keys in Keys and profiles (Ctrl+F1)",
    )


def refused(device: HandDevice) -> Unavailable:
    """It is there, and this user may not read it."""
    return Unavailable(
        f"{device.name}: its buttons may not be read",
        "The system lets only an administrator read this device",
        f"Let it: python main.py hand-microphones --rule | sudo tee {RULE_FILE}, then plug it in again",
    )


def udev_rule() -> str:
    """Gives the known devices, and no others, to whoever sits at the screen."""
    ids = sorted({i for device in known_devices() for i in device.ids})
    lines = [
        f'KERNEL=="hidraw*", SUBSYSTEM=="hidraw", ATTRS{{idVendor}}=="{vendor:04x}", ATTRS{{idProduct}}=="{product:04x}",'
        ' TAG+="uaccess"'
        for vendor, product in ids
    ]
    return "\n".join(["# Hand microphones and foot pedals for Lyskasse", *lines, ""])
