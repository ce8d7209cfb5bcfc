"""What tells frames at one place apart, read out of received files: standard and private, never from a block of another's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from received import BIG, EXPLICIT, IMPLICIT, dataset, item, items, save, smooth

from rendering.header import FrameFacts, ImageHeader
from rendering.parse import parse_bytes

GREY = smooth(8, 10, 4095)
MR, ENHANCED_MR, CT, PET, NM = (f"1.2.840.10008.5.1.4.1.1.{end}" for end in ("4", "4.1", "2", "128", "20"))
SYNTAXES = pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG], ids=["implicit", "explicit", "big"])


@pytest.fixture
def facts(tmp_path: Path) -> Any:
    def read(made: Dataset) -> FrameFacts:
        parsed = parse_bytes(save(made, tmp_path / "a.dcm").read_bytes(), "a.dcm")
        return ImageHeader.from_json(parsed.instance.header).frame(0)

    return read


def mr(syntax: str = EXPLICIT, **elements: Any) -> Dataset:
    return dataset(GREY, syntax, MR, Modality="MR", **elements)


def with_private(made: Dataset, group: int, creator: str, elements: dict[int, tuple[str, Any]]) -> Dataset:
    block = made.private_block(group, creator, create=True)
    for offset, (vr, value) in elements.items():
        block.add_new(offset, vr, value)
    return made


@SYNTAXES
def test_private_b_values_and_directions_of_siemens(facts: Any, syntax: str) -> None:
    made = with_private(mr(syntax), 0x0019, "SIEMENS MR HEADER", {0x0C: ("IS", "800"), 0x0E: ("FD", [0.6, 0.0, 0.8])})
    found = facts(made)
    assert (found.b_value, found.b_direction) == (800.0, (0.6, 0.0, 0.8))


@SYNTAXES
def test_private_b_values_and_directions_of_philips(facts: Any, syntax: str) -> None:
    made = with_private(mr(syntax), 0x2001, "Philips Imaging DD 001", {0x03: ("FL", 1000.0)})
    made = with_private(made, 0x2005, "Philips MR Imaging DD 001", {0xB0: ("FL", 0.0), 0xB1: ("FL", 1.0), 0xB2: ("FL", 0.0)})
    found = facts(made)
    assert (found.b_value, found.b_direction) == (1000.0, (0.0, 1.0, 0.0))


@pytest.mark.parametrize(("written", "meant"), [("1000", 1000.0), ("1000000800", 800.0), ("0", 0.0), ("-5", None)])
def test_private_b_values_of_ge_are_freed_of_their_bias(facts: Any, written: str, meant: float | None) -> None:
    found = facts(with_private(mr(), 0x0043, "GEMS_PARM_01", {0x39: ("IS", [written, "8", "0", "0"])}))
    assert found.b_value == meant


def test_the_standard_element_goes_before_a_private_one(facts: Any) -> None:
    made = with_private(mr(DiffusionBValue=50.0), 0x0019, "SIEMENS MR HEADER", {0x0C: ("IS", "800")})
    assert facts(made).b_value == 50.0


def test_the_same_elements_in_a_block_of_somebody_else_say_nothing(facts: Any) -> None:
    made = with_private(mr(), 0x0019, "ACME 1.0", {0x0C: ("IS", "800"), 0x0E: ("FD", [0.0, 0.0, 1.0])})
    made = with_private(made, 0x0043, "ACME 1.0", {0x39: ("IS", ["1000", "8", "0", "0"])})
    found = facts(made)
    assert (found.b_value, found.b_direction) == (None, None)


def test_the_block_is_found_where_its_creator_reserved_it(facts: Any) -> None:
    made = with_private(mr(), 0x0019, "ACME 1.0", {0x0C: ("IS", "7")})
    made = with_private(made, 0x0019, "SIEMENS MR HEADER", {0x0C: ("IS", "400")})
    assert facts(made).b_value == 400.0


@pytest.mark.parametrize("vector", [[0.0, 0.0, 0.0], [3.0, 4.0, 0.0], [1.0, 0.0]])
def test_what_is_no_direction_is_none(facts: Any, vector: list[float]) -> None:
    made = with_private(mr(), 0x0019, "SIEMENS MR HEADER", {0x0C: ("IS", "800"), 0x0E: ("FD", vector)})
    assert facts(made).b_direction is None


def test_only_mr_has_private_b_values(facts: Any) -> None:
    made = with_private(dataset(GREY, sop_class=CT, Modality="CT"), 0x0019, "SIEMENS MR HEADER", {0x0C: ("IS", "800")})
    assert facts(made).b_value is None


def test_times_angles_and_energies_are_read_in_their_units(facts: Any) -> None:
    found = facts(mr(InversionTime="150", FlipAngle="12", ContentTime="101112", NominalPercentageOfCardiacPhase=30.0)).scan
    assert (found.inversion_time, found.flip_angle, found.content_time, found.cardiac_percent) == (150.0, 12.0, "101112", 30.0)
    assert [facts(mr(EchoNumbers="2", **more)).scan.echo_number for more in ({}, {"EchoTime": "30"})] == [2, None]
    found = facts(dataset(GREY, sop_class=PET, Modality="PT", FrameReferenceTime="12400", ActualFrameDuration="5000")).scan
    assert (found.reference_time, found.duration) == (12.4, 5.0)
    kinds = ["DERIVED", "SECONDARY", "AXIAL", "VMI_70KEV"]
    found = facts(
        dataset(GREY, sop_class=CT, Modality="CT", KVP="140", ImageType=kinds, AcquisitionTime="1", ContentTime="2")
    ).scan
    assert (found.kvp, found.energy_kev, found.content_time) == (140.0, 70.0, "")


def test_functional_groups_say_the_same_for_each_frame(tmp_path: Path) -> None:
    per_frame = items(
        *(
            item(
                CardiacSynchronizationSequence=items(item(NominalPercentageOfCardiacPhase=percent)),
                FrameContentSequence=items(item(TemporalPositionTimeOffset=offset)),
                MRModifierSequence=items(item(InversionTimes=[inversion])),
            )
            for percent, offset, inversion in ((0.0, 0.0, 100.0), (50.0, 2.5, 300.0))
        )
    )
    shared = items(item(MRTimingAndRelatedParametersSequence=items(item(FlipAngle=15.0))))
    made = dataset(
        np.stack([GREY, GREY]), sop_class=ENHANCED_MR, Modality="MR", NumberOfFrames=2,
        PerFrameFunctionalGroupsSequence=per_frame, SharedFunctionalGroupsSequence=shared,
    )  # fmt: skip
    header = ImageHeader.from_json(parse_bytes(save(made, tmp_path / "a.dcm").read_bytes(), "a.dcm").instance.header)
    scans = [header.frame(i).scan for i in range(2)]
    assert [(s.cardiac_percent, s.reference_time, s.inversion_time, s.flip_angle) for s in scans] == [
        (0.0, 0.0, 100.0, 15.0),
        (50.0, 2.5, 300.0, 15.0),
    ]


def test_the_vectors_of_nuclear_medicine_place_each_frame(tmp_path: Path) -> None:
    detector = item(ImagePositionPatient=[0, 0, 0], ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
    vectors = {"TimeSlotVector": [1, 1, 2, 2], "SliceVector": [1, 2, 1, 2], "DetectorVector": [1, 1, 1]}
    made = dataset(
        np.stack([GREY] * 4), sop_class=NM, Modality="NM", NumberOfFrames=4, SpacingBetweenSlices="4", PixelSpacing=[2, 2],
        ImageType=["ORIGINAL", "PRIMARY", "RECON GATED TOMO"], DetectorInformationSequence=items(detector), **vectors,
    )  # fmt: skip
    header = ImageHeader.from_json(parse_bytes(save(made, tmp_path / "a.dcm").read_bytes(), "a.dcm").instance.header)
    frames = [header.frame(i) for i in range(4)]
    assert [f.scan.time_slot for f in frames] == [1, 1, 2, 2]
    assert [f.scan.detector for f in frames] == [None] * 4  # of another length than the frames: not sound
    assert [f.plane.position[2] for f in frames if f.plane] == [0.0, 4.0, 0.0, 4.0]
