from __future__ import annotations

from typing import Any

import pytest
from hanging_studies import AXIAL, CORONAL, DBT_CLASS, SAGITTAL, ct, image, mammogram, mr, series, study

from hanging_protocols import roles
from hanging_protocols.roles_ct import kernel_role
from workstation.domain.study import Series


def names(one: Series) -> set[str]:
    found = roles.of(one)
    assert all(role.because for role in found), "every role says how it was seen"
    return {role.value for role in found}


@pytest.mark.parametrize(
    ("kernel", "role"),
    [
        ("FC51", "lung_kernel"), ("FC86", "lung_kernel"), ("FC81", "bone_kernel"),
        ("FC08", "soft_kernel"), ("FC30", "bone_kernel"),
        ("LUNG", "lung_kernel"), ("STANDARD", "soft_kernel"), ("SOFT", "soft_kernel"), ("BONEPLUS", "bone_kernel"),
        ("B30f", "soft_kernel"), ("B70f", "lung_kernel"), ("Br40d", "soft_kernel"),
        ("Bl57d", "lung_kernel"), ("H70h", "bone_kernel"),
        ("Qr40", "soft_kernel"), ("YA", "lung_kernel"), ("", ""), ("000000", ""),
        ("FC", ""), ("ZZ99", ""), ("B", "soft_kernel"),
    ],
)  # fmt: skip
def test_a_kernel_is_known_by_its_makers_name(kernel: str, role: str) -> None:
    assert kernel_role(kernel) == role


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"ImageType": ("ORIGINAL", "PRIMARY", "LOCALIZER")}, "localizer"),
        ({"description": "Översikt"}, "localizer"),
        ({"description": "Topogram 0.6"}, "localizer"),
        ({"ConvolutionKernel": ("Bl57d", "3")}, "lung_kernel"),
        ({"description": "Lunge 1mm"}, "lung_kernel"),
        ({"description": "Skelett"}, "bone_kernel"),
        ({"SliceThickness": "1.25"}, "thin"),
        ({"ContrastBolusAgent": "OMNIPAQUE"}, "post_contrast"),
        ({"ContrastBolusAgentSequence": "109218004|SCT|Iohexol"}, "post_contrast"),
        ({"description": "Portavenös fas"}, "post_contrast"),
        ({"description": "varjoaine"}, "post_contrast"),
        ({"ImageType": ("DERIVED", "SECONDARY", "REFORMATTED", "AVERAGE")}, "reformat"),
        ({"ImageType": ("DERIVED", "SECONDARY", "AXIAL", "MIP")}, "mip"),
        ({"ImageType": ("DERIVED", "SECONDARY", "AXIAL", "VMI")}, "virtual_monoenergetic"),
        ({"description": "MONO 70 keV"}, "virtual_monoenergetic"),
        ({"description": "Dose Report", "ImageOrientationPatient": ()}, "dose_report"),
        ({"description": "Dosrapport", "ImageOrientationPatient": ()}, "dose_report"),
        ({"ImageType": ("DERIVED", "SECONDARY", "SCREEN SAVE")}, "secondary_capture"),
        ({"sop_class": "1.2.840.10008.5.1.4.1.1.7.2"}, "secondary_capture"),
        ({"ImageOrientationPatient": CORONAL}, "coronal"),
        ({"ImageOrientationPatient": ("0.7", "0.7", "0", "0", "0", "-1")}, "oblique"),
    ],
)
def test_a_ct_series_is_seen_for_what_it_is(attributes: dict[str, Any], expected: str) -> None:
    assert expected in names(ct("1", **attributes))


@pytest.mark.parametrize("description", ["Low-dose CT 4.0 mm", "CT WB LOW DOSE", "Low dose report recon", "Lågdos buk"])
def test_slices_of_a_low_dose_scan_are_no_dose_report(description: str) -> None:
    slices = ct("1", description=description, ImageOrientationPatient=("1", "0", "0", "0", "1", "0"))
    assert "dose_report" not in names(slices)


def test_contrast_that_was_not_given_is_no_contrast() -> None:
    for agent in ("", "NONE", "no", "Utan"):
        assert "post_contrast" not in names(ct("1", ContrastBolusAgent=agent))


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"AcquisitionContrast": "FLUID_ATTENUATED"}, "flair"),
        ({"AcquisitionContrast": "T1"}, "t1"),
        ({"AcquisitionContrast": "DIFFUSION", "DiffusionBValue": "1000"}, "high_b"),
        ({"AcquisitionContrast": "DIFFUSION", "ImageType": ("DERIVED", "PRIMARY", "DIFFUSION", "ADC")}, "adc"),
        ({"ImageType": ("DERIVED", "PRIMARY", "DIFFUSION", "TRACEW")}, "dwi"),
        ({"DiffusionBValue": "1000"}, "dwi"),
        ({"ScanningSequence": ("SE",), "EchoTime": "12", "RepetitionTime": "550"}, "t1"),
        ({"ScanningSequence": ("SE",), "EchoTime": "95", "RepetitionTime": "4200"}, "t2"),
        ({"ScanningSequence": ("SE",), "EchoTime": "12", "RepetitionTime": "2500"}, "pd"),
        ({"ScanningSequence": ("SE", "IR"), "EchoTime": "110", "RepetitionTime": "9000", "InversionTime": "2500"}, "flair"),
        ({"ScanningSequence": ("SE", "IR"), "EchoTime": "30", "RepetitionTime": "4000", "InversionTime": "160"}, "stir"),
        ({"ScanningSequence": ("GR",), "EchoTime": "20", "RepetitionTime": "700"}, "t2_star"),
        ({"ScanningSequence": ("GR",), "EchoTime": "2.4", "RepetitionTime": "8"}, "t1"),
        ({"description": "t2 tse cor"}, "t2"),
        ({"description": "ADC map"}, "adc"),
        ({"description": "t2 flair dark fluid"}, "flair"),
        ({"description": "SAG STIR"}, "stir"),
        ({"description": "SWI"}, "swi"),
        ({"description": "ax t1 post gad"}, "post_contrast"),
        ({"MRAcquisitionType": "3D"}, "3d"),
        ({"SliceThickness": "1"}, "thin"),
    ],
)
def test_an_mr_series_is_seen_for_what_it_is(attributes: dict[str, Any], expected: str) -> None:
    assert expected in names(series("1", "MR", 24, **attributes))


def test_what_codes_say_beats_what_a_series_is_called() -> None:
    found = names(mr("1", "T2", description="t1 tse"))
    assert "t2" in found
    assert "t1" not in found
    assert "adc" not in names(mr("1", "DIFFUSION", DiffusionBValue="1000"))


def test_a_b_value_of_zero_alone_is_no_diffusion() -> None:
    assert "dwi" not in names(series("1", "MR", DiffusionBValue="0", ScanningSequence="GR", EchoTime="30", RepetitionTime="2000"))


def test_planes_are_told_by_the_slice_normal() -> None:
    planes = [names(mr("1", "T1", orientation)) for orientation in (AXIAL, CORONAL, SAGITTAL)]
    assert ["axial" in planes[0], "coronal" in planes[1], "sagittal" in planes[2]] == [True, True, True]


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"CorrectedImage": ("DECY", "ATTN"), "AttenuationCorrectionMethod": "measured"}, "pet_ac"),
        ({"CorrectedImage": ("DECY", "ATTN")}, "pet_ac"),
        ({"CorrectedImage": ("DECY",)}, "pet_nac"),
        ({"CorrectedImage": ("DECY", "ATTN"), "description": "PET NAC"}, "pet_nac"),
        ({"description": "PET WB Uncorrected"}, "pet_nac"),
        ({"AttenuationCorrectionMethod": "CT-derived"}, "pet_ac"),
    ],
)
def test_a_pet_series_is_corrected_for_attenuation_or_not(attributes: dict[str, Any], expected: str) -> None:
    assert {name for name in names(series("1", "PT", 100, **attributes)) if name.startswith("pet")} == {expected}


def test_the_ct_of_a_pet_ct_is_the_one_in_the_same_frame_of_reference() -> None:
    one = study("s", ct("ct", frame="F"), ct("other", frame="G"), series("pt", "PT", 100, frame="F"))
    found = {image_set.series.series_instance_uid: {r.value for r in seen} for image_set, seen in roles.in_study(one)}
    assert "ct_of_petct" in found["ct"]
    assert "ct_of_petct" not in found["other"]


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"ViewCodeSequence": "399162004|SCT|cranio-caudal", "ViewPosition": "MLO"}, {"cc"}),
        ({"ViewCodeSequence": "R-10226|SRT|medio-lateral oblique", "ViewPosition": ""}, {"mlo"}),
        ({"ViewPosition": "MLO"}, {"mlo"}),
        ({"ViewPosition": "", "description": "R CC"}, {"cc"}),
        ({"ViewPosition": "XCCL"}, {"xcc"}),
    ],
)
def test_a_mammogram_is_known_by_view_code_then_position_then_words(attributes: dict[str, Any], expected: set[str]) -> None:
    found = names(mammogram("1", "R", **{"view": "CC", **attributes}))
    assert found & {"cc", "mlo", "xcc"} == expected
    assert "right" in found


def test_tomosynthesis_synthetic_and_plain_mammograms_are_told_apart() -> None:
    kinds = {"tomosynthesis", "synthetic_2d", "mammogram_2d"}
    assert names(mammogram("1", "L", "CC", sop_class=DBT_CLASS)) & kinds == {"tomosynthesis"}
    assert names(mammogram("1", "L", "CC", ImageType=("DERIVED", "PRIMARY", "GENERATED_2D"))) & kinds == {"synthetic_2d"}
    assert names(mammogram("1", "L", "CC", description="C-View")) & kinds == {"synthetic_2d"}
    assert names(mammogram("1", "L", "CC")) & kinds == {"mammogram_2d"}


def test_extra_views_and_raw_data_are_marked() -> None:
    spot = mammogram(
        "1", "L", "CC", ViewModifierCodeSequence="399055006|SCT|Spot Compression", PresentationIntentType="FOR PROCESSING"
    )
    assert {"spot_compression", "for_processing"} <= names(spot)


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"ViewPosition": "PA"}, {"pa", "frontal"}),
        ({"ViewPosition": "LL"}, {"lateral"}),
        ({"description": "Thorax sida"}, {"lateral"}),
    ],
)
def test_a_radiograph_knows_its_view(attributes: dict[str, Any], expected: set[str]) -> None:
    assert names(series("1", "DX", **attributes)) == expected


def test_moving_ultrasound_is_cine_and_key_objects_are_key_images() -> None:
    assert "cine" in names(series("1", "US", frames=30))
    assert "cine" not in names(series("1", "US"))
    assert "key_image" in names(series("1", "KO"))
    assert "dose_report" in names(series("1", "SR", sop_class="1.2.840.10008.5.1.4.1.1.88.67"))


def test_malformed_numbers_give_no_role_and_no_error() -> None:
    broken = ct("1", ImageOrientationPatient=("1", "x", "", "", "", ""), SliceThickness="thin", ConvolutionKernel="")
    for one in (
        broken,
        ct("1", ImageOrientationPatient=("0",) * 6, PatientPosition="HFXX"),
        series("1", "MR", images=(image("i"),), DiffusionBValue="high", EchoTime="-"),
        ct("1", ImageOrientationPatient=(), ImageType=("DERIVED", "VMI", "9KEV"), description="mono 999 b99999999"),
    ):
        assert names(one) - {"virtual_monoenergetic", "spectral"} == {"for_reading"}
