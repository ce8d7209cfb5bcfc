"""Works off the documents of signed versions and is killed once the object is in the queue, before that is written down.

python document_child.py FOLDER
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from document_seat import TARGET, VAULT, DocumentSeat

from rendering.worker import ImageWorker


def main() -> None:
    with ImageWorker(key_of=VAULT.key_of) as reader:
        seat = DocumentSeat(Path(sys.argv[1]), reader, TARGET, connection=object())
        seat.documents._store.documents.record = lambda _: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[method-assign]
        seat.documents.work_off()


if __name__ == "__main__":
    main()
