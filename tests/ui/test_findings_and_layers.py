"""Findings and layers of others in the window: listed with their source, shown, hidden, judged by keys (F49, F75).

The objects are real files, read by the limited worker; the images are a phantom of our own.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from object_images import STUDY, Phantom
from object_seat import AUTHOR, K, V, seat_of
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtTest import QTest

import main
from rendering.objects.layer_paint import LayerPainter
from rendering.objects.write_report import write_sr
from rendering.objects.write_segmentation import write_seg
from rendering.worker import ImageWorker
from ui import app
from ui.layer_words import badges
from ui.viewport_widget import paint_pixels, paint_veil
from workstation.annotations_store import AnnotationStore
from workstation.core import Core
from workstation.domain.annotation import Measured, Verdict
from workstation.domain.doubt import SpacingSource
from workstation.domain.viewing import Window
from workstation.jobs import Jobs
from workstation.settings import Folders

ALGORITHM = "Invented detector"


def _objects(folder: Path) -> None:
    """Three slices, a segment on the first, and a finding of ours and of a program in one study."""
    with ImageWorker() as worker:
        seat = seat_of(Phantom(folder), worker)
    area = seat.drawing(1, K.RECTANGLE, [(10.0, 20.0), (29.0, 39.0)], "lesion")
    (folder / "seg.dcm").write_bytes(write_seg(seat.context, AUTHOR, [area], seat.headers).data)
    length = replace(
        seat.drawing(2, K.LENGTH, [(10.0, 30.0), (30.0, 30.0)]),
        measured=Measured((V("Length", 15.0, "mm"),), SpacingSource.PIXEL_SPACING),
    )
    (folder / "sr.dcm").write_bytes(write_sr(seat.context, AUTHOR, [length], seat.headers).data)


@pytest.fixture
def core(tmp_path: Path, qapp, qtbot):
    objects = tmp_path / "objects"
    _objects(objects)
    poster, home = app.MainPoster(), tmp_path / "home"
    core = main.open_core(lambda: Jobs(poster.post), folders=Folders(home / "data", home / "config", home / "cache"))
    core.cache.add(sorted(objects.iterdir()))
    yield core
    core.close()


@pytest.fixture
def window(core: Core, qtbot):
    from ui.main_window import MainWindow

    made = MainWindow(core)
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.show()
    qtbot.waitUntil(lambda: len(core.session.items) > 0, timeout=10_000)
    open_case(core, made, qtbot)
    return made


def open_case(core, window, qtbot) -> None:
    core.session.open(core.session.items[0])
    qtbot.waitUntil(lambda: bool(core.session.findings.layers), timeout=20_000)
    qtbot.waitUntil(lambda: bool(core.session.findings.findings()), timeout=10_000)


def go_to_layer(core, window, qtbot) -> None:
    (layer,) = core.session.findings.layers
    core.session.findings.show(layer.uid)
    qtbot.waitUntil(lambda: shown(window) is not None and shown(window).drawn == (layer.uid,), timeout=10_000)


def shown(window):
    return window.grid.widget(0).painted


def test_objects_of_a_case_become_findings_and_layers(core, window, qtbot):
    """F75: what is received is a finding of its source, never the reader's own drawing."""
    (layer,) = core.session.findings.layers
    (finding,) = core.session.findings.findings()
    assert layer.name == "lesion"
    assert (layer.study_uid, finding.study_uid) == (STUDY, STUDY)
    assert finding.source.kind == "received"
    assert finding.points == ((10.0, 30.0), (30.0, 30.0))
    assert [value.text for value in finding.measured.values] == ["15.0 mm"]


def test_a_layer_is_painted_with_its_name_and_goes_with_one_key(core, window, qtbot):
    """F49: no layer without its name on the image; G hides drawings and layers alike."""
    go_to_layer(core, window, qtbot)
    (words, *_), *others = badges(core.session.findings.named(shown(window).drawn))
    assert words == "Segmentation: lesion, Ødegård Ågot, Lyskasse 1.2, 2026-11-23"
    assert not others
    with_layer = pixels(window)
    window.grid.setFocus()
    QTest.keyClick(window.grid, Qt.Key.Key_G)
    qtbot.waitUntil(lambda: shown(window).drawn == (), timeout=5_000)
    bare = pixels(window)
    assert is_coloured(with_layer)
    assert not is_coloured(bare)
    QTest.keyClick(window.grid, Qt.Key.Key_G)
    qtbot.waitUntil(lambda: len(shown(window).drawn) == 1, timeout=5_000)
    assert is_coloured(pixels(window))


def test_what_is_laid_over_is_what_a_layer_makes_of_the_greys_and_does_not_change_with_the_window(core, window, qtbot):
    go_to_layer(core, window, qtbot)
    seen = shown(window)
    height, width = seen.picture.pixels.shape
    image = QImage(width, height, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    paint_pixels(painter, seen.picture, 1.0)
    paint_veil(painter, seen.veil, 1.0)
    painter.end()
    drawn = np.frombuffer(image.constBits(), np.uint8).reshape(height, width, 4)[:, :, 2::-1].astype(int)
    viewport = window.grid.widget(0).viewport()
    expected = LayerPainter(viewport.images).paint(seen.picture, seen.request.state, core.session.findings.layers).picture.pixels
    assert expected.ndim == 3
    assert np.abs(drawn - expected).max() <= 1
    core.session.viewing.set_window(Window(10.0, 3000.0))
    qtbot.waitUntil(lambda: shown(window).picture.window == Window(10.0, 3000.0), timeout=5_000)
    assert shown(window).veil is seen.veil


def pixels(window) -> np.ndarray:
    """What the viewport shows where neither text nor drawings stand: the middle of it."""
    image = window.grid.widget(0).grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    raw = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    veil = shown(window).veil
    rows, columns = veil.box if veil is not None else (slice(0, 0), slice(0, 0))
    middle = raw[rows, columns, :3] if veil is not None else raw[image.height() // 3 : -image.height() // 3, 100:-100, :3]
    return middle.astype(int).copy()


def is_coloured(seen: np.ndarray) -> bool:
    return bool((np.ptp(seen, axis=2) > 8).any())


def test_the_list_is_worked_by_keys(core, window, qtbot):
    from ui.findings_dialog import FindingsDialog

    go_to_layer(core, window, qtbot)
    findings = core.session.findings
    dialog = FindingsDialog(core.session, window)
    qtbot.addWidget(dialog)
    dialog.show()
    table = dialog.table
    assert [table.item(row, 0).text().split(" ")[0] for row in range(2)] == ["Segmentation:", "15.0"]
    assert "Ødegård" in table.item(0, 3).text()
    (layer,) = findings.layers
    QTest.keyClick(table, Qt.Key.Key_Space)
    assert layer.uid in findings.hidden
    qtbot.waitUntil(lambda: shown(window).drawn == (), timeout=5_000)
    QTest.keyClick(table, Qt.Key.Key_Right)
    assert findings.layers[0].opacity == pytest.approx(layer.opacity + 0.1)
    QTest.keyClick(table, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(shown(window).drawn) == 1, timeout=5_000)
    QTest.keyClick(table, Qt.Key.Key_Down)
    QTest.keyClick(table, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: findings.findings()[0].verdict is Verdict.REJECTED, timeout=5_000)
    assert table.item(1, 1).text() == "no"


def test_a_verdict_stands_when_the_case_is_opened_again(core, window, qtbot):
    """F62: a finding is read again and stays one, with what the reader said of it."""
    (finding,) = core.session.findings.findings()
    core.session.annotating.judge(finding.uid, Verdict.REJECTED)
    qtbot.waitUntil(lambda: not core.session.annotating.is_unsaved, timeout=5_000)
    core.session.close_case()
    assert core.session.findings.layers == ()
    open_case(core, window, qtbot)
    qtbot.waitUntil(lambda: bool(core.session.findings.layers), timeout=5_000)
    (again,) = core.session.findings.findings()
    assert (again.uid, again.verdict) == (finding.uid, Verdict.REJECTED)


def test_how_a_layer_is_wanted_is_kept_when_the_case_and_the_program_are_closed(core, window, qtbot, tmp_path):
    """Off, fainter, rejected: on disk, by layer."""
    findings = core.session.findings
    (layer,) = findings.layers
    findings.toggle(layer.uid)
    findings.fade(layer.uid, 2)
    findings.judge(layer.uid, Verdict.REJECTED)
    core.session.close_case()
    assert findings.hidden == set()
    open_case(core, window, qtbot)
    (again,) = findings.layers
    assert layer.uid in findings.hidden
    assert again.opacity == pytest.approx(layer.opacity + 0.2)
    assert findings.verdict(again) is Verdict.REJECTED
    core.session.close_case()
    store = AnnotationStore(core.folders.annotations, core.vault)
    assert store.marks.looks_of([STUDY])[layer.uid].verdict is Verdict.REJECTED
    store.close()


def test_a_rejected_layer_is_not_painted_until_it_is_accepted(core, window, qtbot):
    from ui.findings_dialog import FindingsDialog

    go_to_layer(core, window, qtbot)
    (layer,) = core.session.findings.layers
    dialog = FindingsDialog(core.session, window)
    qtbot.addWidget(dialog)
    dialog.show()
    QTest.keyClick(dialog.table, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: shown(window).drawn == (), timeout=5_000)
    assert dialog.table.item(0, 1).text() == "rejected"
    QTest.keyClick(dialog.table, Qt.Key.Key_A)
    qtbot.waitUntil(lambda: shown(window).drawn == (layer.uid,), timeout=5_000)
    assert dialog.table.item(0, 1).text() == "yes"


def test_an_object_of_another_patient_is_said_and_not_shown(core, window, qtbot, tmp_path):
    """F63: the same study UID with another patient's ID: words in the list, no layer."""
    found = tuple(core.library.objects_of(core.session.case.study, lambda: False))
    assert sum(len(one.layers) for one in found) == 1
    study = core.session.case.study
    other = replace(study, patient=replace(study.patient, key=replace(study.patient.key, patient_id="TEST-0002")))
    refused = tuple(core.library.objects_of(other, lambda: False))
    assert not any(one.layers or one.annotations for one in refused)
    assert {one.words for one in refused} == {("The object is not shown. It was made for another patient",)}


def test_one_lesion_in_two_studies_is_two_drawings(core, window, qtbot):
    """A tracking UID that was used in another study neither takes its drawing nor stops the saving."""
    (finding,) = core.session.findings.findings()
    assert finding.uid != "2.25.7702"
    elsewhere = replace(finding, uid="2.25.7702", study_uid="2.25.999", series_uid="2.25.998")
    core.annotations.apply([(None, elsewhere)])
    core.session.close_case()
    open_case(core, window, qtbot)
    assert not core.session.annotating.is_unsaved
    assert core.annotations.of_studies(["2.25.999"]) == (elsewhere,)
