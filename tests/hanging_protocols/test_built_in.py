"""Each built-in protocol on a study such as it was made for."""

from __future__ import annotations

from typing import Any

import pytest
from hanging_studies import CORONAL, DBT_CLASS, SAGITTAL, ct, four_views, mammogram, mr, series, study

from hanging_protocols.engine import ProtocolHanger
from workstation.domain.study import Study
from workstation.domain.viewing import Arrangement, Cell

SUV = {"weight": 80.0, "total_dose": 3e8, "half_life": 6586.0}
PRIOR = "20250101"


def scout(uid: str = "scout") -> Any:
    return ct(uid, 2, number=1, ImageType=("ORIGINAL", "PRIMARY", "LOCALIZER"), ConvolutionKernel="STANDARD")


def two_kernels(uid: str, body: str, date: str = "20260110", description: str = "") -> Study:
    soft = ct(f"{uid} soft", 60, number=2, body=body, ConvolutionKernel="STANDARD", SliceThickness="5")
    sharp = ct(
        f"{uid} sharp", 240, number=3, body=body, ConvolutionKernel="LUNG" if body == "CHEST" else "BONE", SliceThickness="1.25"
    )
    cor = ct(
        f"{uid} cor", 90, number=4, body=body, ImageOrientationPatient=CORONAL, ImageType=("DERIVED", "SECONDARY", "REFORMATTED")
    )
    return study(uid, scout(f"{uid} scout"), soft, sharp, cor, date=date, description=description)


def shown(cell: Cell) -> tuple[int, int, str, str, str]:
    """(row, column, series, plane, window name)."""
    if cell.state is None:
        return (cell.row, cell.column, "", "", cell.reason)
    window = cell.state.window.explanation if cell.state.window else ""
    return (cell.row, cell.column, cell.state.series_uid, cell.state.plane.value, window)


def stages(hanger: ProtocolHanger, current: Study, *priors: Study) -> dict[str, Arrangement]:
    count = hanger.hang(current, priors).stage_count
    hung = [hanger.hang(current, priors, stage) for stage in range(count)]
    return {one.stage_title: one for one in hung}


def cells(arrangement: Arrangement) -> list[tuple[int, int, str, str, str]]:
    return [shown(cell) for cell in arrangement.cells]


def test_a_chest_ct_hangs_lung_beside_mediastinum_then_three_planes(hanger: ProtocolHanger) -> None:
    found = stages(hanger, two_kernels("s", "CHEST"))
    assert list(found) == ["Lung and soft tissue", "Three planes", "Thick MIP for nodules", "Bone", "Other series"]
    assert found["Three planes"].protocol == "ct-chest"
    assert cells(found["Lung and soft tissue"]) == [(0, 0, "s sharp", "stack", "Lung"), (0, 1, "s soft", "stack", "Mediastinum")]
    assert cells(found["Three planes"]) == [
        (0, 0, "s soft", "axial", "Soft tissue"),
        (0, 1, "s cor", "stack", "Soft tissue"),
        (0, 2, "s soft", "sagittal", "Soft tissue"),
    ]
    assert {c[2] for c in cells(found["Other series"])} == {"s scout"}


def test_a_chest_ct_with_a_prior_hangs_both_first_with_the_same_window(hanger: ProtocolHanger) -> None:
    found = stages(hanger, two_kernels("s", "CHEST"), two_kernels("p", "CHEST", PRIOR))
    first = found["Current and prior"]
    assert first.stage == 0
    assert cells(first) == [(0, 0, "s sharp", "stack", "Lung"), (0, 1, "p sharp", "stack", "Lung")]
    assert cells(found["Three planes"])[3] == (1, 1, "p soft", "stack", "Soft tissue")


def test_a_head_ct_hangs_brain_beside_bone(hanger: ProtocolHanger) -> None:
    found = stages(hanger, two_kernels("s", "HEAD"))
    assert found["Brain and bone"].protocol == "ct-head"
    assert cells(found["Brain and bone"]) == [(0, 0, "s soft", "stack", "Brain"), (0, 1, "s sharp", "stack", "Bone")]
    assert [c[4] for c in cells(found["Three planes"])] == ["Brain", "Brain", "Brain", "Stroke"]


def test_an_abdominal_ct_prefers_the_series_after_contrast(hanger: ProtocolHanger) -> None:
    before, after = ct("before", 200, body="ABDOMEN"), ct("after", 100, body="ABDOMEN", ContrastBolusAgent="IOMERON")
    found = stages(hanger, study("s", before, after))
    assert found["Soft tissue and liver"].protocol == "ct-abdomen"
    assert cells(found["Soft tissue and liver"]) == [(0, 0, "after", "stack", "Soft tissue"), (0, 1, "after", "stack", "Liver")]


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("CT CHEST ABDOMEN PELVIS", "ct-trunk"),
        ("DT thorax och buk", "ct-trunk"),
        ("CT abdomen og bekken", "ct-abdomen"),
        ("Keuhkojen TT", "ct-chest"),
        ("DT hjärna", "ct-head"),
        ("CT knee", "ct-extremity"),
        ("", "ct"),
    ],
)
def test_what_was_ordered_decides_between_ct_protocols(hanger: ProtocolHanger, description: str, expected: str) -> None:
    assert hanger.hang(study("s", ct("1"), description=description), ()).protocol == expected


def test_a_coded_body_part_counts_more_than_what_the_study_is_called(hanger: ProtocolHanger) -> None:
    coded = ct("1", AnatomicRegionSequence="818981001|SCT|Abdomen")
    assert hanger.hang(study("s", coded, description="CT chest"), ()).protocol == "ct-abdomen"


def brain(uid: str, date: str = "20260110") -> Study:
    parts = [
        mr(f"{uid} t1", "T1", SAGITTAL, number=2), mr(f"{uid} t2", "T2", number=3),
        mr(f"{uid} flair", "FLUID_ATTENUATED", number=4),
        mr(f"{uid} dwi", "DIFFUSION", number=5, DiffusionBValue="1000"), mr(f"{uid} b0", "DIFFUSION", number=6, count=48),
        mr(f"{uid} adc", "DIFFUSION", number=7, ImageType=("DERIVED", "PRIMARY", "DIFFUSION", "ADC")),
        mr(f"{uid} t1c", "T1", count=160, number=8, MRAcquisitionType="3D", ContrastBolusAgent="DOTAREM"),
        mr(f"{uid} loc", "T1", number=1, ImageType=("ORIGINAL", "PRIMARY", "LOCALIZER")),
    ]  # fmt: skip
    return study(uid, *parts, description="MR Hjärna", date=date)


def test_a_brain_mr_hangs_t1_t2_flair_and_diffusion_two_by_two(hanger: ProtocolHanger) -> None:
    found = stages(hanger, brain("s"))
    first = found["T1, T2, FLAIR, diffusion"]
    assert (first.protocol, first.stage, first.layout.rows, first.layout.columns) == ("mr-brain", 0, 2, 2)
    assert [c[2] for c in cells(first)] == ["s t1", "s t2", "s flair", "s dwi"]
    assert [c[2] for c in cells(found["Before and after contrast"])] == ["s t1", "s t1c"]
    assert [c[2] for c in cells(found["Diffusion and susceptibility"])] == ["s dwi", "s adc"]
    assert [c[2:4] for c in cells(found["Three planes"])] == [
        ("s t1c", "axial"), ("s t1c", "coronal"), ("s t1c", "sagittal"), ("s t1c", "stack"),
    ]  # fmt: skip


def test_a_brain_mr_against_its_prior_shows_the_same_kind_of_series(hanger: ProtocolHanger) -> None:
    found = stages(hanger, brain("s"), brain("p", PRIOR))
    assert [c[2] for c in cells(found["Current and prior"])] == ["s flair", "p flair"]


def test_a_prior_shows_what_is_most_like_the_current_series(hanger: ProtocolHanger) -> None:
    current = study("s", mr("t1", "T1"), description="MR brain")
    prior = study("p", mr("old flair", "FLUID_ATTENUATED"), mr("old t1", "T1"), description="MR brain", date=PRIOR)
    assert [c[2] for c in cells(stages(hanger, current, prior)["Current and prior"])] == ["t1", "old t1"]


def test_a_spine_mr_hangs_sagittal_series_side_by_side_then_axial(hanger: ProtocolHanger) -> None:
    parts = [mr("t1", "T1", SAGITTAL), mr("t2", "T2", SAGITTAL), mr("stir", "STIR", SAGITTAL), mr("ax", "T2")]
    found = stages(hanger, study("s", *parts, description="MR lumbalcolumna"))
    assert found["Sagittal T1, T2, STIR"].protocol == "mr-spine"
    assert [c[2] for c in cells(found["Sagittal T1, T2, STIR"])] == ["t1", "t2", "stir"]
    assert [c[2] for c in cells(found["Sagittal and axial T2"])] == ["t2", "ax"]


def test_any_other_mr_hangs_its_first_series_scouts_last(hanger: ProtocolHanger) -> None:
    parts = [mr(str(n), "T1", number=n) for n in (2, 3)] + [
        mr("loc", "T1", number=1, ImageType=("ORIGINAL", "PRIMARY", "LOCALIZER"))
    ]
    hung = hanger.hang(study("s", *parts, description="MR"), ())
    assert (hung.protocol, [c[2] for c in cells(hung)]) == ("mr", ["2", "3", "loc"])


def film(uid: str, position: str, body: str = "CHEST", **attributes: Any) -> Any:
    return series(uid, "DX", body=body, ViewPosition=position, PatientOrientation=("L", "F"), **attributes)


def test_a_chest_film_hangs_frontal_then_lateral(hanger: ProtocolHanger) -> None:
    found = stages(hanger, study("s", film("lat", "LL"), film("pa", "PA")))
    assert found["Frontal and lateral"].protocol == "radiograph-chest"
    assert [c[2] for c in cells(found["Frontal and lateral"])] == ["pa", "lat"]


def test_a_chest_film_with_a_prior_hangs_frontal_beside_frontal_first(hanger: ProtocolHanger) -> None:
    prior = study("p", film("old lat", "LL"), film("old pa", "PA"), date=PRIOR)
    found = stages(hanger, study("s", film("lat", "LL"), film("pa", "PA")), prior)
    assert [c[2] for c in cells(found["Current and prior"])] == ["pa", "old pa"]
    assert found["Current and prior"].stage == 0
    assert [c[2] for c in cells(found["Both views, current and prior"])] == ["pa", "lat", "old pa", "old lat"]


def test_a_film_meant_for_processing_is_not_hung_in_a_cell(hanger: ProtocolHanger) -> None:
    raw = film("raw", "PA", PresentationIntentType="FOR PROCESSING")
    found = stages(hanger, study("s", raw, film("pa", "PA")))
    assert [c[2] for c in cells(found["Frontal and lateral"])] == ["pa"]
    assert [c[2] for c in cells(found["Other series"])] == ["raw"]


def test_a_hand_hangs_all_its_views(hanger: ProtocolHanger) -> None:
    hung = hanger.hang(
        study("s", film("1", "PA", "HAND"), film("2", "LL", "HAND", number=2), film("3", "RAO", "HAND", number=3)), ()
    )
    assert (hung.protocol, [c[2] for c in cells(hung)]) == ("radiograph-extremity", ["1", "2", "3"])


def test_any_other_film_hangs_generically(hanger: ProtocolHanger) -> None:
    assert hanger.hang(study("s", film("1", "AP", "LEFTOVER")), ()).protocol == "radiograph"


def test_four_mammograms_hang_chest_walls_back_to_back_then_pair_by_pair_then_against_the_prior(hanger: ProtocolHanger) -> None:
    found = stages(hanger, four_views("s"), four_views("p", PRIOR))
    assert list(found) == [
        "Four views", "CC", "MLO", "CC above prior", "MLO above prior", "R CC beside prior", "L CC beside prior",
        "R MLO beside prior", "L MLO beside prior", "Current above prior",
    ]  # fmt: skip
    assert cells(found["Four views"]) == [
        (0, 0, "s.RCC", "stack", ""), (0, 1, "s.LCC", "stack", ""), (1, 0, "s.RMLO", "stack", ""), (1, 1, "s.LMLO", "stack", ""),
    ]  # fmt: skip
    assert [c[2] for c in cells(found["CC"])] == ["s.RCC", "s.LCC"]
    assert [c[2] for c in cells(found["Current above prior"])][4:] == ["p.RCC", "p.LCC", "p.RMLO", "p.LMLO"]
    assert [cell.is_prior for cell in found["Current above prior"].cells] == [False] * 4 + [True] * 4


def test_a_mammogram_stored_the_other_way_is_mirrored_to_its_chest_wall(hanger: ProtocolHanger) -> None:
    hung = hanger.hang(study("s", mammogram("r", "R", "CC", PatientOrientation=("A", "L")), mammogram("l", "L", "CC")), ())
    right, left = hung.cells[0].state, hung.cells[1].state
    assert right
    assert left
    assert (right.flipped_horizontally, left.flipped_horizontally) == (True, False)


def test_a_missing_mammogram_is_seen_to_be_missing(hanger: ProtocolHanger) -> None:
    current = four_views("s")
    hung = hanger.hang(study("s", *(one for one in current.series if one.series_instance_uid != "s.LMLO")), ())
    assert cells(hung)[3][2] == ""
    assert cells(hung)[3][4].startswith("there is no series that is all of this at once: Modality is MG; left; MLO; not")


def test_a_spot_view_does_not_take_the_place_of_the_screening_view(hanger: ProtocolHanger) -> None:
    spot = mammogram("spot", "R", "CC", 0, ViewModifierCodeSequence="399055006|SCT|Spot Compression")
    assert cells(hanger.hang(study("s", spot, *four_views("s").series), ()))[0][2] == "s.RCC"


def test_tomosynthesis_hangs_beside_its_2d(hanger: ProtocolHanger) -> None:
    views = [("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO")]
    tomo = [mammogram(f"{side}{view} tomo", side, view, sop_class=DBT_CLASS, frames=50) for side, view in views]
    flat = [mammogram(f"{side}{view} flat", side, view, ImageType=("DERIVED", "PRIMARY", "GENERATED_2D")) for side, view in views]
    found = stages(hanger, study("s", *tomo, *flat))
    assert found["Four views"].protocol == "tomosynthesis"
    assert [c[2] for c in cells(found["Four views"])] == ["RCC flat", "LCC flat", "RMLO flat", "LMLO flat"]
    assert [c[2] for c in cells(found["Right: 2D and tomosynthesis"])] == ["RCC flat", "RCC tomo", "RMLO flat", "RMLO tomo"]
    assert [c[2] for c in cells(found["Left: 2D and tomosynthesis"])] == ["LCC tomo", "LCC flat", "LMLO tomo", "LMLO flat"]


def test_a_single_tomosynthesis_fills_the_screen(hanger: ProtocolHanger) -> None:
    hung = hanger.hang(study("s", mammogram("tomo", "L", "MLO", sop_class=DBT_CLASS, frames=50)), ())
    assert (hung.layout.count, cells(hung)[0][2]) == (1, "tomo")


def pet_ct(uid: str, date: str = "20260110") -> Study:
    ac = series(
        f"{uid} ac",
        "PT",
        200,
        3,
        frame=uid,
        pet=SUV,
        Units="BQML",
        CorrectedImage=("ATTN", "DECY"),
        AttenuationCorrectionMethod="CT",
    )
    nac = series(f"{uid} nac", "PT", 200, 4, frame=uid, pet=SUV, Units="BQML", CorrectedImage=("DECY",))
    return study(uid, scout(f"{uid} scout"), ct(f"{uid} ct", 200, frame=uid), nac, ac, description="PET CT thorax", date=date)


def test_a_pet_ct_hangs_ct_pet_over_ct_pet_and_its_mip(hanger: ProtocolHanger) -> None:
    found = stages(hanger, pet_ct("s"))
    first = found["CT, PET over CT, PET, MIP"]
    assert (first.protocol, first.stage) == ("pet-ct", 0)
    assert cells(first) == [
        (0, 0, "s ct", "stack", "Soft tissue"), (0, 1, "s ct", "stack", "Soft tissue"), (1, 0, "s ac", "stack", "SUV 7"),
        (1, 1, "s ac", "3d", "PET MIP"),
    ]  # fmt: skip
    laid = [cell.state.fusion for cell in first.cells if cell.state]
    assert [one.series_uid if one else "" for one in laid] == ["", "s ac", "", ""]
    assert laid[1]
    assert laid[1].window
    assert laid[1].window.explanation == "SUV 7"
    assert [cell.state.solid.preset for cell in first.cells if cell.state] == ["", "", "", "PET MIP"]
    assert [cell.state.inverted for cell in first.cells if cell.state] == [False, False, True, False]
    assert [c[3] for c in cells(found["Coronal"])] == ["coronal"] * 3
    assert [c[2] for c in cells(found["With and without attenuation correction"])] == ["s ac", "s nac"]


def test_a_pet_ct_against_its_prior_compares_pet_with_pet_and_fusion_with_fusion(hanger: ProtocolHanger) -> None:
    found = stages(hanger, pet_ct("s"), pet_ct("p", PRIOR))["Current and prior"]
    assert [c[2] for c in cells(found)] == ["s ct", "p ct", "s ac", "p ac"]
    assert [cell.state.fusion.series_uid for cell in found.cells if cell.state and cell.state.fusion] == ["s ac", "p ac"]


@pytest.mark.parametrize(("modality", "expected"), [("US", "ultrasound"), ("XA", "angiography"), ("RF", "angiography")])
def test_moving_images_hang_one_by_one_in_the_order_taken(hanger: ProtocolHanger, modality: str, expected: str) -> None:
    hung = hanger.hang(study("s", series("b", modality, number=2, frames=30), series("a", modality, number=1, frames=30)), ())
    assert (hung.protocol, hung.layout.count, cells(hung)[0][2]) == (expected, 1, "a")


def test_nuclear_medicine_hangs_dark_on_white_side_by_side(hanger: ProtocolHanger) -> None:
    hung = hanger.hang(study("s", series("ant", "NM", number=1), series("post", "NM", number=2)), ())
    assert (hung.protocol, [c[2] for c in cells(hung)]) == ("nuclear", ["ant", "post"])
    assert all(cell.state and cell.state.inverted for cell in hung.cells)


def test_what_no_protocol_knows_is_laid_out_plainly(hanger: ProtocolHanger) -> None:
    assert hanger.hang(study("s", series("1", "OT")), ()).protocol == "plain"
