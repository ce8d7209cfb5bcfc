"""What states of every kind say of values: the modality transform and windows of their images. Worker process only."""

from __future__ import annotations

from rendering.header import ModalityTransform
from rendering.objects.presentation_facts import PresentedWindow
from rendering.objects.reading import Budget, referenced_images
from rendering.parse_elements import Elements
from rendering.parse_values import read_transform, read_voi_tables, read_windows


def read_modality(elements: Elements) -> ModalityTransform | None:
    has_any = "ModalityLUTSequence" in elements or "RescaleSlope" in elements
    return read_transform(elements, elements, "", (), True) if has_any else None


def read_window(item: Elements, budget: Budget) -> PresentedWindow:
    warnings: list[str] = []
    found = PresentedWindow(read_windows(item, warnings), read_voi_tables(item, True), referenced_images(item, budget))
    for warning in warnings:
        budget.say(warning)
    return found
