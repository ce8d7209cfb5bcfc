"""Roles of CT series: kernel, thickness, contrast, spectral, vessels, perfusion, position, heart beat, metal.

Kernel names are each maker's own; the tables hold what their conformance statements and DICOM
headers show. A kernel that no table knows gives no role rather than a guess.
"""

from __future__ import annotations

from collections.abc import Iterator

from hanging_protocols import roles_spectral
from hanging_protocols.facts import Fact, ImageSet
from hanging_protocols.role_words import role_in_text, roles_in_text
from hanging_protocols.roles_contrast import contrast

# SliceThickness in mm up to which a series counts as thin enough to reformat from.
THIN_MM = 1.5
# From this on it is made to be read slice by slice.
THICK_MM = 2.5

_NAMED_KERNELS = {
    # GE
    "LUNG": "lung_kernel", "CHST": "lung_kernel", "BONE": "bone_kernel", "BONEPLUS": "bone_kernel",
    "EDGE": "bone_kernel", "DETAIL": "bone_kernel", "ULTRA": "bone_kernel",
    "STANDARD": "soft_kernel", "SOFT": "soft_kernel",
    # Philips
    "L": "lung_kernel", "YA": "lung_kernel", "YB": "lung_kernel", "YC": "lung_kernel", "YD": "bone_kernel",
    "D": "bone_kernel", "E": "bone_kernel", "A": "soft_kernel", "B": "soft_kernel", "C": "soft_kernel",
    "UA": "soft_kernel", "UB": "soft_kernel", "UC": "soft_kernel",
}  # fmt: skip

# Siemens: a letter for the region, a number for sharpness (B30f, Br40d, Bl57, H70h, Qr40).
# Bl is the lung family; from 60 on lung and bone are told apart by the region's letter alone.
SIEMENS_SHARP = 60
SIEMENS_LUNG_MIDDLE = 50

# Canon/Toshiba: FC01-FC19 body, FC20-FC29 head, FC30-FC39 and FC81 bone, FC50-FC59 and FC80-86 lung.
_CANON = (
    (1, 29, "soft_kernel"), (30, 39, "bone_kernel"), (41, 44, "soft_kernel"), (50, 59, "lung_kernel"),
    (62, 68, "soft_kernel"), (81, 81, "bone_kernel"), (80, 86, "lung_kernel"),
)  # fmt: skip


def of(image_set: ImageSet) -> Iterator[Fact]:
    spectral = [*roles_spectral.of(image_set)]
    yield from _kernel(image_set)
    yield from _thickness(image_set)
    yield from spectral
    if not any(role.value == "virtual_non_contrast" for role in spectral):
        yield from contrast(image_set)
    yield from _vessels(image_set)
    yield from _position(image_set)
    yield from roles_in_text(image_set, "metal")


def _vessels(image_set: ImageSet) -> Iterator[Fact]:
    types = image_set.elements("ImageType")
    if "PERFUSION" in types and "DERIVED" in types:
        yield Fact("perfusion_map", "ImageType says PERFUSION, DERIVED")
        return
    maps = [*roles_in_text(image_set, "perfusion_map")]
    yield from maps
    if not maps:
        yield from roles_in_text(image_set, "perfusion", "angiography")
    if image_set.first("CardiacSynchronizationTechnique").upper() not in ("", "NONE"):
        yield Fact("gated", "CardiacSynchronizationTechnique is filled")


# PS3.3 C.7.3.1.1.2: how the patient lies is the end of PatientPosition.
_POSITIONS = {"S": "supine", "P": "prone", "DL": "left_decubitus", "DR": "right_decubitus"}


def _position(image_set: ImageSet) -> Iterator[Fact]:
    """By PatientPosition, in which scanners are right; a colon is scanned in two of them."""
    position = image_set.first("PatientPosition").strip().upper()
    role = _POSITIONS.get(position[2:]) if position[:2] in ("HF", "FF") else None
    if role:
        yield Fact(role, f"PatientPosition is {position}")
    else:
        yield from roles_in_text(image_set, "supine", "prone")


def kernel_role(kernel: str) -> str:
    """`lung_kernel`, `bone_kernel`, `soft_kernel`, or empty for a kernel we do not know."""
    name = kernel.strip().upper()
    if name in _NAMED_KERNELS:
        return _NAMED_KERNELS[name]
    if name.startswith("FC") and name[2:4].isdigit():
        number = int(name[2:4])
        return next((role for low, high, role in _CANON if low <= number <= high), "")
    return _siemens(name)


def _siemens(name: str) -> str:
    region = name[: len(name) - len(name.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))]
    digits = name[len(region) : len(region) + 2]
    if not digits.isdigit() or region not in (
        "B",
        "BR",
        "BL",
        "BF",
        "BV",
        "BM",
        "H",
        "HR",
        "HC",
        "HF",
        "HV",
        "I",
        "QR",
        "T",
        "U",
        "UR",
    ):
        return ""
    sharpness = int(digits)
    if region == "BL" and sharpness >= SIEMENS_LUNG_MIDDLE:
        return "lung_kernel"
    if sharpness < SIEMENS_SHARP:
        return "soft_kernel"
    return "lung_kernel" if region in ("B", "BF", "I") else "bone_kernel"


def _kernel(image_set: ImageSet) -> Iterator[Fact]:
    kernel = image_set.first("ConvolutionKernel")
    role = kernel_role(kernel)
    if role:
        yield Fact(role, f"ConvolutionKernel is {kernel}")
        return
    named = role_in_text(image_set, "lung_kernel", "bone_kernel", "soft_kernel")
    if named:
        yield named


def _thickness(image_set: ImageSet) -> Iterator[Fact]:
    thickness = image_set.number("SliceThickness")
    if thickness is not None and 0.0 < thickness <= THIN_MM:
        yield Fact("thin", f"SliceThickness is {thickness:g} mm")
    elif thickness is not None and thickness >= THICK_MM:
        yield Fact("thick", f"SliceThickness is {thickness:g} mm")
