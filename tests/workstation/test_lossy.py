"""A site may forbid to report from lossy compressed images (F56)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from workstation.domain.patient import Patient, PatientKey
from workstation.domain.report import ReportAction
from workstation.domain.study import Instance, Series, Study
from workstation.session.lossy import lossy_was_shown
from workstation.session.session import Session
from workstation.session.tool import ShownImage
from workstation.signals import Signal


def image(uid: str, is_lossy: bool) -> Instance:
    header = {"lossy": True} if is_lossy else {}
    return Instance(uid, "1.2", "1.2.840.10008.1.2.1", 1, 1, 10, 10, "", "", 0, header)


def study_of(*series: tuple[Instance, ...]) -> Study:
    made = tuple(Series(f"1.{number}", "CT", instances=images) for number, images in enumerate(series))
    return Study("1", Patient(PatientKey("P1")), series=made)


CAPTURE, SLICES, LOST = (image("c", True),), (image("a", False), image("b", False)), (image("x", True), image("y", True))


@pytest.mark.parametrize(
    ("study", "shown", "expected"),
    [
        (study_of(SLICES, CAPTURE), [("1", "a")], False),
        (study_of(SLICES, CAPTURE), [("1", "a"), ("1", "c")], True),
        (study_of(SLICES, CAPTURE), [("9", "c")], False),
        # A cut names no image: one lossy capture is no volume, a lossy series may be.
        (study_of(SLICES, CAPTURE), [("1", "")], False),
        (study_of(SLICES, LOST), [("1", "")], True),
    ],
)
def test_only_lossy_images_that_were_shown_count(study: Study, shown: list[tuple[str, str]], expected: bool) -> None:
    """F56."""
    assert lossy_was_shown(study, {ShownImage(*pair) for pair in shown}) is expected


class Desk:
    """Takes signatures down."""

    def __init__(self) -> None:
        self.problem: Signal[Exception] = Signal()
        self.signed: Signal[Any] = Signal()
        self.opened: Signal[Any] = Signal()
        self.report_changed: Signal[Any] = Signal()
        self.segment_accepted: Signal[Any] = Signal()
        self.report: Any = None
        self.signatures: list[Any] = []

    def sign(self, *arguments: Any) -> None:
        self.signatures.append(arguments)


@pytest.mark.parametrize(("allows_lossy", "signatures"), [(True, 1), (False, 0)])
def test_the_sites_rule_holds_a_report_read_from_lossy_images(allows_lossy: bool, signatures: int) -> None:
    """F56."""
    desk, shelf = Desk(), SimpleNamespace(viewer=lambda *_: None)
    nothing: Any = SimpleNamespace()
    session = Session(nothing, nothing, nothing, desk, nothing, shelf, nothing)  # type: ignore[arg-type]
    said: list[str] = []
    session.notice.connect(lambda notice: said.append(notice.text))
    session.signer, session.allows_lossy = "Dr Åse Öst", allows_lossy
    session.case = SimpleNamespace(study=study_of(CAPTURE))  # type: ignore[assignment]
    session.viewing.note_shown(ShownImage("1", "c"))
    session.sign(ReportAction.SIGN_FINAL)
    assert len(desk.signatures) == signatures
    assert any("lossy" in text.lower() for text in said) is not allows_lossy
