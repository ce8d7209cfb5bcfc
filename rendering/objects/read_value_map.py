"""Real World Value Mapping objects (PS3.3 A.46, C.7.6.16.2.11) to facts. Runs in the worker process only."""

from __future__ import annotations

from collections.abc import Iterator

from rendering.objects.facts import ValueMapping
from rendering.objects.reading import Budget, read_code, referenced_images
from rendering.objects.references import ImageReference
from rendering.parse_elements import Elements


def read_value_map(elements: Elements, budget: Budget) -> tuple[tuple[ValueMapping, ...], tuple[ImageReference, ...]]:
    """The mappings, and the images they are for."""
    found = tuple(_mappings(elements, budget))
    images = {one.sop_instance_uid: one for mapping in found for one in mapping.images}
    return found, tuple(images.values())


def _mappings(elements: Elements, budget: Budget) -> Iterator[ValueMapping]:
    for group in budget.items(elements, "ReferencedImageRealWorldValueMappingSequence"):
        images = referenced_images(group, budget)
        for item in budget.items(group, "RealWorldValueMappingSequence"):
            yield ValueMapping(
                images,
                read_code(item.item("MeasurementUnitsCodeSequence")),
                item.real("RealWorldValueSlope"),
                item.real("RealWorldValueIntercept") or 0.0,
                budget.text(item.text("LUTLabel")),
                budget.text(item.text("LUTExplanation")),
            )
