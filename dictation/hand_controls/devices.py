"""Which devices are known, and what their reports say: `resources/hand_devices.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from workstation.domain.hand_button import HandButton

Usage = tuple[int, int]
"""Usage page and usage of a top-level collection (USB HID 1.11, 6.2.2.8)."""


@dataclass(frozen=True, slots=True)
class HandDevice:
    """One kind of device and the reports of its buttons, as they come without a report number."""

    name: str
    ids: frozenset[tuple[int, int]]
    """USB vendor and product."""
    usage: Usage
    least: int
    most: int
    """Bytes of a report."""
    at: int
    size: int
    bits: Mapping[HandButton, int]
    first: int | None = None
    light_on: bytes = b""
    light_off: bytes = b""

    def buttons(self, report: bytes) -> frozenset[HandButton] | None:
        """Which buttons are down; None where the report is about something else, or is none of this device."""
        if not self.least <= len(report) <= self.most:
            return None
        if self.first is not None and report[0] != self.first:
            return None
        down = int.from_bytes(report[self.at : self.at + self.size], "little")
        return frozenset(button for button, bit in self.bits.items() if down >> bit & 1)


@cache
def known_devices() -> tuple[HandDevice, ...]:
    text = files("resources").joinpath("hand_devices.toml").read_text(encoding="utf-8")
    return tuple(_device(table) for table in tomllib.loads(text)["device"])


def device_of(vendor: int, product: int, usages: frozenset[Usage]) -> HandDevice | None:
    """The kind of device whose buttons this part of it reports; None for another part, or an unknown device."""
    return next((d for d in known_devices() if (vendor, product) in d.ids and d.usage in usages), None)


def _device(table: Mapping[str, Any]) -> HandDevice:
    page, usage = table["usage"]
    return HandDevice(
        table["name"],
        frozenset(_id(text) for text in table["ids"]),
        (page, usage),
        table["least"],
        table["most"],
        table["at"],
        table["bytes"],
        {HandButton(name): bit for name, bit in table["bits"].items()},
        table.get("first"),
        bytes(table.get("light_on", ())),
        bytes(table.get("light_off", ())),
    )


def _id(text: str) -> tuple[int, int]:
    vendor, product = text.split(":")
    return int(vendor, 16), int(product, 16)
