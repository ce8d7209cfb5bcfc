"""Roles beyond the first ones: phases, energies, b-values, fat and water, positions, pictures; attributes before words."""

from __future__ import annotations

from typing import Any

import pytest
from hanging_studies import AXIAL, ct, image, mr, series, study

from hanging_protocols import roles
from workstation.domain.study import Series


def names(one: Series) -> set[str]:
    found = roles.of(one)
    assert all(role.because for role in found), "every role says how it was seen"
    return {role.value for role in found}


@pytest.mark.parametrize(
    ("attributes", "expected", "never"),
    [
        ({"description": "Lever artärfas 3.0"}, {"arterial", "post_contrast"}, {"portal_venous", "non_contrast"}),
        ({"description": "Abdomen portovenøs fase"}, {"portal_venous", "post_contrast"}, {"arterial"}),
        ({"description": "Maksa laskimovaihe"}, {"portal_venous"}, {"arterial"}),
        ({"description": "Lever senfase"}, {"delayed"}, {"arterial"}),
        ({"description": "Excretory 1.25mm"}, {"excretory"}, {"portal_venous"}),
        ({"description": "Buk nativ", "ContrastBolusAgent": "IOMERON"}, {"non_contrast"}, {"post_contrast"}),
        ({"description": "Uten kontrast"}, {"non_contrast"}, {"post_contrast"}),
        ({"description": "CTA carotis"}, {"angiography"}, set()),
        ({"description": "CBV"}, {"perfusion_map"}, {"for_reading"}),
        ({"ImageType": ("DERIVED", "PRIMARY", "PERFUSION", "RCBF")}, {"perfusion_map"}, {"for_reading"}),
        ({"ImageType": ("DERIVED", "SECONDARY", "AXIAL", "VMI", "MONO_40KEV")}, {"low_kev", "spectral"}, {"kev_70"}),
        ({"description": "VMI70"}, {"kev_70", "virtual_monoenergetic"}, {"low_kev"}),
        ({"description": "MonoE 140 keV"}, {"high_kev"}, {"low_kev"}),
        (
            {"ImageType": ("DERIVED", "PRIMARY", "AXIAL", "MAT_REMOVED"), "ContrastBolusAgent": "X"},
            {"virtual_non_contrast"},
            {"post_contrast"},
        ),
        ({"description": "Jodkarta 1.5"}, {"iodine_map", "spectral"}, {"for_reading"}),
        ({"ImageType": ("DERIVED", "PRIMARY", "AXIAL", "EFF_ATOMIC_NUM")}, {"z_effective"}, {"for_reading"}),
        ({"PatientPosition": "FFP"}, {"prone"}, {"supine"}),
        ({"PatientPosition": "HFS", "description": "prone"}, {"supine"}, {"prone"}),
        ({"description": "Ryggläge"}, {"supine"}, {"prone"}),
        ({"CardiacSynchronizationTechnique": "PROSPECTIVE"}, {"gated"}, set()),
        ({"SliceThickness": "5"}, {"thick"}, {"thin"}),
        ({"description": "VRT bäcken"}, {"volume_rendering"}, {"for_reading"}),
        ({"description": "Höft iMAR"}, {"metal", "for_reading"}, set()),
    ],
)
def test_a_ct_series_tells_its_phase_energy_and_kind(attributes: dict[str, Any], expected: set[str], never: set[str]) -> None:
    found = names(ct("1", **attributes))
    assert expected <= found
    assert not never & found


@pytest.mark.parametrize(
    ("attributes", "expected", "never"),
    [
        ({"DiffusionBValue": "1000"}, {"dwi", "high_b", "b1000"}, {"very_high_b", "b0"}),
        ({"DiffusionBValue": ("50", "1400")}, {"high_b", "very_high_b"}, {"b1000"}),
        ({"description": "ep2d_diff_calc_b1500"}, {"very_high_b", "synthetic_b"}, {"adc"}),
        ({"description": "DWI b=0"}, {"b0"}, {"high_b"}),
        ({"ImageType": ("DERIVED", "PRIMARY", "DIFFUSION", "ADC"), "DiffusionBValue": "1000"}, {"adc"}, {"dwi", "high_b"}),
        (
            {"description": "t2_tirm_tra_dark-fluid", "ScanningSequence": "SE", "EchoTime": "90", "RepetitionTime": "9000"},
            {"flair"},
            {"stir", "t2"},
        ),
        (
            {"description": "PD SPAIR sag", "ScanningSequence": "SE", "EchoTime": "28", "RepetitionTime": "3000"},
            {"pd", "fat_sat"},
            {"t2"},
        ),
        ({"ScanOptions": ("PFF", "FS"), "description": "ax"}, {"fat_sat"}, set()),
        ({"description": "t1_vibe_dixon_tra_opp"}, {"opposed_phase", "t1"}, {"in_phase"}),
        ({"description": "t1_vibe_dixon_tra_W"}, {"water"}, {"fat"}),
        ({"ImageType": ("DERIVED", "PRIMARY", "FAT")}, {"fat"}, {"water"}),
        ({"description": "t1 vibe 20 min"}, {"hepatobiliary", "post_contrast"}, {"arterial"}),
        ({"description": "T1 sub"}, {"subtraction"}, set()),
        ({"NumberOfTemporalPositions": "6"}, {"dynamic"}, set()),
        ({"NumberOfTemporalPositions": "1"}, set(), {"dynamic"}),
        ({"description": "SWI mIP"}, {"mip", "swi"}, {"for_reading"}),
        ({"description": "mIP_Images(SW)", "ImageType": ("DERIVED", "PRIMARY", "MIP")}, {"mip", "swi"}, {"for_reading"}),
        ({"description": "T1 map sax"}, {"parametric_map"}, {"t1"}),
        ({"description": "3D TOF"}, {"tof"}, {"t2"}),
        ({"description": "cine 4ch"}, {"cine_mr"}, set()),
        ({"description": "PSIR LGE"}, {"late_enhancement"}, set()),
        (
            {"description": "cor pd fs", "ImageOrientationPatient": ("0.7", "0.7", "0", "0", "0", "-1")},
            {"oblique", "coronal"},
            {"sagittal"},
        ),
        ({"description": "cor t2", "ImageOrientationPatient": AXIAL}, {"axial"}, {"coronal"}),
    ],
)
def test_an_mr_series_tells_its_weighting_fat_and_time(attributes: dict[str, Any], expected: set[str], never: set[str]) -> None:
    found = names(series("1", "MR", 24, **attributes))
    assert expected <= found
    assert not never & found


@pytest.mark.parametrize(
    ("photometric", "is_colour"), [("RGB", True), ("PALETTE COLOR", True), ("MONOCHROME2", False), ("", False)]
)
def test_a_ct_in_colours_was_painted_by_a_computer(photometric: str, is_colour: bool) -> None:
    picture = image("i")
    coloured = type(picture)(
        **{name: getattr(picture, name) for name in picture.__slots__} | {"header": {"photometric": photometric}}
    )
    found = names(series("1", "CT", images=[coloured]))
    assert ("colour" in found) is is_colour
    assert ("for_reading" in found) is not is_colour
    assert "colour" not in names(series("2", "US", images=[coloured])), "ultrasound is often in colour"


@pytest.mark.parametrize(
    ("modality", "attributes", "expected"),
    [
        ("XA", {"ImageType": ("ORIGINAL", "PRIMARY", "BIPLANE A")}, "plane_a"),
        ("XA", {"ImageType": ("ORIGINAL", "PRIMARY", "BIPLANE B")}, "plane_b"),
        ("XA", {"description": "DSA carotis"}, "dsa"),
        ("NM", {"ImageType": ("ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION")}, "tomo"),
        ("NM", {"ImageType": ("ORIGINAL", "PRIMARY", "WHOLE BODY", "EMISSION")}, "whole_body"),
        ("US", {"description": "Worksheet"}, "measurement_page"),
    ],
)
def test_other_machines_tell_theirs(modality: str, attributes: dict[str, Any], expected: str) -> None:
    assert expected in names(series("1", modality, **attributes))


def test_the_company_that_a_series_keeps_tells_what_it_is_for() -> None:
    one = study(
        "s", ct("ct", frame="F"), mr("mr", "T1", frame="F"), series("pt", "PT", 9, frame="F"), series("nm", "NM", frame="F")
    )
    found = {image_set.series.series_instance_uid: {r.value for r in seen} for image_set, seen in roles.in_study(one)}
    assert {"ct_of_petct", "ct_of_nm"} <= found["ct"]
    assert "mr_of_petmr" in found["mr"]


def test_each_frame_of_a_planar_scan_is_a_view_and_of_a_tomogram_is_not() -> None:
    planar = series("wb", "NM", 1, frames=2, ImageType=("ORIGINAL", "PRIMARY", "WHOLE BODY", "EMISSION"))
    tomo = series("sp", "NM", 1, 2, frames=60, ImageType=("ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"))
    sets = [image_set for image_set, _ in roles.in_study(study("s", planar, tomo))]
    assert [(one.series.series_instance_uid, one.position, one.images) for one in sets] == [
        ("wb", 0, 1),
        ("wb", 1, 1),
        ("sp", 0, 60),
    ]
