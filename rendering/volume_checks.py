"""The checks between a series and a VOLUME, in the order of reliability.md 2.4, each with its reason.

A `Reason` is one English sentence for the reader. It is also a lasting doubt on the image when
the series looks like slices but something in it is wrong or missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from rendering.dimension_rules import Placed
from rendering.header import ImageHeader
from rendering.volume_grid import Grid
from rendering.volume_order import has_shared_places, phases_of, places, split_by_direction
from workstation.domain.study import Series

# Uniform spacing cannot be seen from fewer: two gaps are needed to compare.
FEWEST_SLICES = 3

# Gaps may differ from their median by this share (reliability.md 2.4).
GAP_TOLERANCE = 0.01

# Positions are decimal strings: one written to a thousandth of a millimetre can move a gap by
# this much, which is above 1 % only for slices thinner than a tenth of a millimetre.
GAP_ROUNDING_MM = 0.001

# A gap this near to a whole number of steps is that many steps with slices missing between.
MISSING_TOLERANCE = 0.05

# "Missing slices" is said when at least this share of the gaps is the plain step; else "uneven".
PLAIN_SHARE = 0.5

# No slice may lie further than this share of a step or pixel from the grid. Half a voxel is
# promised for every cut; a quarter leaves the other quarter to the other tolerances.
GRID_TOLERANCE = 0.25

# Relative difference of PixelSpacing within a volume: over 512 columns 1e-3 is half a voxel.
SPACING_TOLERANCE = 1e-3

# Gantries tilt by up to 30 degrees; further than this it is a walk and not a stack.
TILT_LIMIT_DEGREES = 45.0

# Gaps named one by one in a reason; the rest is counted.
NAMED_GAPS = 3

# Modalities whose images are projections through the body (or photographs of it).
PROJECTIONS = frozenset({"CR", "DX", "MG", "XA", "RF", "IO", "PX", "RG", "XC", "ES", "GM", "SM", "OP"})

BREAST_TOMOSYNTHESIS = "1.2.840.10008.5.1.4.1.1.13.1.3"
SEGMENTATIONS = frozenset({"1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"})

# Facts that make another image at another place too: a volume must have one of each.
ONE_OF_EACH: tuple[tuple[str, Callable[[Placed], Hashable]], ...] = (
    ("echo times", lambda f: f.facts.echo_time),
    ("b-values", lambda f: f.facts.b_value),
    ("stacks", lambda f: f.facts.stack_id),
    ("segments", lambda f: f.facts.segment_number),
)


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence, with a full stop. `code` names the kind for tests and programs."""

    code: str
    text: str
    is_doubt: bool = False
    forbids_measuring: bool = False


def identity_refusal(series: Series, headers: Sequence[ImageHeader]) -> Reason | None:
    """Why nothing of the series may be shown: its objects are not of one patient, study and series."""
    claims: tuple[tuple[str, set[Hashable]], ...] = (
        ("patient", {(h.patient_id, h.patient_issuer) for h in headers}),
        ("study", {h.study_uid for h in headers}),
        ("series", {h.series_uid for h in headers} | {series.series_instance_uid}),
    )
    for name, values in claims:
        if len(values) > 1:
            plural = "series" if name == "series" else f"{name[:-1]}ies" if name == "study" else f"{name}s"
            return Reason("mixed-identity", f"Images of {len(values)} {plural} lie in this series.", True, True)
    return None


def beside_reasons(headers: Sequence[ImageHeader], frames: Sequence[Placed]) -> list[Reason]:
    """What stands on the images without deciding the verdict: what of the series is not here.

    ImagesInAcquisition (0020,1002) is no more than a hint: it counts an acquisition, which may
    be several series, so that it must not take a sound volume away.
    """
    reasons = []
    if count := sum(1 for h in headers if not h.has_pixels):
        reasons.append(Reason("objects-not-shown", f"{_objects(count)} of this series cannot be shown.", True))
    expected = max(f.header.expected_images or 0 for f in frames)
    original = all("ORIGINAL" in f.header.image_type and f.header.frames == 1 for f in frames)
    if expected > len(frames) and original and len({f.facts.acquisition_number for f in frames}) == 1:
        reasons.append(Reason("incomplete", f"{len(frames)} of the {expected} images of this acquisition are here.", True))
    return reasons


def localizers(frames: Sequence[Placed]) -> dict[int, Placed]:
    """The localizer's images by `id`, when the file says so of some and enough others are left for a volume."""
    found = {id(f): f for f in frames if "LOCALIZER" in f.image_type}
    return found if found and len(frames) - len(found) >= FEWEST_SLICES else {}


def aside_reasons(left: Sequence[Placed]) -> list[Reason]:
    """What of the series is set aside, to be seen on its images."""
    if not left:
        return []
    verb = "is" if len(left) == 1 else "are"
    return [Reason("set-aside", f"{_images(len(left))} of a localizer {verb} set aside: not part of the volume.", True)]


def slice_reasons(frames: Sequence[Placed]) -> list[Reason]:
    """Why these are not slices of a body at all, or too few of them: ordinary, no doubt."""
    header = frames[0].header
    without_place = sum(1 for f in frames if f.plane is None)
    if header.sop_class_uid == BREAST_TOMOSYNTHESIS:
        return [Reason("tomosynthesis", "Breast tomosynthesis is too coarse in depth for cuts across its slices.")]
    if header.sop_class_uid in SEGMENTATIONS:
        return [Reason("segmentation", "A segmentation is shown frame by frame.")]
    if any(f.header.is_colour for f in frames):
        return [Reason("colour", "Colour images are shown one by one.")]
    if header.modality in PROJECTIONS:
        return [Reason("projection", f"{header.modality} images are not slices: there is nothing to cut through.")]
    if without_place == len(frames):
        return [Reason("no-position", "The images do not say where in the patient they lie.")]
    if without_place:
        text = f"{without_place} of {len(frames)} images do not say where in the patient they lie."
        return [Reason("some-without-position", text, True)]
    if len(frames) < FEWEST_SLICES:
        return [Reason("too-few", f"{_images(len(frames))} {'is' if len(frames) == 1 else 'are'} too few to cut through.")]
    return []


def likeness_reasons(frames: Sequence[Placed]) -> list[Reason]:
    """Why the slices are not of one kind. All frames have a plane."""
    reasons = []
    if (count := len({f.header.frame_of_reference_uid for f in frames})) > 1:
        reasons.append(Reason("frame-of-reference", f"The images lie in {count} different frames of reference.", True))
    if (count := len({(f.header.rows, f.header.columns) for f in frames})) > 1:
        reasons.append(Reason("mixed-size", f"The images have {count} different matrix sizes."))
    if not _same_spacing(frames):
        reasons.append(Reason("mixed-spacing", "The images have different pixel spacings."))
    if (count := len(split_by_direction(_one_reference(frames)))) > 1:
        localizer = any("LOCALIZER" in f.image_type for f in frames)
        text = f"The images lie in {count} different directions"
        reasons.append(Reason("mixed-direction", f"{text}: a localizer." if localizer else f"{text}."))
    if len({_storage(f.header) for f in frames}) > 1:
        reasons.append(Reason("mixed-pixels", "The images differ in how their pixels are stored."))
    if len({f.facts.transform.unit for f in frames}) > 1:
        reasons.append(Reason("mixed-units", "The images differ in the unit of their values."))
    return reasons


def stack_reasons(frames: Sequence[Placed]) -> list[Reason]:
    """Why parallel slices of one kind are more than one stack."""
    if has_shared_places(frames):
        return [_shared_places(frames)]
    for name, fact in ONE_OF_EACH:
        if (count := len({fact(f) for f in frames})) > 1:
            return [Reason("several-stacks", f"The images are of {count} different {name}.")]
    return []


def grid_reasons(grid: Grid) -> list[Reason]:
    """Why the slices of one stack do not lie on one uniform grid."""
    return _gap_reasons(grid) or _line_reasons(grid)


def _gap_reasons(grid: Grid) -> list[Reason]:
    step = grid.median_gap
    plain = np.abs(grid.gaps - step) <= max(GAP_TOLERANCE * step, GAP_ROUNDING_MM)
    if plain.all():
        return []
    steps = np.rint(grid.gaps / step).astype(int)
    whole = (steps > 1) & (np.abs(grid.gaps / step - steps) <= MISSING_TOLERANCE)
    if (plain | whole).all() and plain.mean() >= PLAIN_SHARE:
        holes = [(int(steps[i]) - 1, *sorted((grid.places[i], grid.places[i + 1]))) for i in np.flatnonzero(whole)]
        return [Reason("missing-slices", _missing(holes), True)]
    low, high = float(grid.gaps.min()), float(grid.gaps.max())
    return [Reason("uneven-spacing", f"The slices are unevenly spaced: {low:.2f} mm to {high:.2f} mm apart.", True)]


def _missing(holes: Sequence[tuple[int, float, float]]) -> str:
    named = ", ".join(f"{low:.1f} mm and {high:.1f} mm" for _, low, high in holes[:NAMED_GAPS])
    count = sum(n for n, _, _ in holes)
    rest = f", and at {len(holes) - NAMED_GAPS} more places" if len(holes) > NAMED_GAPS else ""
    return f"{count} {'slice is' if count == 1 else 'slices are'} missing between {named}{rest}."


def _line_reasons(grid: Grid) -> list[Reason]:
    if grid.off_along > GRID_TOLERANCE:
        return [Reason("uneven-spacing", "The spacing of the slices drifts from one end to the other.", True)]
    if grid.off_sideways > GRID_TOLERANCE:
        return [Reason("uneven-shift", "The slices are shifted sideways against each other unevenly.", True)]
    if np.degrees(grid.tilt) > TILT_LIMIT_DEGREES:
        text = f"The slices are shifted sideways by {np.degrees(grid.tilt):.0f}° against their normal."
        return [Reason("sheared", text, True)]
    return []


def _shared_places(frames: Sequence[Placed]) -> Reason:
    phases = phases_of(frames)
    if phases:
        count = len({tuple(p.of(f) for p in phases) for f in frames})
        names = " and ".join(p.name for p in phases[:2])
        return Reason("several-stacks", f"The series holds {count} different {names} at the same places.")
    if all(f.facts.dimension_indices for f in frames) and len({f.facts.dimension_indices for f in frames}) == len(frames):
        return Reason("several-stacks", "The series holds several images at the same places.")
    if len({f.header.sop_instance_uid for f in frames}) < len({f.instance for f in frames}):
        return Reason("duplicate", "The series holds the same image more than once.", True)
    spots = Counter(round(place, 2) for place in places(frames))
    count = sum(1 for n in spots.values() if n > 1)
    where = "one place" if count == 1 else f"{count} places"
    text = f"Several images lie at the same position, at {where}, and nothing tells them apart."
    return Reason("duplicate-position", text, True)


def _same_spacing(frames: Sequence[Placed]) -> bool:
    spacings = np.array([(f.plane.row_spacing, f.plane.column_spacing) for f in frames if f.plane is not None])
    low, high = spacings.min(axis=0), spacings.max(axis=0)
    return bool((high - low <= SPACING_TOLERANCE * low).all())


def _storage(header: ImageHeader) -> tuple[Hashable, ...]:
    return header.photometric, header.bits_allocated, header.bits_stored, header.high_bit, header.is_signed, header.float_bits


def _one_reference(frames: Sequence[Placed]) -> list[Placed]:
    """The frames of the first frame of reference: directions are only compared within one."""
    return [f for f in frames if f.header.frame_of_reference_uid == frames[0].header.frame_of_reference_uid]


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count} images"


def _objects(count: int) -> str:
    return "1 object" if count == 1 else f"{count} objects"
