"""A presentation state without a file, for the series 1.1.1 of `window_seat`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from workstation.domain.annotation import Source
from workstation.domain.presenting import Followed, Shutter
from workstation.domain.viewing import Window
from workstation.ports import ObjectFound

MADE = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
SHUTTER = Shutter((1, 5, 1, 5))
DR_OTHER = Source("received", "Dr Other", made=MADE)


@dataclass(frozen=True)
class Given:
    """A state for some images of series 1.1.1: half a turn, twice as large, a window for each image."""

    uid: str = "2.25.600"
    positions: tuple[int, ...] = (2, 3)
    study_uid: str = "1.1"
    name: str = "Look at this"
    refused: str = ""
    source: Source = DR_OTHER
    over: tuple[str, str] | None = None
    is_plane: bool = False

    @property
    def places(self):
        return tuple((f"1.1.1.{position}", 1) for position in self.positions)

    def is_for(self, sop_instance_uid, frame_number):
        return (sop_instance_uid, frame_number) in self.places

    def shown(self, viewer, state, width, height, screen_mm):
        window = Window(10.0 * state.position, 100.0)
        made = replace(state, rotation=180, zoom=2.0, window=window, followed=Followed(self.uid, SHUTTER))
        return made, ("Something is not followed",)


def three_states() -> tuple[ObjectFound, ...]:
    """One for images 3 and 4, a later one for image 8, and one that cannot be followed."""
    late = Given("2.25.601", (7,), name="Later", source=replace(DR_OTHER, made=MADE.replace(day=21)))
    blend = Given("2.25.602", (2,), name="Blend", refused="It blends two series into one picture")
    return tuple(ObjectFound(one.name, presentation=one, uid=one.uid) for one in (Given(), late, blend))
