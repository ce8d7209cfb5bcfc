"""A sender as a process of its own, to be killed: its archive takes an object, tells a file of it, and then hangs.

Arguments: the folder of the queue, the file that the archive writes down what it got in, the object.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from scripted_archive import ScriptedConnection

from rendering.worker import ImageWorker
from workstation.archives.directory import ArchiveDirectory
from workstation.archives.secrets import Secrets
from workstation.archives.sending import Sender
from workstation.archives.sending_ledger import SendingLedger
from workstation.at_rest.vault import Vault
from workstation.domain.archive import SendResult


def main(folder: Path, got: Path, path: Path) -> None:
    connection = ScriptedConnection([])

    def hangs(uid: str) -> SendResult:
        got.write_text(uid, encoding="ascii")
        time.sleep(600)
        raise AssertionError

    connection.on_send = hangs
    directory = ArchiveDirectory(folder, Secrets(folder, Vault.plain(), None, {}), lambda *_: connection)
    sender = Sender(directory, SendingLedger(folder / "sending.db"), Vault.plain(), folder)
    reader = ImageWorker()
    sender.enqueue_paths("scripted", [path], reader)
    reader.close()
    print("queued", flush=True)
    sender.step()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
