"""The core as the window knows it: with the image worker and the image library plugged in."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from rendering.library import ImageLibrary
    from rendering.worker import ImageWorker
    from workstation.core import Core

    Seat: TypeAlias = Core[ImageWorker, ImageLibrary]
