"""Real World Value Mappings are held against what the images say of themselves; a wrong one is said and not used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import fused_pair as pair
import numpy as np
import pytest
from fused_pair import FACTOR, PET_FACTS, PET_UID, SLOPE
from made_series import STUDY

from rendering.images import SeriesImages
from rendering.objects.facts import ObjectFacts, ObjectKind, ValueMapping
from rendering.objects.received import found_in
from rendering.objects.references import Code, ImageReference
from rendering.objects.value_maps import Mapped, mapped_units
from rendering.viewport import Viewport
from rendering.worker import ImageWorker
from workstation.domain.study import ParsedInstance, Study
from workstation.domain.viewing import Plane
from workstation.errors import Refused

BODY_WEIGHT = Code("{SUVbw}g/ml", "UCUM", "Standardized Uptake Value body weight")
LEAN = Code("g/ml{SUVlbm(Janma)}", "UCUM", "Standardized Uptake Value lean body mass (Janma)")


def judged(images: SeriesImages, slope: float | None, unit: Code = BODY_WEIGHT, intercept: float = 0.0) -> Mapped:
    study = images.study
    named = tuple(ImageReference(i.sop_instance_uid) for i in study.series[0].instances)
    mapping = ValueMapping(named, unit, slope, intercept)
    facts = ObjectFacts(ObjectKind.VALUE_MAP, "1", "1.9", STUDY, "1.8", patient_id="P1", description="Factors", images=named,
                        value_mappings=(mapping,))  # fmt: skip
    return mapped_units(facts, study)


def test_a_mapping_of_stored_values_that_agrees_is_only_said() -> None:
    found = judged(pair.pet(), FACTOR * SLOPE * 1.005)
    assert found.units == found.warnings == ()
    assert "agrees with the images' own data" in found.words[0]


def test_one_that_was_meant_of_rescaled_values_is_read_so_only_because_the_images_prove_it() -> None:
    found = judged(pair.pet(), FACTOR)
    assert found.warnings == ()
    assert "taken of the rescaled values" in found.words[0]


@pytest.mark.parametrize("wrong", [1.02, 0.1, 1000.0, -1.0])
def test_a_wrong_one_is_said_with_both_numbers_and_not_used(wrong: float) -> None:
    found = judged(pair.pet(), FACTOR * wrong)
    assert found.units == ()
    assert f"{FACTOR * wrong:g}" in found.warnings[0]
    assert f"the images' own data give {FACTOR:g}; not used" in found.warnings[0]


def test_a_lean_mapping_is_held_against_the_formula_that_it_names() -> None:
    size = 9270 * 74 / (6680 + 216 * 74 / 1.8**2) / 74
    assert judged(pair.pet(), FACTOR * size, LEAN).warnings == ()
    james = (1.10 * 74 - 128 * (74 / 180) ** 2) / 74
    assert judged(pair.pet(), FACTOR * james, LEAN).warnings


def test_counts_stay_counts_whatever_a_mapping_says() -> None:
    found = judged(pair.pet(pet=replace(PET_FACTS, units="PROPCNTS")), 4.2e-7)
    assert "PROPCNTS" in found.warnings[0]
    assert found.units == ()


def test_where_the_images_cannot_say_it_is_offered_with_its_source_and_that_it_was_not_checked() -> None:
    images = pair.pet(pet=replace(PET_FACTS, weight=None))
    found = judged(images, 0.0005)
    ((series_uid, unit),) = found.units
    assert (series_uid, unit.name) == (PET_UID, "SUVbw (mapped)")
    assert "Factors" in unit.basis
    assert "could not be checked" in unit.basis
    images.mapped_units = (unit,)
    view = Viewport(images)
    state = view.at_point(view.default_state(Plane.AXIAL), pair.CENTRE)
    x, y, _ = view.to_view(state, 90, 90, pair.CENTRE)  # type: ignore[misc]
    assert view.picture(state, 90, 90).unit == "BQML"  # never by itself
    probe = view.probe(replace(state, value_unit=unit.name), 90, 90, x, y)
    assert probe is not None
    assert probe.value == pytest.approx(probe.stored * 0.0005)  # type: ignore[operator]
    assert probe.unit == "SUVbw (mapped)"


def test_one_slope_for_slices_that_are_scaled_differently_is_not_offered() -> None:
    images = pair.pet(pet=replace(PET_FACTS, weight=None))
    first = images.study.series[0].instances[0]
    header = dict(first.header)
    shared = dict(header["shared"])
    shared["transform"] = dict(shared["transform"]) | {"slope": 3.0}
    header["shared"] = shared
    series = images.study.series[0]
    study = replace(images.study, series=(replace(series, instances=(replace(first, header=header), *series.instances[1:])),))
    named = tuple(ImageReference(i.sop_instance_uid) for i in series.instances)
    facts = ObjectFacts(ObjectKind.VALUE_MAP, "1", "1.9", STUDY, "1.8", patient_id="P1", images=named,
                        value_mappings=(ValueMapping(named, BODY_WEIGHT, 0.0005),))  # fmt: skip
    assert "scaled differently" in mapped_units(facts, study).warnings[0]


@pytest.mark.parametrize(("slope", "intercept"), [(None, 0.0), (0.0, 0.0), (float("nan"), 0.0), (FACTOR, 3.0)])
def test_a_mapping_that_is_no_line_through_nothing_is_not_used(slope: float | None, intercept: float) -> None:
    found = judged(pair.pet(), slope, intercept=intercept)
    assert found.units == ()
    assert "not used" in found.warnings[0]


def test_a_mapping_for_another_patient_or_study_is_refused() -> None:
    study = pair.pet().study
    named = tuple(ImageReference(i.sop_instance_uid) for i in study.series[0].instances)
    facts = ObjectFacts(ObjectKind.VALUE_MAP, "1", "1.9", STUDY, "1.8", patient_id="P2", images=named)
    with pytest.raises(Refused):
        mapped_units(facts, study)


# ---- a real PET/CT ---------------------------------------------------------------------

REAL = "02_PETCT_ACRIN042"


@pytest.fixture(scope="module")
def worker() -> Iterator[ImageWorker]:
    with ImageWorker() as running:
        yield running


def test_the_wrong_objects_of_a_real_study_are_found_by_the_studys_own_data(worker: ImageWorker, shared_data: Path) -> None:
    """Three mapping objects by one tool: SUVbsa is wrong by ten, those of uncorrected counts are no SUV at all."""
    series, study = [], None
    for folder in ("PT_1_081015", "PT_2_462754", "RWV_1000_318261", "RWV_1000_833547"):
        files = sorted((shared_data / REAL / folder).iterdir())
        parsed = [found for _, found in worker.parse_many(files) if isinstance(found, ParsedInstance)]
        study = parsed[0].study
        series.append(replace(parsed[0].series, instances=tuple(one.instance for one in parsed)))
    assert study is not None
    whole: Study = replace(study, series=tuple(series))
    found = list(found_in(whole, worker.read_object, lambda: False))
    warnings = [words for one in found for words in one.warnings]
    assert any("SUVbsa = 1.00711e-05, the images' own data give 0.000100711" in words for words in warnings)
    assert any("SUVbw = 4.2111e-07; not used: Units is PROPCNTS" in words for words in warnings)
    agreed = [words for one in found for words in one.words if "agrees" in words]
    assert {name for name in ("SUVbw", "SUVlbm", "SUVibw") if any(f"for {name} " in words for words in agreed)} == {
        "SUVbw", "SUVlbm", "SUVibw"}  # fmt: skip
    assert all(not one.units for one in found)


def test_the_real_pets_factor_and_maximum(worker: ImageWorker, shared_data: Path) -> None:
    """SUVbw factor 0.00042111, SUVmax 51.09: computed outside this program."""
    files = sorted((shared_data / REAL / "PT_1_081015").iterdir())
    parsed = [found for _, found in worker.parse_many(files) if isinstance(found, ParsedInstance)]
    series = replace(parsed[0].series, instances=tuple(one.instance for one in parsed))
    images = SeriesImages(parsed[0].study, series, worker)
    images.load()
    view = Viewport(images)
    assert view.value_units().offered[0].factor == pytest.approx(0.00042111, rel=1e-5)
    mip = view.mip_state()
    point = view.hottest(mip, 64, 64)
    assert point is not None
    probe: Any = view.probe_patient(point)
    assert probe.value == pytest.approx(51.09, abs=0.005)
    source = images.volume()
    assert float(np.max(source.voxels)) * 0.00042111 == pytest.approx(51.09, abs=0.005)
