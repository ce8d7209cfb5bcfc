"""What measurements say in a report: numbers worth their digits, units with their source, in the report's language."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from workstation.domain.annotation import VALUES_FOLLOW, Annotation, AnnotationKind, Measured, MeasuredValue, Verdict
from workstation.domain.lesion import TimePoint, lesion_table
from workstation.domain.viewing import Plane
from workstation.errors import Refused
from workstation.session.copying import PROPOSED, UNCHECKED
from workstation.session.measured_text import field_part, number_in, part_words, told
from workstation.session.measured_words import measured_words
from workstation.templates.model import TAKES, TAKES_WORDS

K = AnnotationKind
EN, SV = measured_words("en"), measured_words("sv")


def drawn(kind: K, *values: tuple, text: str = "", **facts) -> Annotation:
    measured = Measured(tuple(MeasuredValue(*v) for v in values))
    made = Annotation("2.25.1", kind, "1", "1.1", "1.1.1", 1, Plane.STACK, text=text, measured=measured)
    return replace(made, **facts)


def length(value: float, unit: str = "mm", **facts) -> Annotation:
    return drawn(K.LENGTH, ("Length", value, unit), **facts)


@pytest.mark.parametrize(
    ("one", "english", "swedish"),
    [
        (length(12.3), "12 mm", "12 mm"),
        (length(9.44), "9.4 mm", "9,4 mm"),
        (length(9.0), "9 mm", "9 mm"),
        (length(31.6, "mm at detector"), "32 mm at the detector", "32 mm vid detektorn"),
        (length(31.6, "mm (ERMF)"), "32 mm corrected for magnification", "32 mm förstoringskorrigerat"),
        (length(31.6, "mm calibrated by reader"), "32 mm after calibration by the reader", "32 mm efter granskarens kalibrering"),
        (drawn(K.BIDIRECTIONAL, ("Long axis", 12.2, "mm"), ("Short axis", 8.9, "mm")), "12 x 9 mm", "12 x 9 mm"),
        (drawn(K.BIDIRECTIONAL, ("Long axis", 7.6, "mm"), ("Short axis", 5.5, "mm")), "7.6 x 5.5 mm", "7,6 x 5,5 mm"),
        (
            drawn(K.ELLIPSE, ("Area", 120.4, "mm²"), ("Mean", 45.3, "HU"), ("SD", 12.4, "HU"), ("Min", 3.0, "HU")),
            "mean 45 HU, SD 12 HU, area 120 mm²", "medelvärde 45 HU, SD 12 HU, area 120 mm²",
        ),
        (
            drawn(K.SPHERE, ("Max", 5.12, "SUVbw"), ("Peak", 4.26, "SUVbw"), ("Mean", 3.04, "SUVbw"), ("Volume", 4.2, "ml")),
            "SUVmax 5.1, SUVpeak 4.3, SUVmean 3.0, volume 4.2 ml", "SUVmax 5,1, SUVpeak 4,3, SUVmean 3,0, volym 4,2 ml",
        ),
        (drawn(K.PROBE, ("Value", -42.4, "HU")), "−42 HU", "−42 HU"),
        (drawn(K.PROBE, ("Value", 5.06, "SUVbw")), "SUV 5.1", "SUV 5,1"),
        (
            drawn(K.ELLIPSE, ("Area", 150.2, "mm² at detector"), ("Mean", 3887.0, "")),
            "area 150 mm² at the detector", "area 150 mm² vid detektorn",
        ),
        (drawn(K.COBB, ("Cobb angle", 23.6, "°")), "Cobb angle 24°", "Cobbvinkel 24°"),
    ],
)  # fmt: skip
def test_each_kind_is_told_in_the_reports_language(one, english, swedish):
    assert told(one, EN).words == english
    assert told(one, SV).words == swedish


def test_image_and_source_stand_in_brackets_behind_the_size():
    said = told(length(12.0), EN, "series 3, image 45", "AI: Net 2, accepted by Dr A")
    assert said.words == "12 mm (series 3, image 45; AI: Net 2, accepted by Dr A)"


def test_a_pet_on_ct_says_which_modality_a_value_is_of():
    one = drawn(K.ELLIPSE, ("Mean", 45.0, "HU", "CT"), ("Max", 7.25, "SUVlbm (James)", "PT"))
    assert told(one, EN).words == "CT mean 45 HU, SUVlbm (James) max 7.2"


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (length(25.0, "px"), "spacing of this image is not known"),
        (drawn(K.ELLIPSE, ("Area", 900.0, "px²")), "spacing of this image is not known"),
        (replace(length(12.0), measured=Measured(refused="Gap of 2 slices")), "Gap of 2 slices"),
        (replace(length(12.0), measured=Measured(refused=f"{VALUES_FOLLOW} the image is loaded")), "image is loaded"),
        (replace(length(12.0), measured=Measured(notes=(f"{VALUES_FOLLOW} the whole series is loaded",))), "whole series"),
        (length(12.0, verdict=Verdict.OPEN), "Nobody has accepted"),
        (length(12.0, verdict=Verdict.REJECTED), "was rejected"),
        (replace(length(12.0, verdict=Verdict.OPEN), measured=Measured(notes=(PROPOSED,))), "not checked"),
        (replace(length(12.0, verdict=Verdict.OPEN), measured=Measured(refused=UNCHECKED)), "until checked"),
        (drawn(K.CALIBRATION, ("Length", 25.0, "mm")), "no finding"),
        (drawn(K.ARROW), "no value and no text"),
        (drawn(K.PROBE, ("Value", 3923.0, "")), "have no unit"),
        (drawn(K.PROBE, ("Red", 10.0, ""), ("Green", 0.0, "")), "have no unit"),
    ],
)
def test_what_is_not_known_for_sure_is_refused_with_the_reason(one, why):
    """Hard rule 4: never mm without a known spacing."""
    with pytest.raises(Refused, match=why):
        told(one, EN)
    assert part_words(one, "size", EN) is None


def grown(before: float, now: float):
    times = [TimePoint("2", date(2026, 2, 18)), TimePoint("1", date(2026, 11, 20))]
    old = replace(length(before, lesion="7", lesion_name="Lesion 1"), uid="2.25.2", study_uid="2")
    new = length(now, lesion="7", lesion_name="Lesion 1")
    table = lesion_table(times, [old, new])
    return new, (table.rows[0], table.times)


def test_a_lesion_is_told_with_its_prior_change_and_doubling_time():
    new, history = grown(12.0, 16.0)
    said = told(new, SV, "serie 3, bild 45", history=history)
    assert said.words == "16 mm (serie 3, bild 45), tidigare 12 mm (2026-02-18), +33 %, volymdubbleringstid 221 dagar"
    assert said.name == "Lesion 1"
    assert part_words(new, "change", SV, history) == "+33 %"


def test_a_change_that_two_readings_differ_by_is_said_to_be_one_and_gives_no_doubling_time():
    new, history = grown(12.0, 13.0)
    assert told(new, EN, history=history).words == "13 mm, before 12 mm (2026-02-18), +8 %, within measurement variation"


def test_a_field_takes_the_bare_number_in_its_own_unit():
    one = drawn(K.BIDIRECTIONAL, ("Long axis", 12.3, "mm"), ("Short axis", 9.1, "mm"))
    assert number_in(one, field_part(one, "mm", "length"), EN) == "12"
    assert number_in(one, field_part(one, "cm", "length"), SV) == "1,2"
    assert field_part(one, "MBq", "") == ""
    assert field_part(length(12.0, "mm at detector"), "mm", "length") == "", "a length at the detector is not one in the patient"
    suv = drawn(K.SPHERE, ("Max", 5.12, "SUVbw"))
    assert number_in(suv, field_part(suv, "", "suvmax"), SV) == "5,1"


def test_all_that_a_template_may_name_is_known_here():
    all_kinds = drawn(
        K.SPHERE, ("Length", 1.0, "mm"), ("Short axis", 1.0, "mm"),
        ("Area", 1.0, "mm²"), ("Volume", 1.0, "ml"), ("Angle", 1.0, "°"), ("Mean", 1.0, "HU"),
    )  # fmt: skip
    suv = drawn(K.SPHERE, ("Max", 1.0, "SUVbw"), ("Peak", 1.0, "SUVbw"), ("Mean", 1.0, "SUVbw"))
    units = {"length": "mm", "short_axis": "mm", "area": "mm²", "volume": "ml", "angle": "°", "hu": "HU"}
    for name in set(TAKES) - set(TAKES_WORDS):
        assert field_part(all_kinds if name in units else suv, units.get(name, ""), name), name


@pytest.mark.parametrize("language", ["en", "sv", "nb", "da", "fi"])
def test_every_language_has_every_word(language):
    words, english = measured_words(language), measured_words("en")
    assert set(words._say) == set(english._say)
    for key, pattern in english._say.items():
        assert words[key].count("{") == pattern.count("{"), key


def test_a_language_without_words_speaks_english():
    assert measured_words("de").number(1.5, 1) == "1.5"
