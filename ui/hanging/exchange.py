"""Protocols in and out of the program: TOML files, and DICOM objects where that room is plugged in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hanging_protocols import library_files, schema
from hanging_protocols.model import HangingProtocol, Level
from hanging_protocols.write import write
from workstation.errors import Refused

TOML_SUFFIX, DICOM_SUFFIX = ".toml", ".dcm"
Notes = tuple[str, ...]

import_dicom: Callable[[Path], tuple[HangingProtocol, Notes]] | None = None
"""Reads a DICOM Hanging Protocol; the notes say what of it could not be taken over."""
export_dicom: Callable[[HangingProtocol, Path], Notes] | None = None
"""Writes one; the notes say what of the protocol DICOM cannot say."""


def read_in(path: Path) -> tuple[HangingProtocol, Notes]:
    """Raises Refused in words."""
    if path.suffix.lower() != TOML_SUFFIX:
        if import_dicom is None:
            raise Refused(f"{path.name} is not taken in", "only TOML files are read here", "Choose a file that ends in .toml")
        return import_dicom(path)
    try:
        content = path.read_bytes()
        text = content[: schema.MAX_FILE_BYTES + 1].decode("utf-8")
    except OSError as error:
        raise Refused(f"{path.name} is not taken in", f"it cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Refused(f"{path.name} is not taken in", "it is not UTF-8 text") from None
    return schema.parse(text, path.name, Level.USER), ()


def write_out(protocol: HangingProtocol, path: Path) -> Notes:
    """Raises Refused or Unavailable in words."""
    if path.suffix.lower() != TOML_SUFFIX:
        if export_dicom is None:
            raise Refused(f"{path.name} is not written", "only TOML files are written here", "Choose a name that ends in .toml")
        return export_dicom(protocol, path)
    library_files.put(path, write(protocol).encode())
    return ()


def filters() -> str:
    """For a file dialog."""
    toml = "Hanging protocols (*.toml)"
    return f"{toml};;DICOM (*.dcm)" if import_dicom is not None else toml
