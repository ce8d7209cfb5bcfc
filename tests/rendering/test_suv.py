"""SUV is given only when everything it depends on is there and makes sense."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rendering.header import ImageHeader, PetFacts
from rendering.pixels import SuvFactor, suv_factor

FACTS = PetFacts(
    units="BQML", corrected_image=("DECY", "ATTN", "SCAT"), decay_correction="START", half_life=6588.0, total_dose=3.7e8,
    start_time="100000", series_date="20260105", series_time="110000.00", acquisition_date="20260105",
    acquisition_time="110000.00", weight=74.0,
)  # fmt: skip


def factor(**changes: Any) -> SuvFactor | tuple[str, ...]:
    pet = replace(FACTS, **changes)
    return suv_factor(ImageHeader("1.1", "1.2", "1.3", "1.4", "1.5", "PT", pet=pet))


def value(**changes: Any) -> float:
    found = factor(**changes)
    assert isinstance(found, SuvFactor), found
    return found.factor


def test_the_dose_decays_from_injection_to_the_start_of_the_series() -> None:
    assert value() == pytest.approx(74_000 / (3.7e8 * 0.5 ** (3600 / 6588)), rel=1e-12)


def test_a_dose_corrected_to_the_administration_does_not_decay() -> None:
    assert value(decay_correction="ADMIN") == pytest.approx(74_000 / 3.7e8)


def test_an_injection_before_midnight_is_of_the_day_before() -> None:
    late = value(start_time="233000", series_time="003000", acquisition_time="003000")
    assert late == pytest.approx(value())


def test_a_full_start_date_and_time_is_preferred() -> None:
    assert value(start_time="010101", start_datetime="20260105100000.000000+0100") == pytest.approx(value())


def test_grams_per_millilitre_are_suv_already() -> None:
    assert value(units="GML", suv_type="BW") == 1.0
    assert isinstance(factor(units="GML", suv_type="LBM"), tuple)


def test_philips_counts_take_the_private_factors() -> None:
    assert value(units="CNTS", philips_suv_factor=0.00031) == 0.00031
    assert value(units="CNTS", philips_activity_factor=2.5) == pytest.approx(value() * 2.5)
    assert "Philips" in " ".join(map(str, factor(units="CNTS")))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"corrected_image": ("DECY",)}, "attenuation"),
        ({"corrected_image": ("ATTN",)}, "decay"),
        ({"units": "PROPCNTS"}, "PROPCNTS"),
        ({"units": ""}, "missing"),
        ({"decay_correction": "NONE"}, "DecayCorrection"),
        ({"decay_correction": ""}, "DecayCorrection"),
        ({"half_life": None}, "HalfLife"),
        ({"half_life": 0.0}, "HalfLife"),
        ({"total_dose": None}, "TotalDose"),
        ({"total_dose": 370.0}, "TotalDose"),
        ({"total_dose": 0.0}, "TotalDose"),
        ({"weight": None}, "PatientWeight"),
        ({"weight": 0.0}, "PatientWeight"),
        ({"weight": 74000.0}, "PatientWeight"),
        ({"start_time": ""}, "injection time"),
        ({"start_time": "nonsense"}, "injection time"),
        ({"start_datetime": "20260104100000"}, "does not fit"),
        ({"series_time": ""}, "SeriesTime"),
        ({"acquisition_time": "105900"}, "SeriesTime"),
    ],
)
def test_a_missing_or_impossible_input_is_a_reason_not_a_number(changes: dict[str, Any], word: str) -> None:
    found = factor(**changes)
    assert isinstance(found, tuple), found
    assert word in " ".join(found)


def test_other_modalities_have_no_suv() -> None:
    assert suv_factor(ImageHeader("1.1", "1.2", "1.3", "1.4", "1.5", "CT")) == ("Not a PET image",)
