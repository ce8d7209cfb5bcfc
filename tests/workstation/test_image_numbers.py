"""One number that a colleague finds: the place in reading order, and the other one where another viewer counts otherwise."""

from __future__ import annotations

from dataclasses import replace

import pytest
from window_seat import WindowSeat

from workstation.domain.annotation import Annotation, AnnotationKind
from workstation.domain.study import Instance, Series
from workstation.domain.viewing import Plane
from workstation.session.annotation_words import place_words
from workstation.session.image_numbers import image_words, numbered_otherwise


def image(number: int | None = 1, frames: int = 1) -> Instance:
    return Instance(f"1.{number}", "1.2", "1.2.3", number, frames, 10, 10, "", "", 0)


def series(*images: Instance) -> Series:
    return Series("1.1", "CT", 3, instances=images)


@pytest.mark.parametrize(
    ("one", "of", "frame", "place", "words"),
    [
        (image(12), (image(12), image(13)), 1, 12, "image 12"),
        (image(131), (image(131), image(130)), 1, 12, "image 12 (instance 131)"),
        (image(0), (image(0), image(1)), 1, 1, "image 1 (instance 0)"),
        (image(None), (image(None), image(1)), 1, 2, "image 2"),
        (image(7), (image(7), image(8)), 1, None, "instance 7"),
        (image(1, 40), (image(1, 40),), 12, 12, "image 12"),
        (image(9, 40), (image(9, 40),), 12, 12, "image 12"),
        (image(1, 40), (image(1, 40),), 29, 12, "image 12 (frame 29)"),
        (image(3, 40), (image(3, 40), image(4, 40)), 7, 47, "image 47 (instance 3, frame 7)"),
        (image(3, 40), (image(3, 40),), 7, None, "instance 3, frame 7"),
    ],
)
def test_both_numbers_are_said_where_they_differ(one, of, frame, place, words):
    assert image_words(series(*of), one, frame, place) == words


def test_an_image_that_is_not_in_the_series_has_no_number():
    assert image_words(series(), None, 1, 4) == ""
    assert numbered_otherwise(series(), None, 1, 4) == ()


@pytest.fixture
def seat(tmp_path):
    made = WindowSeat(tmp_path)
    made.add_case(1)
    made.session.open(made.items[0])
    return made


def test_corner_text_and_report_name_an_image_alike(seat):
    """Series 1.1.1 read from its end: place 1 is the image that was sent as the tenth."""
    annotating = seat.session.annotating
    seat.library.shelf["1.1", "1.1.1"].position_of = lambda sop, frame: 9 - int(sop.rsplit(".", 1)[1])
    drawn = Annotation("2.25.1", AnnotationKind.LENGTH, "1.1", "1.1.1", "1.1.1.9", 1, Plane.STACK)
    assert place_words(drawn, annotating.studies, annotating.image_place) == "series 1, image 1 (instance 10)"
    other = replace(drawn, sop_instance_uid="1.1.1.4")
    assert place_words(other, annotating.studies, annotating.image_place) == "series 1, image 6 (instance 5)"


@pytest.mark.parametrize(
    ("plane", "words"),
    [
        (Plane.AXIAL, "axial plane at −30.2 mm"),
        (Plane.CORONAL, "coronal plane at +20.0 mm"),
        (Plane.SAGITTAL, "sagittal plane at +10.0 mm"),
        (Plane.OBLIQUE, "oblique plane"),
    ],
)
def test_a_cut_is_named_by_its_place_in_the_patient_as_the_corner_does(seat, plane, words):
    drawn = Annotation("2.25.1", AnnotationKind.LENGTH, "1.1", "1.1.1", "", 0, plane, (), ((10.0, 20.0, -30.2), (4.0, 5.0, 6.0)))
    assert place_words(drawn, seat.session.annotating.studies) == f"series 1, {words}"
