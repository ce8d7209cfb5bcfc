"""Radiation from dose reports: values by code and unit, of this very study, never summed twice, never guessed."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import dose_reports
import pydicom
import pytest
from object_images import Phantom

from rendering.objects.read import read_object_file
from rendering.objects.received import found_in
from rendering.worker import ImageWorker
from workstation.cache.reading import studies_in
from workstation.domain.dose import DoseEvent, DoseReport, summed
from workstation.domain.patient import PatientKey
from workstation.ports import ObjectFound
from workstation.templates.merge import MergeFacts, merge_words, merged

MOST = 10_000_000
SCOUT = dose_reports.ct_scan(1, "Topogram", 0.05, 2.0, kind="113805")
CHEST = dose_reports.ct_scan(2, "Thorax Åse", 8.2, 310.0)


@pytest.fixture
def source(tmp_path) -> pydicom.Dataset:
    return pydicom.dcmread(Phantom(tmp_path / "images", slices=1).write()[0])


def a_ct(tmp_path: Path, source: pydicom.Dataset, total: float = 312.0, unit: str = "mGy.cm", **how) -> Path:
    children = dose_reports.ct_children([SCOUT, CHEST], total, unit)
    return dose_reports.write(tmp_path / "dose.dcm", source, children, **how)


def a_fluoroscopy(tmp_path: Path, source: pydicom.Dataset, **how) -> Path:
    children = dose_reports.fluoroscopy_children(0.00123, 0.085, 95, **how)
    return dose_reports.write(tmp_path / "dose.dcm", source, children, is_ct=False)


def dose_of(path: Path) -> DoseReport:
    found = read_object_file(path, MOST).dose
    assert found is not None
    return found


@pytest.mark.parametrize("made", [a_ct, a_fluoroscopy])
def test_the_phantoms_are_sound_dose_reports(made, tmp_path, source):
    validator = Path(sys.executable).parent / "dciodvfy"
    done = subprocess.run([validator, "-new", made(tmp_path, source)], capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if line.startswith("Error")] == []


def test_a_ct_tells_its_scans_and_their_total(tmp_path, source):
    dose = dose_of(a_ct(tmp_path, source))
    assert dose.dlp_mgy_cm == 312.0
    assert dose.doubts == ()
    scout, chest = dose.events
    assert scout.is_localizer
    assert (chest.protocol, chest.ctdi_vol_mgy, chest.dlp_mgy_cm, chest.phantom) == ("Thorax Åse", 8.2, 310.0, "body")
    assert summed([dose]).ctdi_vol_mgy == (8.2,)


def test_a_fluoroscopy_tells_area_product_kerma_and_time(tmp_path, source):
    dose = dose_of(a_fluoroscopy(tmp_path, source))
    assert dose.dap_gy_cm2 == pytest.approx(12.3)
    assert dose.reference_point_gy == pytest.approx(0.085)
    assert dose.fluoroscopy_s == 95
    assert dose.events[0].dap_gy_cm2 == pytest.approx(12.3)


@pytest.mark.parametrize(("unit", "factor"), [("dGy.cm2", 0.1), ("mGy.cm2", 0.001), ("uGy.m2", 0.01)])
def test_other_units_of_the_same_kind_are_counted_over(tmp_path, source, unit, factor):
    assert dose_of(a_fluoroscopy(tmp_path, source, unit=unit)).dap_gy_cm2 == pytest.approx(0.00123 * factor)


def test_a_value_in_a_unit_that_it_cannot_be_in_is_left_out_and_said(tmp_path, source):
    dose = dose_of(a_ct(tmp_path, source, unit="mSv"))
    assert dose.dlp_mgy_cm is None
    assert dose.doubts == ("The DLP of the dose report is in a unit that it cannot be in",)


def test_a_total_that_is_not_the_sum_is_said_and_not_written_into_a_report(tmp_path, source):
    dose = dose_of(a_ct(tmp_path, source, total=900.0))
    assert "not the sum" in dose.doubts[0]
    assert "dose" not in merged(MergeFacts(dose=summed([dose])), merge_words("en"))


def test_what_is_impossible_is_left_out(tmp_path, source):
    assert dose_of(a_ct(tmp_path, source, total=1e9)).dlp_mgy_cm is None
    assert dose_of(a_ct(tmp_path, source, total=-5)).dlp_mgy_cm is None


@pytest.fixture(scope="module")
def worker():
    with ImageWorker() as made:
        yield made


def found_by(worker: ImageWorker, folder: Path) -> list[ObjectFound]:
    """As the session gets it: through the reader of the cache and the limited worker."""
    with studies_in([folder], worker) as read:
        return list(found_in(read.studies[0], worker.read_object, lambda: False))


def test_the_dose_comes_through_the_worker_with_its_study(tmp_path, source, worker):
    a_ct(tmp_path / "images", source)
    (found,) = found_by(worker, tmp_path / "images")
    assert (found.dose.dlp_mgy_cm, found.dose.study_uid) == (312.0, source.StudyInstanceUID)


@pytest.mark.parametrize("foreign", ["scope", "patient"])
def test_the_dose_of_another_study_or_patient_is_named_and_not_taken(tmp_path, source, worker, foreign):
    """F49."""
    a_ct(tmp_path / "images", source, scope="2.25.4040" if foreign == "scope" else "")
    with studies_in([tmp_path / "images"], worker) as read:
        study = read.studies[0]
        if foreign == "patient":
            study = replace(study, patient=replace(study.patient, key=PatientKey("TEST-0002")))
        (found,) = found_in(study, worker.read_object, lambda: False)
    assert found.dose is None
    assert found.words == ("Its dose is that of another examination: not taken",)


# ---- sums and words --------------------------------------------------------------------


def report(*uids: str, dlp: float = 100.0) -> DoseReport:
    return DoseReport("1", tuple(DoseEvent(uid, ctdi_vol_mgy=5.0, dlp_mgy_cm=dlp / len(uids)) for uid in uids), dlp)


def test_documents_of_one_study_are_summed_and_one_within_another_is_not_counted_twice():
    assert summed([report("a"), report("b", "c", dlp=50.0)]).dlp_mgy_cm == 150.0
    assert summed([report("a", dlp=60.0), report("a", "b")]).dlp_mgy_cm == 100.0
    assert summed([]) is None


def test_documents_that_share_only_some_irradiations_give_no_total():
    found = summed([report("a", "b"), report("b", "c")])
    assert found.dlp_mgy_cm is None
    assert "in common" in found.doubts[0]


def test_a_document_without_a_total_makes_the_sum_unknown():
    assert summed([report("a"), replace(report("b"), dlp_mgy_cm=None)]).dlp_mgy_cm is None


def test_the_words_are_the_languages_with_its_decimals():
    dose = summed([DoseReport("1", (DoseEvent("a", ctdi_vol_mgy=8.23), DoseEvent("b", ctdi_vol_mgy=3.1)), 310.4)])
    facts = MergeFacts(dose=dose, agents=("IOHEXOL",), contrast_ml=(80.0, 80.0), contrast_mg_ml=(350.0,))
    assert merged(facts, merge_words("en"))["dose"] == "CTDIvol 3.1–8.23 mGy, DLP 310 mGy·cm"
    assert merged(facts, merge_words("sv"))["dose"] == "CTDIvol 3,1–8,23 mGy, DLP 310 mGy·cm"
    assert merged(facts, merge_words("sv"))["contrast"] == "IOHEXOL 350 mg/ml 80 ml"
    assert merged(replace(facts, contrast_ml=(80.0, 90.0)), merge_words("en"))["contrast"] == "IOHEXOL 350 mg/ml"
    glandular = replace(dose, ctdi_vol_mgy=(), dlp_mgy_cm=None, glandular_mgy=(("left", 1.42), ("right", 1.39)))
    words = merged(replace(facts, dose=glandular), merge_words("en"))["dose"]
    assert words == "average glandular dose left 1.42 mGy, average glandular dose right 1.39 mGy"
