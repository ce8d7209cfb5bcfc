"""Registration in the reading flow: what is aligned with what, who follows, what the reader is told and may undo."""

from __future__ import annotations

import math
import sqlite3
from dataclasses import replace

import pytest
from window_seat import HeldJobs, WindowSeat

from workstation.alignments_store import PUT_ASIDE, AlignmentStore
from workstation.at_rest.vault import Vault
from workstation.domain.alignment import Alignment, AlignmentKind
from workstation.domain.annotation import AnnotationKind, Verdict
from workstation.domain.patient import PatientKey
from workstation.domain.viewing import FusionMode, Plane
from workstation.errors import Refused
from workstation.jobs import REGISTRATION
from workstation.session.alignments import Alignments

CURRENT, PRIOR = "1.1.1", "2.1.1"
UP = Alignment(CURRENT, PRIOR, AlignmentKind.RIGID, (1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 20.0), 1.24, "found", residual_p95_mm=3.0)


def turned(degrees: float) -> Alignment:
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return replace(UP, matrix=(c, -s, 0.0, 5.0, s, c, 0.0, 0.0, 0.0, 0.0, 1.0, 20.0))


def seat(tmp_path, answer: Alignment | str | None = UP, jobs: HeldJobs | None = None, frames=("1.99", "1.98")) -> WindowSeat:
    """A current CT and its prior side by side, in two frames of reference; the case is open."""
    made = WindowSeat(tmp_path, jobs)
    item = made.add_case(1, prior=True)
    for uid, frame in zip(("1.1", "2.1"), frames, strict=True):
        study = made.studies[uid]
        made.studies[uid] = replace(study, series=tuple(replace(s, frame_of_reference_uid=frame) for s in study.series))
    made.priors["1.1"] = (made.studies["2.1"],)
    if answer is not None:
        made.library.registrar.found[CURRENT, PRIOR] = answer
    made.said = []
    made.session.registering.said.connect(made.said.append)
    made.session.registering.kept = AlignmentStore(tmp_path / "alignments.db")
    made.session.open(item)
    return made


def words(made: WindowSeat) -> str:
    told = made.session.registering.told(1)
    return told.words if told is not None else ""


def positions(made: WindowSeat) -> list[int]:
    return [cell.state.position for cell in made.session.viewing.cells]


# ---- by itself ------------------------------------------------------------------------


def test_a_prior_that_hangs_beside_is_registered_and_says_how_well(tmp_path):
    made = seat(tmp_path)
    assert made.library.registrar.asked == [(CURRENT, PRIOR)]
    assert words(made) == "Aligned to current, residual 1.2 mm (95 %: 3.0 mm)"
    assert made.session.registering.told(0) is None


def test_linked_scroll_follows_anatomy_and_not_table_position(tmp_path):
    made = seat(tmp_path)
    made.session.viewing.scroll(3)
    assert positions(made) == [3, 5]
    made.session.viewing.activate(1)
    made.session.viewing.scroll(1)
    assert positions(made) == [4, 6]


def test_without_an_alignment_it_moves_by_the_same_millimetres(tmp_path):
    made = seat(tmp_path, "places lie 9 mm apart")
    made.session.viewing.scroll(3)
    assert positions(made) == [3, 3]
    assert words(made) == "Not aligned to current: places lie 9 mm apart"


def test_the_scroll_follows_as_soon_as_it_is_found_and_never_waits_for_it(tmp_path):
    jobs = HeldJobs(REGISTRATION)
    made = seat(tmp_path, jobs=jobs)
    made.session.viewing.scroll(3)
    assert positions(made) == [3, 3]
    assert words(made).startswith("Aligning to current")
    assert made.library.registrar.moves > 0, "it is told to step aside while the reader scrolls"
    jobs.release()
    assert positions(made) == [3, 5]


def test_one_frame_of_reference_needs_no_registration(tmp_path):
    made = seat(tmp_path, frames=("1.99", "1.99"))
    assert made.library.registrar.asked == []
    found = made.session.registering.alignment(CURRENT, PRIOR)
    assert found.kind is AlignmentKind.SAME_FRAME
    assert found.is_identity


def test_one_frame_of_reference_of_two_patients_is_no_space_of_both():
    """F63: a Frame of Reference UID copied between patients joins nothing; another issuer is another patient."""
    from window_seat import a_study

    from workstation.domain.patient import Patient

    one = a_study("1.1", Patient(PatientKey("ID", "A")), "20261120", 1)
    other = a_study("2.1", Patient(PatientKey("ID", "B")), "20261120", 1)
    known = Alignments()
    known.open_case((one, other))
    assert known.between("1.1.1", "2.1.1") is None
    assert known.between("1.1.1", "1.1.1").kind is AlignmentKind.SAME_FRAME


def test_an_alignment_of_two_series_holds_for_their_frames_and_is_composed_and_inverted():
    from window_seat import a_study

    from workstation.domain.patient import Patient

    patient = Patient(PatientKey("ID"))
    studies = []
    for number in "123":
        study = a_study(f"{number}.1", patient, "20261120", 2)
        studies.append(replace(study, series=tuple(replace(s, frame_of_reference_uid=f"frame {number}") for s in study.series)))
    known = Alignments()
    known.open_case(studies)
    known.put(replace(turned(30.0), fixed="1.1.1", moving="2.1.1"))
    known.put(replace(UP, fixed="1.1.1", moving="3.1.1", residual_mm=2.0))
    there = known.between("1.1.2", "2.1.2")
    back = known.between("2.1.2", "1.1.2")
    point = (10.0, -20.0, 30.0)
    assert (there.fixed, there.moving) == ("1.1.2", "2.1.2")
    assert back.apply(there.apply(point)) == pytest.approx(point)
    across = known.between("2.1.1", "3.1.2")
    by_hand = known.between("1.1.1", "3.1.1").apply(known.between("2.1.1", "1.1.1").apply(point))
    assert across.apply(point) == pytest.approx(by_hand)
    assert across.residual_mm == pytest.approx(math.hypot(1.24, 2.0))
    known.put(replace(UP, fixed="1.1.1", moving="3.1.1", verdict=Verdict.REJECTED))
    assert known.between("2.1.1", "3.1.1") is None


# ---- by the reader --------------------------------------------------------------------


def test_one_key_rejects_it_and_asks_anew(tmp_path):
    made = seat(tmp_path)
    made.session.registering.toggle()
    assert words(made) == "Alignment rejected"
    assert made.session.registering.alignment(CURRENT, PRIOR) is None
    made.session.viewing.scroll(2)
    assert positions(made) == [2, 4], "moved by millimetres from where it stood"
    made.session.registering.toggle()
    assert made.library.registrar.asked == [(CURRENT, PRIOR)] * 2
    assert made.session.registering.alignment(CURRENT, PRIOR) is not None


def test_the_key_stops_what_runs_and_a_late_answer_is_dropped(tmp_path):
    jobs = HeldJobs(REGISTRATION)
    made = seat(tmp_path, jobs=jobs)
    made.session.registering.toggle()
    assert words(made) == "Not aligned to current: it was stopped"
    jobs.release()
    assert made.session.registering.alignment(CURRENT, PRIOR) is None


def test_a_case_that_is_closed_takes_no_late_answer(tmp_path):
    jobs = HeldJobs(REGISTRATION)
    made = seat(tmp_path, jobs=jobs)
    made.session.close_case()
    jobs.release()
    assert made.session.registering.alignment(CURRENT, PRIOR) is None


def test_by_hand_what_both_viewports_show_is_one_place(tmp_path):
    made = seat(tmp_path, "nothing fits")
    viewing = made.session.viewing
    viewing.toggle_linked()
    viewing.activate(1)
    viewing.scroll(4)
    viewing.activate(0)
    viewing.toggle_linked()
    made.session.registering.by_hand()
    found = made.session.registering.alignment(CURRENT, PRIOR)
    assert found.kind is AlignmentKind.BY_HAND
    assert found.apply((0.0, 0.0, 0.0)) == (0.0, 0.0, 40.0)
    assert words(made) == "Aligned to current by hand, residual not measured"
    viewing.scroll(2)
    assert positions(made) == [2, 6]


def test_by_hand_keeps_the_rotation_and_the_place_within_the_images(tmp_path):
    made = seat(tmp_path, turned(2.0))
    made.session.viewing.toggle_linked()
    made.session.viewing.activate(1)
    made.session.viewing.scroll(1)
    made.session.viewing.activate(0)
    made.session.registering.by_hand()
    found = made.session.registering.alignment(CURRENT, PRIOR)
    shown = made.session.viewing.cells[1].state.position * 10.0
    assert found.matrix[:4] == pytest.approx(turned(2.0).matrix[:4])
    assert found.apply((1.0, 1.0, 0.0))[2] == pytest.approx(shown)


def test_without_anything_to_align_the_keys_say_so(tmp_path):
    made = seat(tmp_path, frames=("1.99", "1.99"))
    for command in (made.session.registering.toggle, made.session.registering.by_hand, made.session.registering.deform):
        with pytest.raises(Refused, match="Nothing to align"):
            command()


def test_of_a_pet_ct_the_ct_is_registered_and_another_body_part_is_not(tmp_path):
    """What holds of the CT holds of the PET in its frame of reference."""
    made = seat(tmp_path, None)
    study = made.studies["2.1"]
    pet = replace(study.series[0], series_instance_uid="2.1.7", modality="PT", frame_of_reference_uid="1.98")
    made.studies["2.1"] = replace(study, series=(pet, study.series[0]))
    made.priors["1.1"] = (made.studies["2.1"],)
    found = made.library.registrar.found
    found[CURRENT, PRIOR] = UP
    found[CURRENT, "2.1.7"] = "not this one"
    made.session.close_case()
    made.session.open(made.items[0])
    assert made.library.registrar.asked == [(CURRENT, PRIOR)]
    assert made.session.registering.alignment(CURRENT, "2.1.7").matrix == UP.matrix
    series = tuple(replace(s, body_part_examined="HEAD", frame_of_reference_uid="1.97") for s in made.studies["2.1"].series)
    made.studies["2.1"] = replace(study, series=series)
    made.priors["1.1"] = (made.studies["2.1"],)
    made.session.registering.kept = AlignmentStore(tmp_path / "others.db")
    made.session.close_case()
    made.session.open(made.items[0])
    assert made.library.registrar.asked == [(CURRENT, PRIOR)]


def test_what_is_refused_at_once_is_said_at_once(tmp_path):
    made = seat(tmp_path, None)
    with pytest.raises(Refused, match="nobody registers here"):
        made.session.registering.toggle()


def test_deforming_needs_a_rigid_alignment_and_moves_points_by_the_field(tmp_path):
    made = seat(tmp_path, "nothing fits")
    with pytest.raises(Refused, match="not aligned yet"):
        made.session.registering.deform()
    made.library.registrar.found[CURRENT, PRIOR] = UP
    made.session.registering.toggle()
    made.session.registering.deform()
    assert words(made) == "Deformed to current, residual 0.4 mm (95 %: 3.0 mm)"
    assert made.session.registering.mapped(CURRENT, PRIOR, (0.0, 0.0, 0.0)) == (0.0, 0.0, 22.0)
    made.session.registering.deform()
    assert made.session.registering.mapped(CURRENT, PRIOR, (0.0, 0.0, 0.0)) == (0.0, 0.0, 20.0)
    assert words(made) == "Aligned to current, residual not measured"


def test_planes_of_the_prior_are_turned_with_the_current_and_back_when_rejected(tmp_path):
    made = seat(tmp_path, turned(12.0))
    viewing = made.session.viewing
    for index in (1, 0):
        viewing.put(index, replace(viewing.state(index), plane=Plane.AXIAL))
    viewing.linking.align()
    right, down = viewing.state(1).oblique
    assert viewing.state(1).plane is Plane.OBLIQUE
    assert right == pytest.approx(turned(12.0).turn((1.0, 0.0, 0.0)))
    assert down == pytest.approx(turned(12.0).turn((0.0, 1.0, 0.0)))
    assert words(made).endswith("turned to it")
    made.session.registering.toggle()
    assert (viewing.state(1).plane, viewing.state(1).oblique) == (Plane.AXIAL, None)


def test_less_than_three_degrees_or_the_readers_wish_leave_planes_as_they_are(tmp_path):
    made = seat(tmp_path, turned(2.5))
    viewing = made.session.viewing
    for index in (1, 0):
        viewing.put(index, replace(viewing.state(index), plane=Plane.AXIAL))
    viewing.linking.align()
    assert viewing.state(1).plane is Plane.AXIAL
    viewing.linking.toggle_turning()
    made.library.registrar.found[CURRENT, PRIOR] = turned(12.0)
    made.session.registering.toggle()
    made.session.registering.toggle()
    assert viewing.state(1).plane is Plane.AXIAL


def test_a_drawing_is_copied_to_the_same_anatomy_of_the_prior(tmp_path):
    made = seat(tmp_path)
    annotating = made.session.annotating
    viewer = made.library.viewer("1.1", CURRENT)
    drawn = viewer.annotation_at(made.session.viewing.state(0), 512, 512, [(100.0, 100.0), (140.0, 100.0)], AnnotationKind.LENGTH)
    annotating.add(drawn)
    annotating.select(drawn.uid)
    copy = annotating.copy_to(1)
    assert copy.patient_points == ((100.0, 100.0, 20.0), (140.0, 100.0, 20.0))
    assert copy.series_uid == PRIOR


# ---- comparing ------------------------------------------------------------------------


def test_the_difference_to_the_prior_is_laid_through_the_alignment_and_taken_away(tmp_path):
    made = seat(tmp_path)
    made.session.comparing.toggle_difference()
    fusion = made.session.viewing.state(0).fusion
    assert (fusion.study_uid, fusion.series_uid, fusion.mode) == ("2.1", PRIOR, FusionMode.DIFFERENCE)
    assert fusion.transform == UP.matrix
    assert "residual 1.2 mm" in fusion.words
    made.session.comparing.toggle_difference()
    assert made.session.viewing.state(0).fusion is None


def test_on_the_prior_the_difference_goes_the_other_way(tmp_path):
    made = seat(tmp_path)
    made.session.viewing.activate(1)
    made.session.comparing.toggle_difference()
    fusion = made.session.viewing.state(1).fusion
    assert fusion.series_uid == CURRENT
    assert fusion.transform == pytest.approx(UP.inverse().matrix)


def test_blinking_shows_the_other_study_in_place_says_so_and_goes_back(tmp_path):
    made = seat(tmp_path)
    made.session.comparing.blink()
    assert made.session.viewing.state(0).fusion.opacity == 1.0
    told = made.session.registering.told(0)
    assert told.warns
    assert told.words == "Images of 2026-02-18 in place of these", "F65"
    made.session.comparing.blink()
    assert made.session.viewing.state(0).fusion is None
    assert made.session.registering.told(0) is None


def test_what_is_laid_through_an_alignment_goes_with_it_and_away_when_it_is_rejected(tmp_path):
    """A rejected alignment moves nothing: a difference left standing would show changes that are none."""
    made = seat(tmp_path)
    made.session.comparing.toggle_difference()
    made.session.registering.deform()
    assert made.session.viewing.state(0).fusion.warp == "bent"
    made.session.registering.toggle()
    assert made.session.viewing.state(0).fusion is None


def test_without_an_alignment_nothing_is_compared(tmp_path):
    made = seat(tmp_path, "nothing fits")
    for command in (made.session.comparing.toggle_difference, made.session.comparing.blink):
        with pytest.raises(Refused, match="not aligned"):
            command()


# ---- on disk --------------------------------------------------------------------------


def test_opened_again_the_case_is_aligned_at_once_and_what_was_rejected_stays_so(tmp_path):
    seat(tmp_path)
    again = seat(tmp_path)
    assert again.library.registrar.asked == []
    assert words(again).startswith("Aligned to current, residual 1.2 mm")
    again.session.registering.toggle()
    third = seat(tmp_path)
    assert third.library.registrar.asked == []
    assert words(third) == "Alignment rejected"


def test_a_store_gives_back_what_was_put_sealed_and_only_of_its_algorithm(tmp_path):
    path, vault = tmp_path / "alignments.db", Vault.with_key(bytes(32))
    store = AlignmentStore(path, lambda: vault)
    store.put(UP, "rigid 1")
    hand = replace(UP, fixed="5", moving="6", kind=AlignmentKind.BY_HAND, verdict=Verdict.ACCEPTED)
    store.put(hand, "rigid 1")
    store.put(replace(UP, fixed="7", moving="8", kind=AlignmentKind.DEFORMABLE, warp="w"), "rigid 1")
    store.close()
    assert b"SQLite format" not in path.read_bytes()
    assert CURRENT.encode() not in path.read_bytes()
    store = AlignmentStore(path, lambda: vault)
    assert store.of_series([CURRENT, PRIOR], "rigid 1") == (UP,)
    assert store.of_series([CURRENT, "other"], "rigid 1") == ()
    assert store.of_series([CURRENT, PRIOR, "5", "6"], "rigid 2") == (hand,), "what a reader set outlives the algorithm"
    (bent,) = store.of_series(["7", "8"], "rigid 1")
    assert (bent.kind, bent.warp, bent.residual_mm) == (AlignmentKind.RIGID, "", None)
    store.put(UP.inverse(), "rigid 1")
    assert store.of_series([CURRENT, PRIOR], "rigid 1") == (UP.inverse(),), "one for two series, whichever way"
    store.close()


def test_a_damaged_file_is_put_aside_and_said(tmp_path):
    (tmp_path / "alignments.db").write_bytes(b"no database" * 200)
    made = seat(tmp_path)
    assert PUT_ASIDE in made.said
    assert made.session.registering.alignment(CURRENT, PRIOR) is not None
    with sqlite3.connect(tmp_path / "alignments.db") as db:
        assert db.execute("SELECT count(*) FROM alignment").fetchone() == (1,)
    db.close()
