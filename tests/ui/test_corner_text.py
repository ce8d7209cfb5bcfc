"""What the corners say, for each kind of image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from window_seat import a_study

from rendering.picture import FrameIdentity, Picture
from ui.corner_facts import CornerFacts
from ui.corner_line import Tone
from ui.corner_text import corner_lines
from workstation.domain.doubt import Doubt
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.slab import Slab
from workstation.domain.viewing import Plane, ViewportState, Window, WindowPreset
from workstation.errors import Refused

pytestmark = pytest.mark.qt
STUDY = a_study("1.1", Patient(PatientKey("ID-7"), "BERG^KARI", "19600315", "F"), "20261120", 1)
PICTURE = Picture(
    np.zeros((4, 4), np.uint8),
    identity=FrameIdentity("1.1", "1.1.1", "1.1.1.3", 1),
    window=Window(-600, 1500),
    unit="HU",
    index=3,
    count=120,
    slice_location_mm=-123.46,
    thickness_mm=1.25,
)
FACTS = CornerFacts(STUDY, STUDY.series[0], ViewportState("1.1", "1.1.1"), PICTURE)


def texts(facts: CornerFacts, corner: str) -> list[str]:
    return [line.text for line in getattr(corner_lines(facts), corner)]


def test_an_image_that_other_viewers_count_otherwise_says_both_numbers():
    other = replace(PICTURE, index=2)
    assert texts(replace(FACTS, picture=other), "bottom_left")[0] == "Image 3/120 (instance 4)"
    (line,) = [one for one in corner_lines(replace(FACTS, picture=other)).bottom_left if "instance" in one.text]
    assert (line.short, line.whole) == (("Image 3/120", "3/120"), True)


def test_who_which_study_which_image_and_how():
    assert texts(FACTS, "top_left") == ["BERG, KARI", "ID-7", "1960-03-15 66 y F"]
    assert texts(FACTS, "top_right") == ["2026-11-20 10:15", "CT chest"]
    assert texts(FACTS, "bottom_left") == ["Image 4/120", "Slice −123.5 mm   Thick 1.25 mm", "CT 1  Series 1"]
    assert texts(FACTS, "bottom_right") == ["C −600  W 1500 HU"]


def test_a_prior_says_so_first_with_how_long_ago():
    first = corner_lines(replace(FACTS, is_prior=True, current_date="20270822")).top_right[0]
    assert (first.text, first.tone, first.priority) == ("2026-11-20  9 months before", Tone.PRIOR, 0)


def test_doubts_are_badges_of_the_highest_priority():
    doubted = replace(FACTS, picture=replace(PICTURE, doubts=(Doubt("gap", "Gap of 2 slices"),)))
    badge = corner_lines(doubted).top_left[-1]
    assert (badge.text, badge.tone, badge.priority) == ("Gap of 2 slices", Tone.DOUBT, 0)


def test_a_partly_loaded_cut_says_how_much_it_is_made_of():
    cut = ViewportState("1.1", "1.1.1", Plane.AXIAL)
    partial = replace(FACTS, state=cut, picture=replace(PICTURE, partial=True), loaded=(12, 120))
    assert "Partial: 12 of 120 images loaded" in texts(partial, "top_left")


def test_an_error_tile_keeps_the_names_and_drops_what_only_a_picture_has():
    refused = replace(FACTS, picture=replace(PICTURE, error=Refused("Truncated")))
    assert texts(refused, "top_left")[0] == "BERG, KARI"
    assert texts(refused, "bottom_right") == []


def test_another_study_than_the_reports_is_an_alarm():
    first = corner_lines(replace(FACTS, not_the_reports=True)).top_left[0]
    assert (first.text, first.tone) == ("Not the report's study", Tone.ALARM)


def test_an_image_that_was_rejected_bears_the_reason():
    """F60: a rejection note of an archive (IHE IOCM) that comes after the image."""
    first = corner_lines(replace(FACTS, rejected="Rejected for patient safety reasons")).top_left[0]
    assert (first.text, first.tone) == ("Rejected for patient safety reasons", Tone.ALARM)


def test_a_preset_is_named_and_stored_values_have_no_unit():
    named = replace(FACTS, presets=(WindowPreset("2", "Lung", Window(-600, 1500)),))
    assert texts(named, "bottom_right")[0] == "Lung   C −600  W 1500 HU"
    stored = replace(FACTS, picture=replace(PICTURE, unit="stored"))
    assert texts(stored, "bottom_right")[0] == "C −600  W 1500"


def test_small_windows_keep_their_decimals():
    suv = replace(FACTS, picture=replace(PICTURE, window=Window(2.5, 5.0), unit="SUVbw"))
    assert texts(suv, "bottom_right")[0] == "C 2.5  W 5 SUVbw"


def test_presets_stand_on_the_active_viewport_with_their_digits():
    presets = (WindowPreset("1", "Lung", Window(1, 2)), WindowPreset("2", "Bone", Window(3, 4)))
    assert "1 Lung  2 Bone" in texts(replace(FACTS, active=True, presets=presets), "bottom_right")
    assert "1 Lung  2 Bone" not in texts(replace(FACTS, presets=presets), "bottom_right")


def test_cuts_are_named_and_turned_images_say_so():
    thin = replace(FACTS, state=ViewportState("1.1", "1.1.1", Plane.CORONAL))
    assert "Coronal" in texts(thin, "bottom_left")
    for mode, words in (("MIP", "MIP"), ("MIN", "MinIP"), ("MEAN", "Mean")):
        slab = replace(thin, picture=replace(PICTURE, slab=Slab(mode, 10.0, (0.0, 1.0, 0.0), 11)))
        assert f"Coronal  {words} 10 mm" in texts(slab, "bottom_left")
    turned = replace(FACTS, state=ViewportState("1.1", "1.1.1", rotation=90, flipped_horizontally=True, zoom=2, inverted=True))
    assert texts(turned, "bottom_right")[1:] == ["Zoom 200 % 90° flipped ↔", "Inverted"]


def test_a_mammogram_names_side_and_view_of_the_shown_image():
    own = {"attributes": {"ImageLaterality": ["R"], "ViewPosition": ["MLO"]}}
    series = replace(STUDY.series[0], modality="MG", attributes={"ImageLaterality": ("L",), "ViewPosition": ("CC",)})
    instances = (replace(series.instances[3], header=own), *series.instances[:3])
    found = replace(FACTS, series=replace(series, instances=instances))
    assert texts(found, "bottom_left")[-1] == "R MLO"
    other = replace(found, picture=replace(PICTURE, identity=None))
    assert texts(other, "bottom_left")[-1] == "L CC"


def test_markup_in_a_name_is_text():
    study = replace(STUDY, patient=replace(STUDY.patient, name="<b>BOLD</b>^\u202eX"))
    assert texts(replace(FACTS, study=study), "top_left")[0] == "<b>BOLD</b>, ‹202E›X"


def test_in_a_narrow_view_the_words_of_a_window_go_before_its_unit():
    """7 SUVbw and 7 SUVlbm are not the same image."""
    facts = replace(FACTS, picture=replace(FACTS.picture, window=Window(3.5, 7.0), unit="SUVbw"))
    (line,) = [line for line in corner_lines(facts).bottom_right if line.text.startswith("C 3.5")]
    assert line.short == ("C 3.5  W 7 SUVbw", "3.5/7 SUVbw", "3.5/7")


def test_a_place_below_zero_in_a_doubt_has_a_minus():
    doubted = replace(
        FACTS, picture=replace(PICTURE, doubts=(Doubt("gap", "2 slices are missing between -186.0 mm and -180.0 mm"),))
    )
    said = corner_lines(doubted).top_left[-1].text
    assert said == "2 slices are missing between \u2212186.0 mm and \u2212180.0 mm"
