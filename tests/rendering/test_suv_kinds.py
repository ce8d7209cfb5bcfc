"""SUV of each kind by its published formula, refused in words where size, sex or weight are missing or cannot be (F55)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import fused_pair as pair
import numpy as np
import pytest
from fused_pair import PET_FACTS

from rendering.header import ImageHeader, PetFacts
from rendering.pixels.suv import SuvFactor, SuvKind, body_size, suv_factors
from rendering.viewport import Viewport
from rendering.viewport_values import ValueScale
from workstation.domain.viewing import Plane

K = SuvKind
# A man of 91 kg and 1.88 m: SUVbw 0.00042111 is that of another program for ../shared/data/02*, as are these.
MAN = replace(PET_FACTS, weight=91.0, size=1.88, sex="M", total_dose=588802304.0, half_life=6588.0, start_time="072100",
              series_time="095947", acquisition_time="095947")  # fmt: skip


def factors(pet: PetFacts) -> dict[SuvKind, Any]:
    return dict(suv_factors(ImageHeader("1.1", "1.2", "1.3", "1.4", "1.5", "PT", pet=pet)))


def value(pet: PetFacts, kind: SuvKind) -> float:
    found = factors(pet)[kind]
    assert isinstance(found, SuvFactor), found
    return found.factor


@pytest.mark.parametrize(
    ("kind", "factor"), [(K.BODY_WEIGHT, 0.00042111), (K.LEAN_JAMES, 0.00032444), (K.IDEAL_WEIGHT, 0.000398713)]
)
def test_the_factors_are_those_of_an_independent_calculator(kind: SuvKind, factor: float) -> None:
    assert value(MAN, kind) == pytest.approx(factor, rel=2e-5)


@pytest.mark.parametrize(
    ("kind", "sex", "grams"),
    [
        (K.LEAN_JANMAHASATIAN, "M", 9.27e6 * 80 / (6680 + 216 * 80 / 1.8**2)),
        (K.LEAN_JANMAHASATIAN, "F", 9.27e6 * 80 / (8780 + 244 * 80 / 1.8**2)),
        (K.LEAN_JAMES, "M", 1000 * (1.10 * 80 - 128 * (80 / 180) ** 2)),
        (K.LEAN_JAMES, "F", 1000 * (1.07 * 80 - 148 * (80 / 180) ** 2)),
        (K.IDEAL_WEIGHT, "M", 1000 * (48.0 + 1.06 * 28)),
        (K.IDEAL_WEIGHT, "F", 1000 * (45.5 + 0.91 * 28)),
    ],
)
def test_each_size_follows_its_formula(kind: SuvKind, sex: str, grams: float) -> None:
    assert body_size(replace(PET_FACTS, weight=80.0, size=1.80, sex=sex), kind) == pytest.approx(grams, rel=1e-9)


def test_the_surface_of_dubois_is_the_textbooks() -> None:
    """1.81 m² for 70 kg and 170 cm; SUVbsa is in cm²/ml."""
    assert body_size(replace(PET_FACTS, weight=70.0, size=1.70, sex=""), K.SURFACE) == pytest.approx(18_100, rel=2e-3)


@pytest.mark.parametrize(
    ("changes", "kind", "word"),
    [
        ({"size": None}, K.LEAN_JANMAHASATIAN, "PatientSize"),
        ({"size": 180.0}, K.SURFACE, "PatientSize"),
        ({"size": 0.0}, K.LEAN_JAMES, "PatientSize"),
        ({"sex": "O"}, K.LEAN_JANMAHASATIAN, "PatientSex"),
        ({"sex": ""}, K.IDEAL_WEIGHT, "PatientSex"),
        ({"weight": None}, K.SURFACE, "PatientWeight"),
        ({"weight": 160.0, "size": 1.70}, K.LEAN_JAMES, "James"),
        ({"weight": 4.0, "size": 1.80}, K.LEAN_JANMAHASATIAN, "fit each other"),
        ({"size": 1.2, "weight": 25.0}, K.IDEAL_WEIGHT, "ideal weight"),
    ],
)
def test_a_kind_whose_input_is_missing_is_refused_with_the_reason(changes: dict[str, Any], kind: SuvKind, word: str) -> None:
    found = factors(replace(PET_FACTS, **changes))[kind]
    assert isinstance(found, tuple)
    assert word in " ".join(found)


def test_what_one_kind_lacks_does_not_take_the_others() -> None:
    found = factors(replace(PET_FACTS, size=None, sex=""))
    assert [kind for kind in K if isinstance(found[kind], SuvFactor)] == [K.BODY_WEIGHT]


def test_a_cause_that_holds_for_all_is_each_ones_reason() -> None:
    found = factors(replace(PET_FACTS, units="PROPCPS"))
    assert all(isinstance(reasons, tuple) and "PROPCPS" in " ".join(reasons) for reasons in found.values())


def test_values_that_are_suv_already_are_called_what_suvtype_says() -> None:
    lean = factors(replace(PET_FACTS, units="GML", suv_type="LBMJANMA"))
    assert lean[K.LEAN_JANMAHASATIAN].factor == 1.0
    assert lean[K.BODY_WEIGHT].factor == pytest.approx(74_000 / body_size(PET_FACTS, K.LEAN_JANMAHASATIAN))  # type: ignore[operator]
    assert value(replace(PET_FACTS, units="CM2ML", suv_type="BSA"), K.SURFACE) == 1.0
    # LBM names no formula: nothing is told as SUV of a kind that it may not be.
    assert all(isinstance(found, tuple) for found in factors(replace(PET_FACTS, units="GML", suv_type="LBM")).values())


def test_a_series_time_that_was_rewritten_is_reckoned_back_from_the_bed() -> None:
    """The third bed of 150 s, begun 300 s into the scan; its mean count rate falls a little before its middle."""
    length, rate = 150.0, np.log(2) / 6588.0
    mean_at = np.log(rate * length / (1 - np.exp(-rate * length))) / rate
    rewritten = replace(PET_FACTS, series_time="120000", acquisition_time="110500", frame_duration=150_000.0,
                        frame_reference_time=1000 * (300.0 + mean_at))  # fmt: skip
    found = factors(rewritten)[K.BODY_WEIGHT]
    assert isinstance(found, SuvFactor)
    assert found.is_estimated
    assert found.factor == pytest.approx(pair.FACTOR, rel=1e-9)
    noted = replace(rewritten, ge_scan_start="20260105110000.00")
    assert factors(noted)[K.BODY_WEIGHT].is_estimated is False
    assert value(noted, K.BODY_WEIGHT) == pytest.approx(pair.FACTOR, rel=1e-9)


def test_beds_of_one_series_that_were_reckoned_to_whole_seconds_are_one_scale(make_series: Any) -> None:
    images = pair.pet()
    beds = [replace(PET_FACTS, series_time="120000", acquisition_time=f"11{m:02d}01", frame_duration=60_000.0,
                    frame_reference_time=1000 * (60.0 * m + 30.0)) for m in (5, 6)]  # fmt: skip
    headers = {id(images.header(p)): images.header(p) for p in range(images.frame_count)}
    for index, header in enumerate(headers.values()):
        object.__setattr__(header, "pet", beds[index % 2])
    assert ValueScale(images).own.name == "SUVbw"


def test_a_unit_changes_the_numbers_and_not_the_greys() -> None:
    view = Viewport(pair.pet())
    state = view.at_point(view.default_state(Plane.AXIAL), pair.CENTRE)
    names = [unit.name for unit in view.value_units().offered]
    assert names == ["SUVbw", "SUVlbm (Janma)", "SUVlbm (James)", "SUVbsa", "SUVibw", "BQML"]
    own = view.picture(state, 90, 90)
    x, y, _ = view.to_view(state, 90, 90, pair.CENTRE)  # type: ignore[misc]
    for unit in view.value_units().offered:
        told = replace(state, value_unit=unit.name)
        picture, probe = view.picture(told, 90, 90), view.probe(told, 90, 90, x, y)
        assert np.array_equal(picture.pixels, own.pixels)
        assert (picture.unit, probe.unit) == (unit.name, unit.name)
        assert probe.value == pytest.approx(probe.modality_value * unit.factor)
        assert picture.window.width == pytest.approx(own.window.width * unit.factor / pair.FACTOR)


def test_a_unit_that_a_series_does_not_offer_leaves_it_in_its_own() -> None:
    view = Viewport(pair.ct())
    state = replace(view.default_state(), value_unit="SUVbsa")
    assert view.picture(state, 20, 20).unit == "HU"
    assert [unit.factor for unit in view.value_units().offered] == [1.0]
