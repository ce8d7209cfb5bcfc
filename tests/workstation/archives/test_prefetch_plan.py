"""What is fetched before it is asked for: the rules as a file, relevance, and the plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from workstation.archives.prefetch_plan import Held, Role, make_plan, patients_of, rows_to_prepare
from workstation.archives.prefetch_policy import PrefetchPolicy, load_policy
from workstation.archives.prefetch_relevance import regions_in, sides_in
from workstation.domain.archive import Archive, ArchiveKind, FoundStudy
from workstation.domain.order import Order, Priority, ReadStatus, WorklistItem
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.study import Study

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
ANN = Patient(PatientKey("P1", "HERE"), "Test^Ann", "19600101", "F")
BO = Patient(PatientKey("P2", "HERE"), "Test^Bo", "19700101", "M")
HOME = Archive("home", ArchiveKind.DIMSE, is_local=True)
AWAY = Archive("away", ArchiveKind.DICOMWEB)


@pytest.fixture
def policy(tmp_path: Path) -> PrefetchPolicy:
    return load_policy(tmp_path)[0]


def row(
    accession: str, patient: Patient = ANN, procedure: str = "CT thorax", modality: str = "CT", hours: float = 1, **more: object
) -> WorklistItem:
    order = Order(accession, accession, patient, procedure)
    item = WorklistItem(
        accession,
        "",
        patient,
        procedure,
        modality,
        Priority.ROUTINE,
        NOW + timedelta(hours=hours),
        ReadStatus.UNREAD,
        order=order,
    )
    return replace(item, **more)  # type: ignore[arg-type]  # checked by replace


def found(
    uid: str,
    description: str,
    archive: str = "away",
    patient: Patient = ANN,
    date: str = "20250101",
    modality: str = "CT",
    **more: object,
) -> FoundStudy:
    study = FoundStudy(archive, uid, patient, study_date=date, description=description, modalities=(modality,), instance_count=10)
    return replace(study, **more)  # type: ignore[arg-type]  # checked by replace


# ---- the file ------------------------------------------------------------------------------------


def write(folder: Path, text: str) -> PrefetchPolicy:
    (folder / "prefetch.toml").write_text(text, encoding="utf-8")
    policy, problem = load_policy(folder)
    assert problem is None
    return policy


def test_a_copy_replaces_single_keys_and_inherits_the_rest(tmp_path: Path) -> None:
    policy = write(tmp_path, '[priors]\nmost = 1\n[modality.XA]\noldest_years = 2\n[bandwidth]\nnight = "20:30-07:00"\n')
    assert (policy.priors.most, policy.priors.oldest_years) == (1, 10)
    assert (policy.priors_for("XA").most, policy.priors_for("XA").oldest_years) == (1, 2)
    assert policy.priors_for("CT/MG").oldest_years == 15
    assert (policy.night_from.hour, policy.night_from.minute) == (20, 30)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[priors]\nmots = 1", "priors.mots: there is no such key"),
        ("[prior]\nmost = 1", "prior: there is no such table"),
        ("[priors]\nmost = -1", "priors.most: must be a number from 0"),
        ("[priors]\nmost = 1.5", "priors.most: must be a whole number"),
        ("[priors]\nmost = true", "priors.most: must be a number"),
        ('[bandwidth]\nnight = "late"', "bandwidth.night: must be two times of day"),
        ('[bandwidth]\nmetered = "maybe"', "bandwidth.metered: must be one of stop, night, fetch"),
        ("[disk]\nshare = 2", "disk.share: must be a number from 0 to 1"),
        ('[sides]\npaired = ["nose"]', "paired: there is no region 'nose'"),
        ('worklist = "all"', "worklist: it must be a table"),
        ("[modality.CT]\nfew = 1", "modality.CT.few: there is no such key"),
        ("[priors", "it is not TOML"),
    ],
)
def test_a_copy_with_a_mistake_is_refused_by_file_key_and_reason_and_the_built_in_one_holds(
    tmp_path: Path, text: str, reason: str
) -> None:
    built_in = load_policy(tmp_path)[0]
    (tmp_path / "prefetch.toml").write_text(text, encoding="utf-8")
    policy, problem = load_policy(tmp_path)
    assert policy == built_in
    assert problem is not None
    assert problem.title == "Your prefetch.toml is not used"
    assert problem.detail.startswith(reason)


def local(hour: int) -> datetime:
    return datetime(2026, 11, 22, hour).astimezone()


def test_the_night_has_its_own_horizon_cap_and_rule_for_paid_lines(tmp_path: Path) -> None:
    policy = write(tmp_path, '[bandwidth]\nday_kilobits = 5000\nnight_kilobits = 90000\nmetered = "night"\n')
    by_hour = [(policy.kilobits(local(h)), policy.horizon(local(h)), policy.may_fetch_metered(local(h))) for h in (21, 23, 5, 6)]
    day, night = (5000, 24.0, False), (90000, 72.0, True)
    assert by_hour == [day, night, night, day]
    assert not write(tmp_path, '[bandwidth]\nnight = "06:00-06:00"').is_night(local(6))


# ---- what a study shows --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "regions"),
    [
        ("CT Toraks m/kontrast", {"chest"}),
        ("MR hjärna", {"head"}),
        ("RTG KNÆ VENSTRE", {"leg"}),
        ("Polvi, oikea", {"leg"}),
        ("CT1HODE", {"head"}),
        ("CT thorax/abdomen", {"chest", "abdomen"}),
        ("MR hippocampus", set()),
        ("Hip left", {"pelvis"}),
        ("PET-CT helkropp", {"whole_body"}),
        ("", set()),
    ],
)
def test_a_region_is_known_by_the_words_of_many_languages(policy: PrefetchPolicy, text: str, regions: set[str]) -> None:
    assert regions_in([text], policy.words) == regions


def test_a_side_is_a_whole_word_and_not_the_beginning_of_another(policy: PrefetchPolicy) -> None:
    assert sides_in(["Kne venstre", "rt"], policy.words) == {"left", "right"}
    assert sides_in(["vertebra", "sinus", "Dxa", "Veneuse"], policy.words) == set()


# ---- the plan ------------------------------------------------------------------------------------


def uids(plan: object) -> list[str]:
    return [one.study_instance_uid for one in plan.studies]  # type: ignore[attr-defined]


def test_rows_come_in_the_worklists_order_and_only_those_the_policy_covers(policy: PrefetchPolicy) -> None:
    rows = [
        row("A1", hours=2), row("A2", hours=30), row("A3", hours=-5), row("A4", due=None), row("A5", status=ReadStatus.SIGNED),
        row("A6", modality="US"), row("A7", modality=""),
    ]  # fmt: skip
    chosen = rows_to_prepare(rows, replace(policy, modalities=("CT",)), NOW)
    assert [item.accession_number for item in chosen] == ["A1", "A3", "A4", "A7"]
    assert len(rows_to_prepare(rows, replace(policy, most_rows=2), NOW)) == 2


def test_the_study_to_be_read_comes_first_then_its_priors_best_first_then_the_next_row(policy: PrefetchPolicy) -> None:
    rows = [row("A1"), row("B1", BO, "MR hode", "MR")]
    answers = [
        found("2.9", "MR brain", patient=BO, accession_number="B1", date="20261122", modality="MR"),
        found("1.1", "XR chest", modality="DX", date="20260101"),
        found("1.2", "CT chest", date="20200101"),
        found("1.3", "CT thorax", date="20260601"),
        found("1.9", "CT thorax", accession_number="A1", date="20261122"),
    ]
    plan = make_plan(rows, answers, {}, [HOME, AWAY], policy, NOW)
    assert uids(plan) == ["1.9", "1.3", "1.2", "1.1", "2.9"]
    assert [one.role for one in plan.studies] == [Role.CURRENT, Role.PRIOR, Role.PRIOR, Role.PRIOR, Role.CURRENT]
    assert plan.studies[1].reasons == ("same region: chest", "same modality: CT", "6 months old")


@pytest.mark.parametrize(
    ("prior", "why"),
    [
        (found("1.1", "MR knee", modality="MR"), "it shows another region: leg"),
        (found("1.1", "CT chest", date="20100101"), "it is 17 years old"),
        (found("1.1", "CT chest", date="20261130"), "it was made after the study to be read"),
        (found("1.1", "report", modality="SR"), "it has no images"),
        (found("1.1", "", modality="US", date=""), "too little speaks for it (4 of 8 points)"),
    ],
)
def test_a_prior_that_is_not_worth_it_is_passed_over_and_the_plan_says_why(
    policy: PrefetchPolicy, prior: FoundStudy, why: str
) -> None:
    plan = make_plan([row("A1")], [prior], {}, [AWAY], policy, NOW)
    assert uids(plan) == []
    assert [one.why for one in plan.passed_over] == [why]
    assert why in plan.explain()[-1]


def test_the_other_side_of_a_paired_region_is_no_prior(policy: PrefetchPolicy) -> None:
    rows = [row("A1", procedure="XR kne venstre", modality="DX")]
    answers = [
        found("1.1", "Knee left", modality="DX"),
        found("1.2", "Knee right", modality="DX"),
        found("1.3", "Knee", modality="DX"),
    ]
    plan = make_plan(rows, answers, {}, [AWAY], policy, NOW)
    assert uids(plan) == ["1.1", "1.3"]
    assert [one.why for one in plan.passed_over] == ["it shows the other side of the body"]


def test_a_modality_may_have_more_priors_than_others(policy: PrefetchPolicy) -> None:
    answers = [found(f"1.{n}", "Mammography", modality="MG", date=f"20{n:02}0101") for n in range(12, 18)]
    plan = make_plan([row("A1", procedure="Mammografi", modality="MG")], answers, {}, [AWAY], policy, NOW)
    assert uids(plan) == ["1.17", "1.16", "1.15", "1.14"]
    assert {one.why for one in plan.passed_over} == {"there are 4 more relevant priors"}


def test_local_wins_over_remote_and_the_policys_order_over_the_sites(policy: PrefetchPolicy) -> None:
    third = Archive("third", ArchiveKind.DICOMWEB)
    answers = [found("1.1", "CT chest", name) for name in ("third", "away", "home")] + [
        found("1.2", "CT chest", name) for name in ("away", "third")
    ]
    plan = make_plan([row("A1")], answers, {}, [AWAY, third, HOME], replace(policy, archive_order=("third",)), NOW)
    assert {one.study_instance_uid: one.archive for one in plan.studies} == {"1.1": "home", "1.2": "third"}


@pytest.mark.parametrize(
    ("instances", "proven", "is_planned"), [(10, True, False), (10, False, False), (4, False, True), (4, True, True)]
)
def test_what_is_here_is_not_fetched_unless_the_archive_counts_more(
    policy: PrefetchPolicy, instances: int, proven: bool, is_planned: bool
) -> None:
    held = {"1.1": Held(Study("1.1", ANN), instances, proven)}
    plan = make_plan([row("A1")], [found("1.1", "CT chest")], held, [AWAY], policy, NOW)
    assert (uids(plan) == ["1.1"]) == is_planned
    assert plan.wanted == {"1.1"}


@pytest.mark.parametrize(
    ("patient", "is_same"),
    [
        (Patient(PatientKey("P1", "HERE"), "Test^Anne", "19600101"), True),
        (Patient(PatientKey("P1", ""), "", ""), True),
        (Patient(PatientKey("P1", ""), "", "19610101"), False),
        (Patient(PatientKey("P1", "THERE"), "Test^Ann", "19600101"), False),
        (Patient(PatientKey("P9", "HERE"), "Test^Ann", "19600101"), False),
    ],
)
def test_another_patients_study_is_never_planned(policy: PrefetchPolicy, patient: Patient, is_same: bool) -> None:
    plan = make_plan([row("A1")], [found("1.1", "CT chest", patient=patient, accession_number="A1")], {}, [AWAY], policy, NOW)
    assert (uids(plan) == ["1.1"]) == is_same


def test_the_plan_in_words_names_nobody(policy: PrefetchPolicy) -> None:
    plan = make_plan(
        [row("A1")], [found("1.1", "CT chest Test^Ann P1"), found("1.2", "MR knee Test^Ann")], {}, [AWAY], policy, NOW
    )
    text = "\n".join(plan.explain())
    assert "CT of 2025-01 from away: prior" in text
    assert not any(word in text for word in ("Ann", "P1", "1.1", "19600101"))


def test_each_patient_is_asked_for_once_in_the_order_of_the_rows() -> None:
    assert patients_of([row("A1"), row("B1", BO), row("A2"), row("C1", Patient(PatientKey("")))]) == (ANN, BO)
