"""Whether what a parser says of a file can be kept under its own UIDs."""

from __future__ import annotations

import re

from workstation.domain.study import ParsedInstance

# PS3.5 9.1: digits and dots, 64 characters at most. A component with a leading zero is against
# the standard too, but real devices make them, and here a UID is only a text to compare.
UID = re.compile(r"[0-9]+(\.[0-9]+)+")
MOST_UID_CHARACTERS = 64
# What SQLite can hold.
LARGEST_INTEGER = (1 << 63) - 1


def lack_of(parsed: ParsedInstance) -> str:
    """What the file would have to say to be kept; empty when it says all. It can be shown without."""
    return f"{parsed.missing[0]} is missing" if parsed.missing else ""


def flaw_of(parsed: ParsedInstance) -> str:
    """Why this instance cannot be kept; empty when it can."""
    study, series, instance = parsed.study, parsed.series, parsed.instance
    named = {
        "Study Instance UID": study.study_instance_uid,
        "Series Instance UID": series.series_instance_uid,
        "SOP Instance UID": instance.sop_instance_uid,
    }
    for name, uid in named.items():
        if not uid:
            return f"Has no {name}"
        if len(uid) > MOST_UID_CHARACTERS or not UID.fullmatch(uid):
            return f"Its {name} is not a valid UID"
    numbers = (series.series_number, instance.instance_number, instance.number_of_frames, instance.rows, instance.columns)
    if any(number is not None and abs(number) > LARGEST_INTEGER for number in numbers):
        return "A number in it is out of range"
    return ""
