"""AI reconstructions, derived and written-upon images say so; other patients and issuers are alarms; cine tells the truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from window_seat import a_study

from rendering.picture import FrameIdentity, Picture
from ui.corner_facts import CornerFacts
from ui.corner_line import Tone
from ui.corner_text import corner_lines
from ui.image_origin import ai_name
from workstation.corner_texts import CornerText
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.viewing import Plane, ViewportState, Window
from workstation.session.cine import CineFacts

pytestmark = pytest.mark.qt
STUDY = a_study("1.1", Patient(PatientKey("ID-7", "HERE"), "BERG^KARI"), "20190304", 1)
PICTURE = Picture(
    np.zeros((4, 4), np.uint8), identity=FrameIdentity("1.1", "1.1.1", "1.1.1.3", 1), window=Window(40, 400), index=11, count=143
)
FACTS = CornerFacts(STUDY, STUDY.series[0], ViewportState("1.1", "1.1.1"), PICTURE)


def told(facts, corner="top_left"):
    return [(line.text, line.tone) for line in getattr(corner_lines(facts), corner)]


def series(**attributes):
    return replace(FACTS, series=replace(STUDY.series[0], attributes={k: (v,) for k, v in attributes.items()}))


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("ConvolutionKernel", "AiCE BODY SHARP"),
        ("ReconstructionAlgorithm", "DEEP_LEARNING"),
        ("ConvolutionKernel", "TrueFidelity-H"),
        ("ScanOptions", "Deep Resolve Boost"),
        ("ConvolutionKernel", "PRECISE IMAGE Sharp"),
    ],
)
def test_a_reconstruction_by_ai_is_a_badge_with_the_makers_name(keyword, value):
    assert (f"AI reconstruction: {value}", Tone.DOUBT) in told(series(**{keyword: value}))


@pytest.mark.parametrize("value", ["STANDARD", "B70f", "ITERATIVE", "FILTER_BACK_PROJ", "LUNG FC52", "Spaice", "ORIGINAL"])
def test_an_ordinary_kernel_is_none(value):
    assert ai_name(series(ConvolutionKernel=value).series, None) == ""


@pytest.mark.parametrize("value", ["Noise reduced by AI", "CNN, 2 mm", "deep-learning reconstruction", "Neural Network filter"])
def test_ai_that_a_derivation_names_in_words_is_told(value):
    assert ai_name(series(DerivationDescription=value).series, None) == value


@pytest.mark.parametrize("value", ["Rotazione ai 45 gradi", "Filtro dai bordi", "Organ segmented", "gan ren bild"])
def test_a_word_of_another_language_is_no_ai(value):
    assert ai_name(series(DerivationDescription=value).series, None) == ""


def test_burned_in_text_is_a_badge_and_derived_a_quiet_line():
    assert ("Text burned into the image", Tone.DOUBT) in told(series(BurnedInAnnotation="YES"))
    assert not [t for t, tone in told(series(BurnedInAnnotation="NO")) if tone is Tone.DOUBT]
    assert ("Derived image", Tone.MUTED) in told(series(ImageType="DERIVED"), "bottom_left")
    assert ("Derived image", Tone.MUTED) not in told(series(ImageType="ORIGINAL"), "bottom_left")


def test_another_patient_or_another_issuer_is_an_alarm():
    assert told(replace(FACTS, current_key=PatientKey("ID-7", "THERE")))[0] == ("Other patient issuer", Tone.ALARM)
    assert told(replace(FACTS, current_key=PatientKey("ID-8", "HERE")))[0] == ("Other patient", Tone.ALARM)
    assert not [t for t, tone in told(replace(FACTS, current_key=PatientKey("ID-7", "HERE"))) if tone is Tone.ALARM]


def test_a_prior_names_its_date_where_the_date_is_not_shown():
    bare = CornerText(top_left=("patient_name",), bottom_left=("image",))
    facts = replace(FACTS, is_prior=True, current_date="20270822", layout=bare)
    date, kind = (text for text, _ in told(facts, "top_right")[:2])
    assert date.startswith("2019-03-04")
    assert kind.startswith("PRIOR")
    assert told(facts, "bottom_left") == [("Image 12/143 (instance 4)", Tone.TEXT)]


def test_what_warns_stands_whatever_a_site_places():
    nothing = CornerText(letters=False, top_left=("patient_id",))
    facts = replace(
        series(BurnedInAnnotation="YES"),
        layout=nothing,
        is_prior=True,
        current_date="20270822",
        not_the_reports=True,
        picture=replace(PICTURE, processed="Sharpened 2"),
        cine=CineFacts(15.0, None, False, True),
    )
    tones = {text: tone for corner in ("top_left", "top_right", "bottom_left") for text, tone in told(facts, corner)}
    assert tones["Not the report's study"] is Tone.ALARM
    assert tones["Sharpened 2"] is Tone.DOUBT
    assert tones["Text burned into the image"] is Tone.DOUBT
    assert tones["Cine 15/s, waits for images"] is Tone.DOUBT
    assert Tone.PRIOR in tones.values()


def test_3d_is_not_for_measuring_even_where_the_plane_is_not_placed():
    facts = replace(FACTS, layout=CornerText(top_left=("patient_id",)), state=ViewportState("1.1", "1.1.1", Plane.THREE_D))
    assert ("Not for measuring", Tone.TEXT) in told(facts, "bottom_left")


@pytest.mark.parametrize(
    ("cine", "lines"),
    [
        (CineFacts(15.0, None, False, False), [("Cine 15/s", Tone.TEXT)]),
        (CineFacts(15.0, 14.9, False, False), [("Cine 15/s, 14.9 reached", Tone.TEXT)]),
        (
            CineFacts(15.0, 12.34, False, False, dropped=5),
            [("Cine 15/s, 12.3 reached", Tone.TEXT), ("5 images dropped", Tone.DOUBT)],
        ),
        (
            CineFacts(29.97, 29.97, True, False, 1, True, "frame times"),
            [
                ("Sweep 30/s on average, 30.0 reached", Tone.TEXT),
                ("1 image dropped", Tone.DOUBT),
                ("By the file's frame times", Tone.MUTED),
            ],
        ),
    ],
)
def test_cine_says_what_is_asked_for_what_is_reached_and_what_was_dropped(cine, lines):
    assert told(replace(FACTS, cine=cine), "bottom_left")[1 : 1 + len(lines)] == lines
