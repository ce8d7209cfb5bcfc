"""Writes the three locks: pip's format, every file hashed, no index addresses.

`requirements.lock` is what `make run` installs, `requirements-test.lock` adds the tests'
tools, `requirements-headless.lock` is the same without Qt. Needs `uv` beside this Python.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

QT = ("pyside6-essentials", "pyside6-addons", "shiboken6", "pytest-qt")
LOCKS: dict[str, list[str]] = {
    "requirements.lock": ["--extra", "english", "--extra", "demo"],
    "requirements-test.lock": ["--all-extras"],
    "requirements-headless.lock": ["--all-extras", *(word for package in QT for word in ("--no-emit-package", package))],
}
COMMON = ["--quiet", "--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url", "--no-header"]


def main() -> None:
    """Compile each lock beside pyproject.toml."""
    uv = Path(sys.executable).with_name("uv")
    for name, extras in LOCKS.items():
        subprocess.run([str(uv), "pip", "compile", *COMMON, *extras, "pyproject.toml", "-o", name], check=True)


if __name__ == "__main__":
    main()
