"""What an image is called: its place in reading order, and the number that another viewer knows it by.

Reading order follows the patient, not InstanceNumber (0020,0013): a series that was written from the
feet up is read from the head down. A colleague with another viewer finds an image by its InstanceNumber,
or by its frame; where that is another number than the place, both are said.
"""

from __future__ import annotations

from workstation.domain.study import Instance, Series


def numbered_otherwise(series: Series, instance: Instance | None, frame_number: int, place: int) -> tuple[tuple[str, int], ...]:
    """(what it counts, number) of the image at `place` (from 1); empty where others count as we do.

    The words are English source strings.
    """
    if instance is None:
        return ()
    number, found = instance.instance_number, []
    if instance.number_of_frames > 1:
        has_sisters = sum(one.has_pixels for one in series.instances) > 1
        if has_sisters and number is not None:
            found.append(("instance", number))
        if has_sisters or frame_number != place:
            found.append(("frame", frame_number))
    elif number is not None and number != place:
        found.append(("instance", number))
    return tuple(found)


def image_words(series: Series, instance: Instance | None, frame_number: int, place: int | None) -> str:
    """`image 12`, `image 12 (instance 131)`; without a known place `instance 131`; "" for no image."""
    if instance is None:
        return ""
    if place is None:
        number = "" if instance.instance_number is None else f"instance {instance.instance_number}"
        frame = f"frame {frame_number}" if instance.number_of_frames > 1 else ""
        return ", ".join(part for part in (number, frame) if part)
    others = ", ".join(f"{what} {number}" for what, number in numbered_otherwise(series, instance, frame_number, place))
    return f"image {place} ({others})" if others else f"image {place}"
