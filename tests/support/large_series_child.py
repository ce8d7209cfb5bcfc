"""Opens a stored series in a process whose memory is capped below the series' size, and says what that took.

Arguments: folder of the store, pickled study, "plain" or "sealed", most bytes of one series, room in bytes
above what the program takes by itself.
"""

from __future__ import annotations

import json
import pickle
import resource
import sys
import threading
from pathlib import Path
from typing import Any

from rendering.decoded import DecodedStore
from rendering.images import SeriesImages
from rendering.viewport import Viewport
from workstation.at_rest.vault import Vault


class NoWorker:
    """Nothing may be decoded."""

    def decode(self, *_: Any, **__: Any) -> None:
        raise AssertionError("a stored series needs no decoder")


def status(name: str) -> int:
    """A line of /proc/self/status, in bytes."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(f"{name}:"))


def main(folder: str, study_file: str, kind: str, most: str, room: str) -> None:
    study = pickle.loads(Path(study_file).read_bytes())
    store = DecodedStore(Path(folder), Vault.plain() if kind == "plain" else Vault.with_key(bytes(32)))
    threading.stack_size(1 << 20)  # as much as a thread may need: 8 MB each is reserved otherwise, on as many cores as there are
    before = status("RssAnon")
    limit = status("VmSize") + int(room)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    images = SeriesImages(study, study.series[0], NoWorker(), store, int(most))  # type: ignore[arg-type]
    viewport = Viewport(images)
    peak, right = 0, 0
    last = images.frame_count - 1
    for position in [0, *range(0, last, 3), last, *range(last, -1, -3)]:
        picture = viewport.picture(viewport.at_index(viewport.default_state(), position), 128, 128)
        right += picture.error is None and not picture.partial
        right -= int(images.container(position)[0, 0]) != position
        if images.needs_load:
            images.load()
        peak = max(peak, status("RssAnon") - before)
    store.close()
    print(json.dumps({"peak": peak, "right": right, "bytes": images.layout.bytes, "fetched": images.fetched_bytes}))


if __name__ == "__main__":
    main(*sys.argv[1:])
