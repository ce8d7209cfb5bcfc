"""What is read out of a received file: identity, spacing and its worth, frames, values, tables."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from received import BIG, CT, EXPLICIT, IMPLICIT, PET, SC, dataset, encapsulated, item, items, save, smooth

from rendering.header import ImageHeader
from rendering.parse import parse_bytes
from workstation.domain.doubt import SpacingSource
from workstation.domain.study import ParsedInstance
from workstation.domain.viewing import VoiFunction, Window
from workstation.errors import Refused

GREY = smooth(8, 10, 4095)
MR = "1.2.840.10008.5.1.4.1.1.4"
ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"
US = "1.2.840.10008.5.1.4.1.1.6.1"
RT_DOSE = "1.2.840.10008.5.1.4.1.1.481.2"
PLANE = {"ImagePositionPatient": [1, 2, 3], "ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "PixelSpacing": [0.5, 0.25]}


@pytest.fixture
def parse(tmp_path: Path) -> Any:
    def read(made: Dataset) -> ParsedInstance:
        return parse_bytes(save(made, tmp_path / "a.dcm").read_bytes(), "a.dcm")

    return read


@pytest.fixture
def header(parse: Any) -> Any:
    def read(pixels: Any = GREY, **elements: Any) -> ImageHeader:
        return ImageHeader.from_json(parse(dataset(pixels, **elements)).instance.header)

    return read


def test_identity_goes_to_study_patient_series_and_instance(parse: Any) -> None:
    found = parse(
        dataset(
            GREY, sop_class=CT, Modality="CT", PatientName="Ås^Åse=X", PatientBirthDate="19700101", PatientSex="F",
            IssuerOfPatientID="HUS", AccessionNumber="A1", StudyDate="20260102", StudyTime="101112", SeriesNumber=4,
            SpecificCharacterSet="ISO_IR 192", InstanceNumber=7, SeriesDescription="Thorax", BodyPartExamined="CHEST",
        )
    )  # fmt: skip
    study, series, instance = found.study, found.series, found.instance
    assert (study.study_instance_uid, study.accession_number, study.study_date) == ("1.2.826.0.1.1.1", "A1", "20260102")
    assert (study.patient.name, study.patient.key.patient_id, study.patient.key.issuer) == ("Ås^Åse", "P1", "HUS")
    assert (series.modality, series.series_number, series.body_part_examined) == ("CT", 4, "CHEST")
    assert (instance.instance_number, instance.rows, instance.columns, instance.number_of_frames) == (7, 8, 10, 1)
    assert len(instance.sha256) == 64


def test_a_header_survives_json(header: Any) -> None:
    import json

    made = header(**PLANE, sop_class=CT, Modality="CT", WindowCenter=[40, -600], WindowWidth=[400, 1500], PixelPaddingValue=7)
    assert ImageHeader.from_json(json.loads(json.dumps(made.to_json()))) == made


# pydicom warns of a character set it does not know; the worker process lets it.
@pytest.mark.filterwarnings("ignore:Unknown encoding")
@pytest.mark.parametrize(
    ("charset", "raw", "name"),
    [
        ("ISO_IR 100", "Müller^Jörg".encode("latin-1"), "Müller^Jörg"),
        ("ISO_IR 192", "Ålesund^Ægir".encode(), "Ålesund^Ægir"),
        ("", "Møller^Åse".encode("latin-1"), "Møller^Åse"),
        ("", "Møller^Åse".encode(), "Møller^Åse"),
        ("ISO_IR 999", "Møller^Åse".encode(), "Møller^Åse"),
        ("ISO 2022 IR 6\\ISO 2022 IR 100", "Østby^Kåre".encode("latin-1"), "Østby^Kåre"),
        ("ISO_IR 144", "Люкceмбypг".encode("iso8859-5"), "Люкceмбypг"),
        ("ISO_IR 6", b"A\x00B\x07^C", "AB^C"),
    ],
)
def test_names_are_read_in_their_character_set(tmp_path: Path, charset: str, raw: bytes, name: str) -> None:
    placeholder = b"N" * (len(raw) + len(raw) % 2)
    path = save(dataset(GREY, PatientName=placeholder.decode()), tmp_path / "a.dcm")
    data = path.read_bytes().replace(placeholder, raw.ljust(len(placeholder)))
    if charset:
        value = charset.encode().ljust(len(charset) + len(charset) % 2)
        start = 144 + struct.unpack_from("<I", data, 140)[0]
        data = data[:start] + struct.pack("<HH2sH", 0x0008, 0x0005, b"CS", len(value)) + value + data[start:]
    assert parse_bytes(data, "a.dcm").study.patient.name == name


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG])
def test_numbers_are_read_in_every_byte_order(header: Any, syntax: str) -> None:
    found = header(syntax=syntax, PixelPaddingValue=65000, WindowCenter=1.5, WindowWidth=3)
    assert (found.rows, found.columns, found.padding) == (8, 10, (65000, 65000))
    assert found.shared.windows == (Window(1.5, 3.0),)


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT])
def test_a_dataset_without_preamble_and_meta_is_read(tmp_path: Path, syntax: str) -> None:
    data = save(dataset(GREY, syntax), tmp_path / "a.dcm").read_bytes()
    start = 144 + struct.unpack_from("<I", data, 140)[0]
    bare = parse_bytes(data[start:], "a").instance
    without_preamble = parse_bytes(data[132:], "a").instance
    assert bare.rows == without_preamble.rows == 8
    assert without_preamble.transfer_syntax_uid == syntax


SPACING = [
    ("CT", {"PixelSpacing": [0.5, 0.25]}, (0.5, 0.25), SpacingSource.PIXEL_SPACING),
    ("CT", {}, None, SpacingSource.NONE),
    ("CT", {"PixelSpacing": [0, 0.25]}, None, SpacingSource.NONE),
    ("CT", {"PixelSpacing": [-1, 0.25]}, None, SpacingSource.NONE),
    ("CT", {"PixelSpacing": [5000, 5000]}, None, SpacingSource.NONE),
    ("DX", {"ImagerPixelSpacing": [0.1, 0.1]}, (0.1, 0.1), SpacingSource.DETECTOR),
    ("DX", {"ImagerPixelSpacing": [0.1, 0.1], "PixelSpacing": [0.1, 0.1]}, (0.1, 0.1), SpacingSource.DETECTOR),
    ("DX", {"ImagerPixelSpacing": [0.1, 0.1], "PixelSpacing": [0.08, 0.08]}, (0.08, 0.08), SpacingSource.CALIBRATED),
    ("CR", {"PixelSpacing": [0.1, 0.1], "PixelSpacingCalibrationType": "FIDUCIAL"}, (0.1, 0.1), SpacingSource.CALIBRATED),
    ("CR", {"PixelSpacing": [0.1, 0.1]}, (0.1, 0.1), SpacingSource.DETECTOR),
    (
        "MG",
        {"ImagerPixelSpacing": [0.1, 0.1], "EstimatedRadiographicMagnificationFactor": "1.25"},
        (0.08, 0.08),
        SpacingSource.ERMF,
    ),
    (
        "MG",
        {"ImagerPixelSpacing": [0.1, 0.1], "EstimatedRadiographicMagnificationFactor": "0"},
        (0.1, 0.1),
        SpacingSource.DETECTOR,
    ),
    ("OT", {"NominalScannedPixelSpacing": [0.2, 0.2]}, (0.2, 0.2), SpacingSource.NOMINAL),
]


@pytest.mark.parametrize(("modality", "elements", "mm", "source"), SPACING)
def test_a_spacing_is_worth_what_its_source_says(
    header: Any, modality: str, elements: dict[str, Any], mm: tuple[float, float] | None, source: SpacingSource
) -> None:
    facts = header(Modality=modality, **elements).shared
    assert facts.spacing == (None if mm is None else pytest.approx(mm))
    assert facts.spacing_source is source


def test_an_impossible_spacing_leaves_a_warning(header: Any) -> None:
    assert header(PixelSpacing=[0, 1]).warnings == ("PixelSpacing is zero, negative or not possible: not used",)


def region(**changes: Any) -> Dataset:
    elements = {
        "RegionLocationMinX0": 0, "RegionLocationMinY0": 0, "RegionLocationMaxX1": 9, "RegionLocationMaxY1": 7,
        "RegionSpatialFormat": 1, "RegionDataType": 1, "PhysicalUnitsXDirection": 3, "PhysicalUnitsYDirection": 3,
        "PhysicalDeltaX": 0.02, "PhysicalDeltaY": 0.03,
    }  # fmt: skip
    return item(**elements | changes)


def test_an_ultrasound_region_gives_millimetres(header: Any) -> None:
    found = header(Modality="US", sop_class=US, SequenceOfUltrasoundRegions=items(region()))
    assert found.shared.spacing == pytest.approx((0.3, 0.2))
    assert found.shared.spacing_source is SpacingSource.US_REGION
    assert found.ultrasound_regions[0].holds(9, 7)


def test_a_region_says_what_its_axes_are_whatever_they_measure(header: Any) -> None:
    """F53: PhysicalUnits 4 is seconds, 7 cm/s; what is not known has no unit."""
    doppler = region(RegionSpatialFormat=3, PhysicalUnitsXDirection=4, PhysicalUnitsYDirection=7, PhysicalDeltaY=-0.5)
    unknown = region(PhysicalUnitsXDirection=0, PhysicalDeltaY=0.0)
    found = header(Modality="US", sop_class=US, SequenceOfUltrasoundRegions=items(region(), doppler, unknown)).ultrasound_regions
    axes = [(r.x_unit, r.x_delta, r.y_unit, r.y_delta) for r in found]
    assert axes[0] == ("mm", pytest.approx(0.2), "mm", pytest.approx(0.3))
    assert axes[1] == ("s", 0.02, "cm/s", -0.5)
    assert axes[2] == ("", None, "", None)
    assert (found[1].row_spacing, found[1].column_spacing) == (None, None)


def test_regions_that_differ_or_are_no_lengths_give_no_common_spacing(header: Any) -> None:
    doppler = region(RegionSpatialFormat=3, PhysicalUnitsXDirection=4)
    both = header(Modality="US", sop_class=US, SequenceOfUltrasoundRegions=items(region(), doppler))
    assert both.shared.spacing == pytest.approx((0.3, 0.2))
    differ = header(Modality="US", sop_class=US, SequenceOfUltrasoundRegions=items(region(), region(PhysicalDeltaX=0.05)))
    assert differ.shared.spacing is None


def test_a_plane_needs_position_orientation_and_spacing(header: Any) -> None:
    plane = header(sop_class=CT, Modality="CT", **PLANE).shared.plane
    assert plane is not None
    assert (plane.position, plane.row_spacing, plane.column_spacing) == ((1.0, 2.0, 3.0), 0.5, 0.25)
    for missing in PLANE:
        rest = {k: v for k, v in PLANE.items() if k != missing}
        assert header(sop_class=CT, Modality="CT", **rest).shared.plane is None


@pytest.mark.parametrize("directions", [[1, 0, 0, 1, 0, 0], [0, 0, 0, 0, 0, 0], [1, 0, 0], [2, 0, 0, 0, 1, 0]])
def test_what_is_no_orientation_makes_no_plane(header: Any, directions: list[float]) -> None:
    found = header(sop_class=CT, Modality="CT", **PLANE | {"ImageOrientationPatient": directions})
    assert found.shared.plane is None
    assert "ImageOrientationPatient is not an orientation: not used" in found.warnings


@pytest.mark.parametrize(
    ("sop_class", "elements", "unit"),
    [
        (CT, {"RescaleSlope": 1, "RescaleIntercept": -1024}, "HU"),
        (CT, {"RescaleSlope": 1, "RescaleIntercept": -1024, "RescaleType": "HU"}, "HU"),
        (CT, {"RescaleSlope": 1, "RescaleIntercept": -1024, "RescaleType": "Z_EFF"}, "Z_EFF"),
        (CT, {"RescaleSlope": 1, "RescaleIntercept": -1024, "ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "unspecified"),
        (CT, {"RescaleSlope": 1, "RescaleIntercept": 0, "MultienergyCTAcquisition": "YES"}, "stored"),
        (CT, {}, "stored"),
        (CT, {"RescaleSlope": 0, "RescaleIntercept": 0}, "stored"),
        (SC, {"RescaleSlope": 1, "RescaleIntercept": 0, "RescaleType": "US"}, "stored"),
        (MR, {"RescaleSlope": 2, "RescaleIntercept": 0}, "unspecified"),
        (PET, {"RescaleSlope": 2, "RescaleIntercept": 0, "Units": "BQML"}, "BQML"),
    ],
)
def test_a_unit_is_named_only_where_the_standard_lets_it_be(
    header: Any, sop_class: str, elements: dict[str, Any], unit: str
) -> None:
    assert header(sop_class=sop_class, **elements).shared.transform.unit == unit


def test_windows_come_with_explanation_and_function(header: Any) -> None:
    found = header(
        WindowCenter=[40, -600, 5],
        WindowWidth=[400, 1500, 0],
        WindowCenterWidthExplanation=["SOFT", "LUNG", "X"],
        VOILUTFunction="SIGMOID",
    )
    sigmoid = VoiFunction.SIGMOID
    assert found.shared.windows == (Window(40.0, 400.0, sigmoid, "SOFT"), Window(-600.0, 1500.0, sigmoid, "LUNG"))
    assert "WindowWidth is zero or negative: not used" in found.warnings


def test_windows_that_cannot_be_read_are_left_out(tmp_path: Path, header: Any) -> None:
    data = save(dataset(GREY, WindowCenter="11111111", WindowWidth="1"), tmp_path / "a.dcm").read_bytes()
    assert "windows" not in parse_bytes(data.replace(b"11111111", b"nonsense"), "a.dcm").instance.header.get("shared", {})
    assert header(WindowCenter=[1, 2]).shared.windows == ()


def lut(first: int, entries: list[int], bits: int = 16) -> Dataset:
    made = item(LUTExplanation="own")
    made.add_new("LUTDescriptor", "SS" if first < 0 else "US", [len(entries), first, bits])
    made.add_new("LUTData", "OW", struct.pack(f"<{len(entries)}H", *entries))
    return made


def test_a_voi_lut_may_begin_below_zero(header: Any) -> None:
    signed = GREY.astype(np.int16)
    (table,) = header(signed, VOILUTSequence=items(lut(-5, [1, 2, 3]))).shared.voi_tables
    assert (table.first, table.count, table.bits, table.explanation) == (-5, 3, 16, "own")


def test_a_lut_shorter_than_it_says_is_left_out(header: Any) -> None:
    short = lut(0, [1, 2, 3])
    short["LUTDescriptor"].value = [9, 0, 16]
    assert header(VOILUTSequence=items(short)).shared.voi_tables == ()


def colours(first: int, segmented: bool, red: bytes, green: bytes, blue: bytes, count: int) -> dict[str, Any]:
    found: dict[str, Any] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for name, data in (("Red", red), ("Green", green), ("Blue", blue)):
        found[f"{name}PaletteColorLookupTableDescriptor"] = [count, first, 16]
        found[f"{'Segmented' if segmented else ''}{name}PaletteColorLookupTableData"] = data
    return found


def words(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}H", *values)


def test_a_segmented_palette_is_written_out(header: Any) -> None:
    # Discrete 10 20, linear to 60 in four steps, then the discrete segment once more.
    code = words(0, 2, 10, 20, 1, 4, 60, 2, 1, 0, 0)
    found = header(GREY.astype(np.uint8), **colours(0, True, code, code, code, 8))
    assert found.palette is not None
    np.testing.assert_array_equal(np.frombuffer(found.palette.red.data, "<u2"), [10, 20, 30, 40, 50, 60, 10, 20])


@pytest.mark.parametrize("code", [words(1, 4, 60), words(7, 1, 1), words(0, 9, 1), words(2, 1, 0, 0)])
def test_a_malformed_segmented_palette_is_refused(parse: Any, code: bytes) -> None:
    with pytest.raises(Refused, match="palette"):
        parse(dataset(GREY.astype(np.uint8), **colours(0, True, code, code, code, 8)))


def test_an_overlay_is_kept_with_its_place(parse: Any) -> None:
    made = dataset(GREY)
    for element, vr, value in (
        (0x10, "US", 2),
        (0x11, "US", 4),
        (0x40, "CS", "R"),
        (0x50, "SS", [3, -1]),
        (0x3000, "OW", b"\xa5\x00"),
    ):
        made.add_new(0x60020000 | element, vr, value)
    (overlay,) = ImageHeader.from_json(parse(made).instance.header).overlays
    assert (overlay.group, overlay.rows, overlay.columns, overlay.kind, overlay.row, overlay.column) == (0x6002, 2, 4, "R", 3, -1)


def test_the_dose_grid_lies_where_its_offsets_say(header: Any) -> None:
    dose = np.zeros((3, 8, 10), np.uint32)
    found = header(
        dose, sop_class=RT_DOSE, Modality="RTDOSE", NumberOfFrames=3, DoseGridScaling="0.001", DoseUnits="GY",
        GridFrameOffsetVector=[0, 2.5, 5], **PLANE,
    )  # fmt: skip
    assert [f.plane.position[2] for f in found.per_frame if f.plane] == [3.0, 5.5, 8.0]
    assert (found.shared.transform.slope, found.shared.transform.unit) == (0.001, "Gy")


def groups(frames: int, shared_rescale: bool) -> dict[str, Any]:
    def transform(slope: float) -> Any:
        return items(item(RescaleSlope=slope, RescaleIntercept=0, RescaleType="US"))

    shared = item(
        PixelMeasuresSequence=items(item(PixelSpacing=[0.5, 0.25], SliceThickness=2)),
        PlaneOrientationSequence=items(item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])),
    )
    if shared_rescale:
        shared.PixelValueTransformationSequence = transform(3)
    each = []
    for i in range(frames):
        content = item(StackID="1", InStackPositionNumber=i + 1, TemporalPositionIndex=1, DimensionIndexValues=[1, i + 1])
        frame = item(PlanePositionSequence=items(item(ImagePositionPatient=[0, 0, 2 * i])), FrameContentSequence=items(content))
        if not shared_rescale:
            frame.PixelValueTransformationSequence = transform(i + 1)
        each.append(frame)
    return {"SharedFunctionalGroupsSequence": items(shared), "PerFrameFunctionalGroupsSequence": items(*each)}


@pytest.mark.parametrize("shared_rescale", [True, False])
def test_functional_groups_are_merged_frame_by_frame(header: Any, shared_rescale: bool) -> None:
    found = header(np.stack([GREY] * 3), sop_class=ENHANCED_MR, Modality="MR", NumberOfFrames=3, **groups(3, shared_rescale))
    assert [f.plane.position[2] for f in found.per_frame if f.plane] == [0.0, 2.0, 4.0]
    assert [f.transform.slope for f in found.per_frame] == ([3.0] * 3 if shared_rescale else [1.0, 2.0, 3.0])
    assert [f.in_stack_position for f in found.per_frame] == [1, 2, 3]
    assert [f.dimension_indices for f in found.per_frame] == [(1, 1), (1, 2), (1, 3)]
    assert found.frame(2).spacing == (0.5, 0.25)
    assert found.frame(2).slice_thickness == 2.0


def test_groups_for_another_number_of_frames_are_not_believed(header: Any) -> None:
    found = header(np.stack([GREY] * 3), sop_class=ENHANCED_MR, Modality="MR", NumberOfFrames=3, **groups(2, True))
    assert found.per_frame == ()
    assert found.shared.plane is None
    assert found.shared.spacing is None
    assert "The functional groups are not for this number of frames: not used" in found.warnings


def test_a_mosaic_has_no_plane_of_its_own(header: Any) -> None:
    found = header(sop_class=MR, Modality="MR", ImageType=["ORIGINAL", "PRIMARY", "M", "MOSAIC"], **PLANE)
    assert found.shared.plane is None


@pytest.mark.parametrize(
    ("sop_class", "words_of_reason"),
    [
        ("1.2.840.10008.5.1.4.1.1.88.33", "Structured report"),
        ("1.2.840.10008.5.1.4.1.1.88.59", "Key object selection"),
        ("1.2.840.10008.5.1.4.1.1.11.1", "Presentation state"),
        ("1.2.840.10008.5.1.4.1.1.104.1", "Encapsulated PDF"),
        ("1.2.840.10008.5.1.4.1.1.9.1.1", "Waveform"),
        ("1.2.840.10008.5.1.4.1.1.481.3", "RT structure set"),
        ("1.2.840.10008.5.1.4.1.1.481.5", "RT plan"),
        ("1.2.840.10008.5.1.4.1.1.67", "Real world value mapping"),
        ("1.2.840.10008.5.1.4.1.1.4.2", "spectroscopy"),
        (CT, "no pixel data"),
        ("1.2.3.4.5", "no pixel data"),
    ],
)
def test_an_object_without_pixels_says_what_it_is(parse: Any, sop_class: str, words_of_reason: str) -> None:
    found = parse(dataset(sop_class=sop_class))
    assert words_of_reason in found.instance.header["no_pixels"]
    assert not found.instance.has_pixels


def test_lossy_images_say_so_and_how_much(header: Any) -> None:
    found = header(LossyImageCompression="01", LossyImageCompressionRatio=[12.5])
    assert (found.lossy, found.lossy_ratio) == (True, (12.5,))


@pytest.mark.parametrize(
    ("is_signed", "vr", "written", "meant"),
    [(True, "US", 63536, -2000), (True, "SS", -2000, -2000), (False, "US", 63536, 63536), (False, "SS", -2000, 63536)],
)
def test_padding_is_believed_whatever_sign_it_was_written_with(
    parse: Any, is_signed: bool, vr: str, written: int, meant: int
) -> None:
    made = dataset(GREY.astype(np.int16) if is_signed else GREY)
    made.add_new(0x00280120, vr, written)
    assert ImageHeader.from_json(parse(made).instance.header).padding == (meant, meant)


def test_a_padding_range_is_low_before_high(header: Any) -> None:
    assert header(PixelPaddingValue=9, PixelPaddingRangeLimit=3).padding == (3, 9)


def test_an_overlay_of_8192_rows_is_not_taken_for_empty(parse: Any) -> None:
    made = dataset(GREY)
    for element, vr, value in ((0x10, "US", 8192), (0x11, "US", 8), (0x50, "SS", [1, 1]), (0x3000, "OW", bytes(8192))):
        made.add_new(0x60000000 | element, vr, value)
    assert ImageHeader.from_json(parse(made).instance.header).overlays[0].rows == 8192


def test_an_overlay_that_lies_in_the_image_bits_is_left_out_with_a_warning(parse: Any) -> None:
    made = dataset(GREY, BitsStored=12, HighBit=11)
    for element, vr, value in ((0x10, "US", 8), (0x11, "US", 10), (0x100, "US", 16), (0x102, "US", 3)):
        made.add_new(0x60000000 | element, vr, value)
    found = ImageHeader.from_json(parse(made).instance.header)
    assert found.overlays == ()
    assert found.warnings == ("Overlay 6000 is malformed: not shown",)


def test_a_lossy_syntax_is_lossy_whatever_the_header_says(parse: Any) -> None:
    made = dataset(GREY.astype(np.uint8), "1.2.840.10008.1.2.4.50", PixelData=encapsulated([b"\0\0"]))
    assert ImageHeader.from_json(parse(made).instance.header).lossy


@pytest.mark.parametrize(
    ("stem", "words"), [("66.4", "segmentation"), ("66.7", "segmentation"), ("481.2", "dose"), ("30", "values")]
)
def test_pixels_that_show_nobody_say_so(header: Any, stem: str, words: str) -> None:
    """Alone, without the images that it belongs to, it would look like one."""
    (said,) = header(SOPClassUID=f"1.2.840.10008.5.1.4.1.1.{stem}").warnings
    assert words in said
    assert "no image of the patient" in said
    assert header().warnings == ()
