"""Words and images without a window: planes that are shown again, reports that never mix, a disk that refuses."""

from __future__ import annotations

from dataclasses import replace

import pytest
from report_seat import ReportSeat

from workstation.domain.annotation import Annotation, AnnotationKind
from workstation.domain.dictation import DictatedSegment
from workstation.domain.report import ReportAction, SectionCode
from workstation.domain.viewing import Plane, ViewportState
from workstation.errors import Refused

F, C = SectionCode.FINDINGS, SectionCode.IMPRESSION
OBLIQUE = ((1.0, 0.0, 0.0), (0.0, 0.8, -0.6))


@pytest.fixture
def seat(tmp_path):
    made = ReportSeat(tmp_path)
    made.add_case(1, prior=True)
    made.add_case(2)
    made.session.open(made.items[0])
    yield made
    made.reports.close()


def measured(seat, millimetres: float = 12.0) -> Annotation:
    viewer, state = seat.session.viewing.viewer(0), seat.session.viewing.state(0)
    drawn = viewer.annotation_at(state, 200, 200, [(10.0, 20.0), (10.0 + millimetres, 20.0)], AnnotationKind.LENGTH)
    seat.session.annotating.add(replace(drawn, measured=viewer.measure(drawn)))
    return seat.session.annotating.find(drawn.uid)


def grow(seat, drawn: Annotation, millimetres: float) -> None:
    start = drawn.patient_points[0]
    seat.session.annotating.change(drawn.uid, patient_points=(start, (start[0] + millimetres, *start[1:])))


def said(seat, words: str) -> None:
    """A sentence that begins now."""
    before = seat.text()
    seat.session.desk.write(F, before + words)
    seat.session.linked.sentence_begun(F, len(before))
    seat.session.desk.write(F, before + words + " ")


@pytest.mark.parametrize(
    "change",
    [
        {"position": 6},
        {"plane": Plane.CORONAL, "focus": (0.0, 40.0, 50.0)},
        {"plane": Plane.OBLIQUE, "focus": (5.0, 40.0, 50.0), "oblique": OBLIQUE},
    ],
)
def test_the_plane_that_was_looked_at_is_shown_again(seat, change):
    seat.session.viewing.change(0, **change)
    looked_at = seat.session.viewing.state(0)
    said(seat, "A nodule.")
    seat.session.viewing.change(0, plane=Plane.STACK, position=1, oblique=None)
    (mark,) = seat.session.linked.marks(F)
    seat.session.linked.show(mark.link)
    shown = seat.session.viewing.state(0)
    assert (shown.plane, shown.oblique) == (looked_at.plane, looked_at.oblique)
    if shown.plane is Plane.STACK:
        assert shown.position == 6
    else:
        assert shown.focus[1] == pytest.approx(40.0)


def test_in_three_d_nothing_is_remembered(seat):
    seat.session.viewing.change(0, plane=Plane.THREE_D)
    said(seat, "A nodule.")
    assert seat.session.linked.marks(F) == ()


def test_links_of_two_reports_never_mix(seat):
    """F62."""
    measured(seat)
    seat.session.from_image.insert_one()
    first = seat.session.desk.report.report_uuid
    target = seat.session.desk.target()
    seat.session.linked.segment_begun("s1", target)
    seat.session.open(seat.items[1])
    assert seat.session.linked.marks(F) == ()
    seat.session.desk.accept(target, DictatedSegment("s1", "spoken"))
    assert seat.session.linked.marks(F) == ()
    assert len(seat.reports.links.of_report(first)) == 2
    seat.session.open(seat.items[0])
    assert [seat.text()[m.start : m.end] for m in seat.session.linked.marks(F)] == ["12 mm", "spoken"]


def test_a_measurement_that_changed_while_its_report_was_away_changes_the_words_when_it_comes_back(seat):
    drawn = measured(seat)
    seat.session.from_image.insert_one()
    seat.session.open(seat.items[1])
    start = drawn.patient_points[0]
    longer = replace(drawn, patient_points=(start, (start[0] + 20.0, *start[1:])))
    viewer = seat.library.viewport("1.1", "1.1.1") or seat.session.viewing.viewer(0)
    seat.annotations.apply([(drawn, replace(longer, measured=viewer.measure(longer)))])
    seat.session.open(seat.items[0])
    assert seat.text() == "20 mm (series 1, image 1)"
    (mark,) = seat.session.linked.to_be_seen()
    assert mark.state.value == "changed"


def test_a_disk_that_refuses_keeps_the_words_and_their_link_until_it_takes_them(seat):
    """F21."""
    measured(seat)
    seat.reports.is_full = True
    seat.session.from_image.insert_one()
    assert seat.text() == ""
    seat.reports.is_full = False
    seat.session.desk.retry()
    uuid = seat.session.desk.report.report_uuid
    (link,) = seat.reports.links.of_report(uuid)
    assert seat.text()[link.start : link.end] == "12 mm"


def test_signed_words_are_told_and_never_touched(seat):
    drawn = measured(seat)
    seat.session.from_image.insert_one()
    seat.session.viewing.note_shown(shown(seat))
    seat.session.sign(ReportAction.SIGN_FINAL)
    assert not seat.session.desk.is_open_for_writing
    grow(seat, drawn, 20.0)
    (mark,) = seat.session.linked.to_be_seen()
    assert (seat.text(), mark.says) == ("12 mm (series 1, image 1)", "20 mm")
    with pytest.raises(Refused, match="are signed"):
        seat.session.linked.take(mark)
    with pytest.raises(Refused, match="No report is open"):
        seat.session.from_image.insert_one()


def shown(seat):
    from workstation.session.tool import ShownImage

    state: ViewportState = seat.session.viewing.state(0)
    return ShownImage(state.study_uid, seat.session.viewing.viewer(0).image_of(state)[0])
