"""Whatever is on screen of whatever study: it hangs so again on this very study, or the place that does not is named."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hanging_studies import AXIAL, CORONAL, SAGITTAL, mammogram, series, study

from hanging_protocols import schema
from hanging_protocols.engine import ProtocolHanger
from hanging_protocols.example import OnScreen, learn
from hanging_protocols.example_join import of_its_own
from hanging_protocols.example_studies import proposals
from hanging_protocols.hanging import Scene
from hanging_protocols.model import Level
from hanging_protocols.study_facts import StudyFacts
from hanging_protocols.write import write
from workstation.domain.hanging import NOTHING_KNOWN
from workstation.domain.study import Series, Study
from workstation.domain.viewing import Cell, Layout, Plane, ViewportState, Window
from workstation.presets import load_presets

PRESETS = load_presets()
SEEDS = range(120)
DESCRIPTIONS = ("", "Axial", "cor", "Scout", "MIP thick", "T2 TSE", "b1000", "ADC", "Invented Person", "1.0 Br40", "!", "å" * 80)


def a_series(chance: random.Random, uid: str) -> Series:
    if chance.random() < 0.25:
        side, view = chance.choice("RL"), chance.choice(("CC", "MLO", "XX"))
        return mammogram(uid, side, view, number=chance.randint(1, 5))
    modality = chance.choice(("CT", "CT", "CT", "MR", "MR", "PT", "US", "DX", "NM", "XA", "ZZ", ""))
    found: dict[str, object] = {}
    for name, values in (
        ("ConvolutionKernel", ("Br40d", "Br64d", "Qq1", "STANDARD", "LUNG")),
        ("SliceThickness", ("0.6", "1", "5", "thick")),
        ("ImageOrientationPatient", (AXIAL, CORONAL, SAGITTAL, ("x",))),
        ("AcquisitionContrast", ("T1", "T2", "FLUID_ATTENUATED", "DIFFUSION")),
        ("DiffusionBValue", ("0", "1000", "many")),
        ("ImageType", (("ORIGINAL", "PRIMARY", "AXIAL"), ("DERIVED", "SECONDARY", "MIP"), ("ORIGINAL", "PRIMARY", "LOCALIZER"))),
        ("ContrastBolusAgent", ("IOMERON", "")),
        ("PerformedProtocolCodeSequence", ("1|99X|One", "2|99X|", "||")),
        ("PatientOrientation", (("A", "F"), ("P", "F"), ("L",))),
    ):
        if chance.random() < 0.4:
            found[name] = chance.choice(values)
    return series(
        uid,
        modality,
        chance.choice((1, 2, 3, 30)),
        chance.choice((None, 1, 2, 3)),
        chance.choice(DESCRIPTIONS),
        frame=chance.choice(("", "f1")),
        **found,  # type: ignore[arg-type]
    )


def a_study(chance: random.Random, uid: str, date: str) -> Study:
    parts = [a_series(chance, f"{uid}.{number}") for number in range(chance.randint(1, 9))]
    return study(uid, *parts, description=chance.choice(("", "CT thorax", "MR hjärna", "Invented^Person", "x" * 70)), date=date)


def a_screen(chance: random.Random, current: Study, *priors: Study) -> OnScreen:
    rows, columns = chance.randint(1, 3), chance.randint(1, 3)
    cells = []
    for row in range(rows):
        for column in range(columns):
            of = chance.choice((current, current, *priors))
            one = chance.choice(of.series)
            state = ViewportState(
                of.study_instance_uid,
                one.series_instance_uid,
                plane=chance.choice((Plane.STACK, Plane.STACK, Plane.STACK, *Plane)),
                position=chance.choice((0, 0, one.image_count - 1)),
                window=chance.choice((None, Window(40, 400), Window(7, 77))),
                inverted=chance.random() < 0.2,
                flipped_horizontally=chance.random() < 0.3,
                rotation=chance.choice((0, 0, 90)),
                slab_mm=chance.choice((0.0, 7.5)),
            )
            if chance.random() < 0.9:
                cells.append(Cell(row, column, state))
    return OnScreen(tuple(cells), (Layout(rows, columns),), linked=chance.random() < 0.5)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_learned_hangs_as_it_was_shown_or_says_where_it_does_not(seed: int) -> None:
    chance = random.Random(seed)
    current, prior = a_study(chance, "now", "20260110"), a_study(chance, "then", "20250110")
    shown = a_screen(chance, current, prior)
    hanger = ProtocolHanger((), PRESETS)
    scene = hanger._scene(*hanger._known(current, (prior,), NOTHING_KNOWN), NOTHING_KNOWN)
    lesson = learn(scene, shown)

    shuffled = replace(current, series=tuple(chance.sample(current.series, len(current.series))))
    again = hanger._scene(*hanger._known(shuffled, (prior,), NOTHING_KNOWN), NOTHING_KNOWN)
    assert learn(again, replace(shown, cells=tuple(reversed(shown.cells)))) == lesson, "the order of series says nothing"

    if not lesson.stage.cells:
        assert len(lesson.notes) == len(shown.cells)
        return
    proposal = proposals(StudyFacts(current), NOTHING_KNOWN)[-1]
    made = of_its_own(lesson, proposal, "mine", "Mine")
    made = schema.parse(write(made), "mine.toml", Level.USER)
    # Everything is hung, however little of it can be filled.
    stage = replace(made.stages[0], min_cells=1, min_prior_cells=0)
    hung = ProtocolHanger((replace(made, stages=(stage,)),), PRESETS).hang(current, (prior,), 0, "mine")
    there = {(cell.row, cell.column): cell.state for cell in hung.cells} if hung.protocol == "mine" else {}
    for cell in shown.cells:
        assert cell.state is not None
        here = there.get((cell.row, cell.column))
        same = here is not None and (here.series_uid, here.plane) == (cell.state.series_uid, cell.state.plane)
        named = any(note.startswith(f"Row {cell.row + 1}, column {cell.column + 1}: ") for note in lesson.notes)
        assert same or named, (cell, here, lesson.notes)


def test_nothing_of_the_patient_gets_into_what_is_learned() -> None:
    from workstation.domain.patient import Patient, PatientKey

    secret = Patient(PatientKey("ID77123"), "Zwölfer^Invented", "19500101")
    for seed in range(40):
        chance = random.Random(seed)
        current = a_study(chance, "now", "20260110")
        named = tuple(replace(s, series_description=f"Zwölfer ID77123 {s.series_description}") for s in current.series)
        current = replace(current, patient=secret, series=named, study_description="Thorax Zwölfer Invented")
        shown = a_screen(chance, current)
        lesson = learn(Scene(StudyFacts(current), (), PRESETS), shown)
        for proposal in proposals(StudyFacts(current), NOTHING_KNOWN):
            text = write(of_its_own(lesson, proposal, "mine", lesson.stage.title)) if lesson.stage.cells else ""
            assert not [word for word in ("zwölfer", "zwolfer", "invented", "id77123") if word in text.casefold()]
