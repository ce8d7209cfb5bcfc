"""The 128 bytes before `DICM` (PS3.10 7.1): anything may stand there, a program too (CVE-2019-11687)."""

from __future__ import annotations

LENGTH = 128
PREFIX = b"DICM"
ZEROS = bytes(LENGTH)

# What a file is taken for by systems that look at its first bytes.
SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a Linux program"),
    (b"\xfe\xed\xfa\xce", "a macOS program"),
    (b"\xfe\xed\xfa\xcf", "a macOS program"),
    (b"\xce\xfa\xed\xfe", "a macOS program"),
    (b"\xcf\xfa\xed\xfe", "a macOS program"),
    (b"\xca\xfe\xba\xbe", "a macOS program or Java class"),
    (b"#!", "a script"),
    (b"PK\x03\x04", "a zip archive"),
    (b"%PDF", "a PDF document"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"II+\x00", "a TIFF image"),
    (b"MM\x00+", "a TIFF image"),
)
UNKNOWN = "unknown bytes"


def could_be_dicom(head: bytes) -> bool:
    """Whether a file with these first 132 bytes may be one: a preamble, or a first element of group 0002 or 0008."""
    return head[LENGTH : LENGTH + 4] == PREFIX or head[:2] in (b"\x02\0", b"\x08\0", b"\0\x08")


def kind(head: bytes) -> str:
    """What the preamble of a file with these first 132 bytes holds; empty for zeros or no preamble."""
    if head[LENGTH : LENGTH + 4] != PREFIX or head[:LENGTH] == ZEROS:
        return ""
    return next((name for signature, name in SIGNATURES if head.startswith(signature)), UNKNOWN)
