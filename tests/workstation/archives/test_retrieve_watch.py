"""Late images are looked for at once when a study is opened, and again and again for those that matter."""

from __future__ import annotations

import queue
from collections.abc import Callable

from workstation.archives.retrieve_watch import LateImages
from workstation.errors import Unavailable


class Checked:
    def __init__(self) -> None:
        self.asked: queue.Queue[str] = queue.Queue()

    def check_again(self, study_instance_uid: str, cancelled: Callable[[], bool]) -> None:
        self.asked.put(study_instance_uid)
        raise Unavailable("The archive does not answer")


def test_an_opened_study_is_looked_at_first_and_a_silent_archive_ends_nothing() -> None:
    checked = Checked()
    late = LateImages(checked, lambda: [], every=600)
    late.start()
    late.look("1.2")
    assert checked.asked.get(timeout=30) == "1.2"
    late.look("1.3")
    assert checked.asked.get(timeout=30) == "1.3"
    late.stop()


def test_listed_studies_are_looked_at_again_and_again() -> None:
    checked = Checked()
    late = LateImages(checked, lambda: ["1.2", "1.3"], every=0.01)
    late.start()
    assert [checked.asked.get(timeout=30) for _ in range(4)] == ["1.2", "1.3", "1.2", "1.3"]
    late.stop()
