"""Next case, next case, next case: frames that come late from real decoders never show over another case (F63, F65)."""

from __future__ import annotations

import logging
import random
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import angiogram
import numpy as np
import pytest
from monkey import Monkey
from pydicom import dcmread
from PySide6.QtWidgets import QApplication
from window_seat import FakeImages, FakeViewport, HeldJobs, a_study

import main
from rendering.images import SeriesImages
from rendering.phantoms.generator import write_demonstration
from rendering.viewport import Viewport
from ui import app
from ui.main_window import MainWindow
from ui.picture_source import PictureSource
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.viewing import Plane
from workstation.jobs import FILES, PICTURES, Jobs
from workstation.session.looking import TextLevel
from workstation.settings import Folders

pytestmark = pytest.mark.qt

SWITCHES = 100
FUZZ = 10_000
ACTS = 200


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    write_demonstration(folder, only={"ct-chest", "ct-chest-prior", "mr-head", "hand", "us"}, size="small")
    return folder


@pytest.fixture(scope="module")
def window(files, tmp_path_factory, qapp):
    poster, home = app.MainPoster(), tmp_path_factory.mktemp("home")
    core = main.open_core(lambda: Jobs(poster.post), "", Folders(home / "data", home / "config", home / "cache"))
    core.cache.add([files])
    made = MainWindow(core)
    made.core = core
    made.resize(1100, 800)
    made.show()
    core.session.refresh_worklist()
    end = time.monotonic() + 20.0
    while len(core.session.items) < 4 and time.monotonic() < end:
        QApplication.processEvents()
    yield made
    made.close()
    core.close()


def widgets(window):
    return [w for w in window.grid.widgets if w.isVisible()]


def check_painted(window) -> int:
    """How many viewports show something; each of them something of the open case, and of its own place."""
    session, seen = window.core.session, 0
    case = session.case
    for widget in widgets(window):
        widget.repaint()
        shown = widget.painted
        if shown is None:
            continue
        assert case is not None
        assert shown.request.generation == case.generation
        assert shown.request.state.study_uid in {s.study_instance_uid for s in case.studies}
        assert shown.request.state.series_uid == widget.cell.state.series_uid
        identity = shown.picture.identity
        if identity is not None:
            assert (identity.study_uid, identity.series_uid) == (shown.request.state.study_uid, shown.request.state.series_uid)
        seen += shown.picture.error is None and not shown.picture.partial
    return seen


def open_item(window, qtbot, item, painted: int):
    """The row, opened and so many of its viewports painted whole."""
    session = window.core.session
    session.open(item)
    qtbot.waitUntil(
        lambda: session.case is not None and session.case.study.study_instance_uid == item.study_instance_uid, timeout=60_000
    )
    qtbot.waitUntil(lambda: check_painted(window) >= painted, timeout=60_000)
    return session.case


def test_a_storm_of_next_cases_with_real_decoders_paints_the_open_case_only(window, qtbot):
    """F63: ten cases a second and more, each left while its frames are still being decoded."""
    session, chance = window.core.session, random.Random(63)
    switches = pictures = 0
    limit = time.monotonic() + 60.0
    # A slow machine paints fewer of them in time: it goes on until there were enough to look at.
    while switches < SWITCHES or (pictures <= SWITCHES and time.monotonic() < limit):
        switches += 1
        session.open(chance.choice(session.items))
        end = time.monotonic() + chance.uniform(0.0, 0.05)
        while time.monotonic() < end:
            QApplication.processEvents()
            pictures += check_painted(window)
            if session.case is not None and chance.random() < 0.3:
                session.viewing.scroll(chance.choice((-3, 1, 7)))
        if session.case is not None:
            assert {image.study_uid for image in session.viewing.shown} <= {s.study_instance_uid for s in session.case.studies}
    assert pictures > SWITCHES


def test_after_the_storm_what_stands_is_the_picture_of_the_files(window, qtbot):
    """F63: every viewport's pixels are those of its own series, read afresh."""
    session, chance = window.core.session, random.Random(7)
    for _ in range(20):
        session.open(chance.choice(session.items))
        QApplication.processEvents()
    QApplication.processEvents()
    open_item(window, qtbot, session.items[-1], 1)
    qtbot.waitUntil(lambda: check_painted(window) == len([c for c in session.viewing.cells if c.state]), timeout=60_000)
    for widget in widgets(window):
        shown = widget.painted
        if shown is None:
            continue
        study = next(s for s in session.case.studies if s.study_instance_uid == shown.request.state.study_uid)
        series = next(s for s in study.series if s.series_instance_uid == shown.request.state.series_uid)
        fresh = SeriesImages(study, series, window.core.reader)
        fresh.load()
        expected = Viewport(fresh).picture(shown.request.state, shown.request.width, shown.request.height).pixels
        assert np.array_equal(shown.picture.pixels, expected)
        fresh.close()


def test_ten_thousand_switches_with_late_answers_in_any_order_give_no_picture_of_another_case():
    """F63, I9: the source of a viewport's pictures alone, so that ten thousand take a second."""
    chance, jobs = random.Random(10_000), HeldJobs(PICTURES)
    viewports = {}
    for number in range(6):
        study = a_study(f"1.{number}", Patient(PatientKey(f"ID-{number}")), "20261120", 1)
        viewports[study.study_instance_uid] = FakeViewport(FakeImages(study, study.series[0]), 40 + 30 * number)
    source = PictureSource(jobs, lambda: None)
    given = late = 0
    for generation in range(FUZZ):
        uid = chance.choice(sorted(viewports))
        viewport = viewports[uid]
        state = replace(viewport.default_state(), plane=chance.choice((Plane.STACK, Plane.AXIAL)), position=chance.randrange(10))
        if chance.random() < 0.5:
            source.clear()
        for _ in range(2):
            shown = source.current(viewport, generation, state, 8, 8)
            if shown is not None:
                assert shown.request.generation == generation
                assert shown.request.state.study_uid == uid
                assert int(shown.picture.pixels[0, 0]) == viewport.grey
                given += 1
            while jobs.waiting and chance.random() < 0.4:
                late += 1
                jobs.release(chance.randrange(len(jobs.waiting)))
        for kept in viewports.values():
            kept.asked.clear()
    assert given > FUZZ // 2
    assert late > FUZZ // 10


@pytest.mark.qt_no_exception_capture
def test_an_error_while_painting_ends_neither_the_window_nor_the_pictures(window, qtbot):
    """A painter left open by an error would end the whole program at the next flush."""
    from ui import viewport_widget

    open_item(window, qtbot, window.core.session.items[0], 1)

    failed: list[int] = []

    def fail(*_: object, **__: object) -> None:
        failed.append(1)
        raise ValueError("invented")

    widget = widgets(window)[0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "excepthook", lambda *_: None)
        patch.setattr(viewport_widget.overlay, "paint", fail)
        with suppress(ValueError):  # Qt hands it on to whoever asked for the painting
            widget.grab()
    assert failed
    assert not widget.paintingActive()
    assert check_painted(window) > 0


# ---- F65 ---------------------------------------------------------------------------------


def of_issuer(files: Path, into: Path, issuer: str) -> None:
    """The earlier chest CT again, as another study of a patient with the same number elsewhere."""
    into.mkdir()
    for number, path in enumerate(sorted((files / "ct-chest-prior").rglob("*.dcm"))[:12]):
        dataset = dcmread(path)
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "2.25.65", "2.25.65.1"
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"2.25.65.1.{number}"
        dataset.IssuerOfPatientID = issuer
        dataset.save_as(into / f"{number}.dcm")


def open_chest(window, qtbot):
    cache = window.core.cache
    followed = [i for i in window.core.session.items if cache.priors_of(cache.study(i.study_instance_uid))]
    return open_item(window, qtbot, max(followed, key=lambda item: item.study_date), 2)


def test_the_same_number_of_another_issuer_is_nobodys_prior(window, files, tmp_path, qtbot):
    """F65: issuer is part of who somebody is."""
    of_issuer(files, tmp_path / "elsewhere", "ANOTHER-HOSPITAL")
    window.core.cache.add([tmp_path / "elsewhere"])
    assert "2.25.65" in {s.study_instance_uid for s in window.core.cache.studies()}
    case = open_chest(window, qtbot)
    assert len(case.priors) == 1
    assert "2.25.65" not in {s.study_instance_uid for s in case.studies}


@pytest.mark.parametrize("level", TextLevel)
def test_a_prior_is_named_with_its_date_at_every_level_of_text_and_with_text_hidden(window, qtbot, level):
    """F65: whatever a reader hides, an earlier image says that it is one, when it was made, in a frame of its own."""
    from ui import overlay

    case = open_chest(window, qtbot)
    viewing = window.core.session.viewing
    viewing.looking.text_level = level
    viewing.overlays = False
    painted: list[overlay.OverlayFacts] = []
    keep = overlay.paint

    def paint(painter, width, height, facts, text=True):
        painted.append(facts)
        keep(painter, width, height, facts, text)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(overlay, "paint", paint)
        for widget in widgets(window):
            widget.repaint()
    viewing.overlays = True
    priors = [facts for facts in painted if facts.is_prior]
    assert len(priors) == 1
    (prior,) = case.priors
    lines = [line for line in priors[0].corners.top_right if line.tone.name == "PRIOR"]
    date = f"{prior.study_date[:4]}-{prior.study_date[4:6]}-{prior.study_date[6:]}"
    assert lines
    assert date in " ".join(line.text for line in priors[0].corners.top_right)


# ---- whatever the hands do, last of all: the window is as the monkey leaves it -----------------


def test_a_monkey_at_the_keys_finds_no_unexpected_problem_and_no_image_of_another_case(window, tmp_path, qtbot, qtlog, caplog):
    """F63, F95: commands of the whole table, keys, mouse and wheel, between openings, while images arrive."""
    core, session, told = window.core, window.core.session, []
    session.notice.connect(told.append)
    run = angiogram.write(angiogram.run(**angiogram.masked(MaskFrameNumbers=[1])), tmp_path / "run.dcm")
    monkey = Monkey(window, 95, lambda: core.jobs.run(FILES, lambda _: core.cache.add([run]), None, session.report_problem))
    try:
        with monkey:
            for _ in range(ACTS):
                monkey.act()
                check_painted(window)
        session.viewing.overlays = True
        open_item(window, qtbot, session.items[0], 1)
    except BaseException:
        print("what the monkey did:", *monkey.did)
        raise
    words = [notice.text for notice in told]
    assert [text for text in words if "nexpected" in text or "protocols failed" in text] == []
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
    assert [record.message for record in qtlog.records if "aint" in record.message or "Timer" in record.message] == []
