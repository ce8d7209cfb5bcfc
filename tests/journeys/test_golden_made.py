"""The golden table of what the shared data has no example of: one made file for each way of saying a pixel.

Each goes the whole way (file, worker, viewport, picture) and is compared with the standard's formulas.
"""

from __future__ import annotations

import copy
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pixel_truth
import pytest
from golden import compare_file
from pydicom.dataset import Dataset
from received import BIG, CT, SC, dataset, item, items, save, smooth

from rendering.worker import ImageWorker

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")

Array = np.ndarray[Any, Any]
Made = Dataset | tuple[Dataset, Dataset]

US, MG, NM, DOSE = (
    "1.2.840.10008.5.1.4.1.1.6.1", "1.2.840.10008.5.1.4.1.1.1.2", "1.2.840.10008.5.1.4.1.1.20", "1.2.840.10008.5.1.4.1.1.481.2",
)  # fmt: skip
ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"
PARAMETRIC_MAP = "1.2.840.10008.5.1.4.1.1.30"

GREY = smooth(24, 30, 4095).astype("u2")
BYTES = smooth(24, 30, 255).astype("u1")
RGB = np.stack((BYTES, BYTES[::-1], BYTES[:, ::-1]), axis=-1)
WINDOW = {"WindowCenter": [1500, 300], "WindowWidth": [1800, 90], "WindowCenterWidthExplanation": ["WIDE", "NARROW"]}


def grey(pixels: Array = GREY, sop_class: str = SC, **elements: Any) -> Dataset:
    return dataset(pixels, sop_class=sop_class, **{"BitsStored": 12, "HighBit": 11} | elements)


def lut(entries: Array, first: int, bits: int, **elements: Any) -> Dataset:
    made = item(LUTDescriptor=[len(entries) % 65536, first % 65536, bits], LUTData=entries.astype("<u2").tobytes(), **elements)
    made["LUTDescriptor"].VR, made["LUTData"].VR = "US", "OW"
    return made


def modality_lut() -> Made:
    entries = (np.sqrt(np.arange(3000)) * 300).astype(int)
    return grey(ModalityLUTSequence=items(lut(entries, 500, 16, ModalityLUTType="OD")), WindowCenter=9000, WindowWidth=12000)


def voi_luts() -> Made:
    curve = (4095 * (np.arange(2000) / 1999) ** 2).astype(int)
    other = lut(curve[::-1], 100, 12, LUTExplanation="OTHER")
    return grey(VOILUTSequence=items(lut(curve, 1000, 12, LUTExplanation="FIRST"), other))


def voi_lut_below_zero() -> Made:
    curve = (1023 * np.sin(np.linspace(0, np.pi / 2, 1500))).astype(int)
    table = lut(curve, -800, 10, LUTExplanation="SIGNED")
    return grey(sop_class=CT, Modality="CT", RescaleSlope=1, RescaleIntercept=-1024, VOILUTSequence=items(table))


def high_bit() -> Made:
    # Twelve bits at the top of the word, and somebody's marks in the four below.
    return grey((GREY << 4) | 5, HighBit=15, **WINDOW)


def signed_high_bit() -> Made:
    values = GREY.astype(int) - 2048
    # Of a signed word the upper bits need not repeat the sign.
    words = ((values & 0xFFF) | 0x6000).astype("u2").view("i2")
    return grey(words, PixelRepresentation=1, WindowCenter=0, WindowWidth=2500)


def padded() -> Made:
    pixels = GREY.copy()
    pixels[:, :6] = 3
    pixels[:, 6:8] = 5
    return grey(pixels, sop_class=CT, Modality="CT", PixelPaddingValue=3, PixelPaddingRangeLimit=5, RescaleSlope=2,
                RescaleIntercept=-1000, PhotometricInterpretation="MONOCHROME1", **WINDOW)  # fmt: skip


def shutter(*shapes: str, **elements: Any) -> Callable[[], Made]:
    return lambda: grey(ShutterShape=list(shapes), **elements, **WINDOW)


RECTANGLE = {
    "ShutterLeftVerticalEdge": 4, "ShutterRightVerticalEdge": 25,
    "ShutterUpperHorizontalEdge": 3, "ShutterLowerHorizontalEdge": 20,
}  # fmt: skip
CIRCLE = {"CenterOfCircularShutter": [12, 15], "RadiusOfCircularShutter": 9}
POLYGON = {"VerticesOfThePolygonalShutter": [2, 5, 4, 27, 22, 20, 15, 3]}


def overlaid(
    pixels: Array = GREY, shape: tuple[int, int] = (10, 12), origin: tuple[int, int] = (4, -3), **elements: Any
) -> Dataset:
    made = grey(pixels, **elements, **WINDOW)
    bits = (np.add.outer(np.arange(shape[0]), np.arange(shape[1])) % 3 == 0).astype(np.uint8)
    for element, vr, value in (
        (0x10, "US", shape[0]), (0x11, "US", shape[1]), (0x40, "CS", "G"), (0x50, "SS", list(origin)), (0x100, "US", 1),
        (0x102, "US", 0), (0x3000, "OW", np.packbits(bits.ravel(), bitorder="little").tobytes() + b"\0"),
    ):  # fmt: skip
        made.add_new((0x6000, element), vr, value)
    return made


def embedded_overlay() -> Made:
    marks = (np.add.outer(np.arange(24), np.arange(30)) % 7 == 0).astype("u2")
    made = grey(GREY | (marks << 14), **WINDOW)
    for element, vr, value in (
        (0x10, "US", 24), (0x11, "US", 30), (0x40, "CS", "R"), (0x50, "SS", [1, 1]), (0x100, "US", 16), (0x102, "US", 14),
    ):  # fmt: skip
        made.add_new((0x6002, element), vr, value)
    return made


def bitmap_shutter() -> Made:
    """An overlay that covers the image instead of being drawn on it (C.7.6.15), beside one that is drawn."""
    made = overlaid(shape=(24, 30), origin=(1, 1), ShutterShape="BITMAP", ShutterOverlayGroup=0x6000, ShutterPresentationValue=0)
    for element in (0x10, 0x11, 0x40, 0x50, 0x100, 0x102, 0x3000):
        old = made[0x6000, element]
        value = [2, 2] if element == 0x50 else old.value
        made.add_new((0x6004, element), old.VR, value)
    return made


RAMP = np.arange(256)
TABLES = {"Red": RAMP * 257, "Green": (255 - RAMP) * 257, "Blue": (RAMP // 2) * 257}


def palette(first: int = 0, bits: int = 16, tables: dict[str, Array] = TABLES, pixels: Array = BYTES, **elements: Any) -> Dataset:
    made = dataset(pixels, PhotometricInterpretation="PALETTE COLOR", **elements)
    for colour, entries in tables.items():
        made.add_new(f"{colour}PaletteColorLookupTableDescriptor", "US", [len(entries), first, bits])
        data = entries.astype("<u2") if bits == 16 else (entries // 257).astype("u1")
        made.add_new(f"{colour}PaletteColorLookupTableData", "OW", data.tobytes())
    return made


def segmented_palette() -> Made:
    """PS3.3 C.7.9.2: a discrete start and a linear rest, against the same tables written out."""
    made = palette(tables={"Red": RAMP * 257, "Green": RAMP[::-1] * 257, "Blue": np.full(256, 20000)})
    plain = copy.deepcopy(made)
    for colour, (start, end) in {"Red": (0, 65535), "Green": (65535, 0), "Blue": (20000, 20000)}.items():
        del made[f"{colour}PaletteColorLookupTableData"]
        words = struct.pack("<6H", 0, 1, start, 1, 255, end)
        made.add_new(f"Segmented{colour}PaletteColorLookupTableData", "OW", words)
    return made, plain


def supplemental_palette() -> Made:
    pixels = GREY.copy()
    pixels[5:9, 5:25] = 4000 + np.arange(20)
    made = palette(4000, tables={k: v[:40] for k, v in TABLES.items()}, pixels=pixels, BitsStored=12, HighBit=11, **WINDOW)
    made.PhotometricInterpretation = "MONOCHROME2"
    return made


def planar() -> Made:
    made = dataset(RGB, PlanarConfiguration=1)
    made.PixelData = np.moveaxis(RGB, -1, 0).tobytes()
    return made


def deep_rgb() -> Made:
    return dataset(np.stack((GREY, GREY[::-1], GREY[:, ::-1]), axis=-1), BitsStored=12, HighBit=11)


def ybr_422() -> Made:
    made = dataset(RGB, PhotometricInterpretation="YBR_FULL_422")
    made.PixelData = b"".join(bytes((a[0], b[0], a[1], a[2])) for row in RGB for a, b in zip(row[::2], row[1::2], strict=True))
    return made


def one_bit() -> Made:
    bits = (BYTES[:, :29] > 120).astype("u1")
    made = dataset(bits, BitsAllocated=1, BitsStored=1, HighBit=0)
    packed = np.packbits(bits.ravel(), bitorder="little").tobytes()
    made.PixelData = packed + b"\0" * (len(packed) % 2)
    return made


def floating(kind: str) -> Callable[[], Made]:
    def make() -> Made:
        values = (GREY / 4095.0 - 0.5).astype(kind)
        values[0, 0], values[23, 29] = np.nan, np.inf
        made = dataset(
            GREY, sop_class=PARAMETRIC_MAP, BitsAllocated=32 if kind == "f4" else 64, WindowCenter=0.1, WindowWidth=0.7
        )
        for name in ("PixelData", "BitsStored", "HighBit", "PixelRepresentation"):
            del made[name]
        made.add_new(
            "FloatPixelData" if kind == "f4" else "DoubleFloatPixelData", "OF" if kind == "f4" else "OD", values.tobytes()
        )
        return made

    return make


def enhanced() -> Made:
    """Frames whose window and slope differ: one from its own functional group, one from the shared one."""
    shared = item(
        FrameVOILUTSequence=items(item(WindowCenter=100, WindowWidth=500, VOILUTFunction="SIGMOID")),
        PixelValueTransformationSequence=items(item(RescaleSlope=0.5, RescaleIntercept=-100, RescaleType="HU")),
    )
    own = item(
        FrameVOILUTSequence=items(item(WindowCenter=40, WindowWidth=400, VOILUTFunction="LINEAR_EXACT")),
        PixelValueTransformationSequence=items(item(RescaleSlope=2, RescaleIntercept=-1024, RescaleType="HU")),
    )
    made = dataset(np.stack((GREY, GREY[::-1], GREY[:, ::-1])), sop_class=ENHANCED_CT, Modality="CT", NumberOfFrames=3)
    made.BitsStored, made.HighBit = 12, 11
    made.SharedFunctionalGroupsSequence = items(shared)
    made.PerFrameFunctionalGroupsSequence = items(Dataset(), own, Dataset())
    return made


def dose() -> Made:
    pixels = smooth(24, 30, 60000).astype("u4") * 1000
    return dataset(pixels, sop_class=DOSE, Modality="RTDOSE", DoseGridScaling=1.5e-6, DoseUnits="GY")


CASES: dict[str, Callable[[], Made]] = {
    "modality LUT": modality_lut,
    "VOI LUTs by explanation": voi_luts,
    "VOI LUT below zero": voi_lut_below_zero,
    "windows by explanation": lambda: grey(**WINDOW),
    "MONOCHROME1": lambda: grey(PhotometricInterpretation="MONOCHROME1", **WINDOW),
    "INVERSE": lambda: grey(sop_class=MG, Modality="MG", PresentationLUTShape="INVERSE", **WINDOW),
    "MONOCHROME1 and INVERSE": lambda: grey(PhotometricInterpretation="MONOCHROME1", PresentationLUTShape="INVERSE", **WINDOW),
    "SIGMOID": lambda: grey(VOILUTFunction="SIGMOID", **WINDOW),
    "LINEAR_EXACT": lambda: grey(VOILUTFunction="LINEAR_EXACT", **WINDOW),
    "LINEAR of width 1": lambda: grey(WindowCenter=2000, WindowWidth=1),
    "slope of no whole number": lambda: grey(sop_class=CT, Modality="CT", RescaleSlope=0.37, RescaleIntercept=-211.5, **WINDOW),
    "HighBit above BitsStored": high_bit,
    "signed words with foreign bits": signed_high_bit,
    "big endian": lambda: dataset(GREY, BIG, BitsStored=12, HighBit=11, **WINDOW),
    "32 bits": lambda: dataset(GREY.astype("u4") * 70000, WindowCenter=1.2e8, WindowWidth=2.1e8),
    "padding in a range": padded,
    "rectangular shutter": shutter("RECTANGULAR", **RECTANGLE),
    "circular shutter": shutter("CIRCULAR", **CIRCLE),
    "polygonal shutter": shutter("POLYGONAL", **POLYGON),
    "all shutters at once": shutter("RECTANGULAR", "CIRCULAR", "POLYGONAL", **RECTANGLE, **CIRCLE, **POLYGON),
    "bitmap shutter": bitmap_shutter,
    "overlay beside its image": overlaid,
    "overlay in unused bits": embedded_overlay,
    "palette of 16 bits": palette,
    "palette of 8 bits": lambda: palette(bits=8),
    "palette that starts later": lambda: palette(40, tables={k: v[:100] for k, v in TABLES.items()}),
    "segmented palette": segmented_palette,
    "supplemental palette": supplemental_palette,
    "RGB by plane": planar,
    "RGB of 12 bits": deep_rgb,
    "YBR_FULL": lambda: dataset(RGB, PhotometricInterpretation="YBR_FULL"),
    "YBR_FULL_422": ybr_422,
    "one bit": one_bit,
    "float": floating("f4"),
    "double": floating("f8"),
    "enhanced multi-frame": enhanced,
    "dose": dose,
    "NM": lambda: grey(np.stack((GREY, GREY[::-1])), NM, Modality="NM", NumberOfFrames=2, Units="CNTS", **WINDOW),
    "pixels that are not square": lambda: grey(PixelAspectRatio=[3, 2], **WINDOW),
}


@pytest.fixture(scope="module")
def worker() -> Iterator[ImageWorker]:
    with ImageWorker() as running:
        yield running


@pytest.mark.parametrize("case", CASES)
def test_a_made_image_is_shown_in_the_standards_greys(case: str, worker: ImageWorker, tmp_path: Path) -> None:
    """F55, F57."""
    made = CASES[case]()
    written, meant = made if isinstance(made, tuple) else (made, None)
    path = save(written, tmp_path / "made.dcm")
    told = None if meant is None else pixel_truth.read(save(meant, tmp_path / "meant.dcm"))
    compare_file(path, worker.parse(path), worker, tmp_path, told=told)
