"""What a HID report descriptor says of a device's parts (USB HID 1.11, 6.2.2).

Only two things are asked of it: which top-level collections there are, and whether reports have a number in front.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from dictation.hand_controls.devices import Usage

LONG_ITEM = 0xFE
WITH_PAGE = 4
"""Bytes of a usage that has its page in front."""


class Item(IntEnum):
    """Tag and type of an item's first byte; its two lowest bits are the length."""

    USAGE_PAGE = 0x04
    USAGE = 0x08
    REPORT_ID = 0x84
    COLLECTION = 0xA0
    END = 0xC0


@dataclass(frozen=True, slots=True)
class Descriptor:
    usages: frozenset[Usage]
    numbered: bool
    """Every report begins with a report number."""


def read_descriptor(data: bytes) -> Descriptor:
    """A descriptor that breaks off is read as far as it goes."""
    usages: set[Usage] = set()
    page, depth, numbered, at = 0, 0, False, 0
    usage: Usage | None = None
    while at < len(data):
        if data[at] == LONG_ITEM:
            at += 3 + (data[at + 1] if at + 1 < len(data) else 0)
            continue
        item, size = data[at] & 0xFC, (0, 1, 2, 4)[data[at] & 3]
        value = int.from_bytes(data[at + 1 : at + 1 + size], "little")
        at += 1 + size
        if item == Item.USAGE_PAGE:
            page = value
        elif item == Item.REPORT_ID:
            numbered = True
        elif item == Item.USAGE and not depth:
            usage = (value >> 16, value & 0xFFFF) if size == WITH_PAGE else (page, value)
        elif item == Item.COLLECTION:
            if not depth:
                usages.add(usage or (page, 0))
            depth, usage = depth + 1, None
        elif item == Item.END:
            depth = max(depth - 1, 0)
    return Descriptor(frozenset(usages), numbered)
