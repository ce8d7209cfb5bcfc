"""Protocols in and out of the program as TOML files; as DICOM objects they go through `ui.protocol_exchange`."""

from __future__ import annotations

from pathlib import Path

from hanging_protocols import library_files, schema
from hanging_protocols.model import HangingProtocol, Level
from hanging_protocols.write import write
from workstation.errors import Refused

SUFFIX = ".toml"
KINDS = "Hanging protocols (*.toml)"


def read_in(path: Path) -> HangingProtocol:
    """Raises Refused in words, by line and key."""
    try:
        with path.open("rb") as stream:
            content = stream.read(schema.MAX_FILE_BYTES + 1)
        text = content.decode("utf-8")
    except OSError as error:
        raise Refused(f"{path.name} is not taken in", f"it cannot be read: {error.strerror}", "Choose another file") from None
    except UnicodeDecodeError:
        raise Refused(f"{path.name} is not taken in", "it is not UTF-8 text", "Choose another file") from None
    return schema.parse(text, path.name, Level.USER)


def write_out(protocol: HangingProtocol, path: Path) -> None:
    """Raises Unavailable in words."""
    library_files.put(path, write(protocol).encode())
