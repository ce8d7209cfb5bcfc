"""What happens after an unexpected error: a file with the stack, a word to the reader, nothing about the patient.

The report needs no saving here: typed and dictated text is on disk before it is shown as
accepted. The file holds the kinds of the errors and the lines of our code they went
through; no values, no local variables and not the errors' own texts, which may come from outside.
"""

from __future__ import annotations

import logging
import platform
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from ui.plain import core_text

logger = logging.getLogger(__name__)

ErrorHook = Callable[[type[BaseException], BaseException, TracebackType | None], None]


def stack_text(error: BaseException) -> str:
    """The chain of errors as kinds and places, oldest cause first."""
    parts = []
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        frames = traceback.extract_tb(cause.__traceback__, limit=None)
        lines = [f"  {Path(f.filename).parent.name}/{Path(f.filename).name}:{f.lineno} in {f.name}" for f in frames]
        parts.append("\n".join([*lines, f"{type(cause).__module__}.{type(cause).__qualname__}"]))
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return "\n\n".join(reversed(parts))


def write_crash_file(folder: Path, error: BaseException) -> Path | None:
    """Write the stack into `folder`; None when even that cannot be done."""
    moment = datetime.now(UTC)
    system = f"{platform.platform()}, Python {platform.python_version()}"
    text = "\n\n".join((moment.isoformat(timespec="seconds"), system, stack_text(error))) + "\n"
    path = folder / f"crash-{moment:%Y%m%dT%H%M%S%f}.txt"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError:
        return None
    return path


def notice_words(kind: str, file: Path | None) -> str:
    """What the reader is told. The report is safe: it is on disk as it is typed and spoken."""
    text = core_text("Something unexpected went wrong ({0}). The report is saved; start again if the window behaves oddly.")
    if file is None:
        return text.format(kind)
    place = core_text("The stack is in {0} in the folder “crashes”; it holds nothing about the patient.")
    return f"{text.format(kind)} {place.format(file.name)}"


def install(folder: Path, tell: Callable[[str, Path | None], None]) -> ErrorHook:
    """Send errors that nobody took to a crash file and to `tell(kind, file)`. Returns the hook.

    The program goes on: the reader still has the images and the report, and decides
    when to start again.
    """
    known: set[str] = set()

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        stack = stack_text(error)
        if stack in known:  # an error in a paint event comes again with each paint
            return
        known.add(stack)
        logger.error("unexpected error: %s", kind.__name__)
        tell(kind.__name__, write_crash_file(folder, error))

    sys.excepthook = hook
    return hook
