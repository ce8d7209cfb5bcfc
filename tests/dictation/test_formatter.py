"""Spoken form to written form, case by case."""

from __future__ import annotations

import pytest

from dictation.formatter import Ending, Formatter

NUMBERS = [
    ("four point two centimeters", "4.2 cm"),
    ("point six centimeters", "0.6 cm"),
    ("one point two five", "1.25"),
    ("four point twelve", "4.12"),
    ("thirty one by twenty seven millimeters", "31 x 27 mm"),
    ("one point five centimeters by two centimeters", "1.5 x 2 cm"),
    ("two by three by four point five centimeters", "2 x 3 x 4.5 cm"),
    ("two hundred and five milliliters", "205 mL"),
    ("a hundred milliliters", "100 mL"),
    ("eleven hundred milliliters", "1100 mL"),
    ("two thousand five hundred", "2500"),
    ("three twenty", "320"),
    ("seven oh three millimeters", "703 mm"),
    ("six seven eight", "6 7 8"),
    ("ninety percent", "90%"),
    ("twenty to thirty percent", "20-30%"),
    ("three to four weeks", "3-4 weeks"),
    ("decreased from nine to seven millimeters", "decreased from 9 to 7 mm"),
    ("between two and three centimeters", "between 2 and 3 cm"),
    ("minus ten hounsfield units", "minus 10 HU"),
    ("five milliliters at two milliliters per second", "5 mL at 2 mL/s"),
    ("eight fifteen a m", "8:15 AM"),
    ("twenty one day", "21 day"),
]

GUARDED_WORDS = [
    ("one of the lesions", "one of the lesions"),
    ("no one", "no one"),
    ("one or two", "one or two"),
    ("the third ventricle", "the third ventricle"),
    ("the fourth metatarsal", "the 4th metatarsal"),
    ("it may represent", "it may represent"),
    ("the sigmoid colon is normal", "the sigmoid colon is normal"),
    ("over a period of time", "over a period of time"),
]

CODES = [
    ("t two weighted", "T2-weighted"),
    ("t two star", "T2*"),
    ("c five c six", "C5-C6"),
    ("c five six", "C5-C6"),
    ("t twelve l one", "T12-L1"),
    ("l three l four and l four l five", "L3-L4 and L4-L5"),
    ("from l two to l four", "from L2 to L4"),
    ("l four five millimeters", "L4 5 mm"),
    ("lung rads four x", "Lung-RADS 4X"),
    ("li rads category three", "LI-RADS category 3"),
    ("pie rads two", "PI-RADS 2"),
    ("grade three", "grade 3"),
    ("bosniak two f cyst", "Bosniak 2F cyst"),
    ("series two image three hundred four", "series 2 image 304"),
    ("stage two b", "stage 2B"),
    ("grade two a lesion", "grade 2A lesion"),
]

DATES = [
    ("june twenty first twenty nineteen", "June 21, 2019"),
    ("the second of may twenty twenty five", "2 May 2025"),
    ("april twenty twenty three", "April 2023"),
    ("in nineteen ninety eight", "in 1998"),
    ("in twenty oh six", "in 2006"),
]

ALREADY_WRITTEN = [
    ("A 14mm nodule", "A 14 mm nodule"),
    ("a 6-millimeter nodule", "a 6 mm nodule"),
    ("3.5 centimeters", "3.5 cm"),
    ("11x9x14mm", "11 x 9 x 14 mm"),
    ("20 by 13 millimeters", "20 x 13 mm"),
    ("50-60%", "50-60%"),
    ("fifty-six millimeters", "56 mm"),
    ("L4 L5", "L4-L5"),
    ("T-11", "T11"),
    ("L4-5", "L4-L5"),
    ("March 3rd, 2024", "March 3, 2024"),
    ("BI-RADS 4", "BI-RADS 4"),
    ("by Rad's 4.", "BI-RADS 4."),
    ("hyper-intense, extra-axial", "hyperintense, extra-axial"),
    ("1,500 mL", "1,500 mL"),
    ("Mr. Alvarez had an MR", "Mr. Alvarez had an MR"),
]


@pytest.mark.parametrize(("spoken", "written"), NUMBERS + GUARDED_WORDS + CODES + DATES + ALREADY_WRITTEN)
def test_spoken_words_become_the_written_form(spoken: str, written: str) -> None:
    assert Formatter("en", capitals=False).written(spoken).text == written


@pytest.mark.parametrize(
    ("spoken", "written"),
    [
        ("the heart is normal period no edema period", "The heart is normal. No edema."),
        ("lungs colon clear comma no nodule period", "Lungs: clear, no nodule."),
        ("findings colon new line the lungs are clear", "Findings:\nThe lungs are clear"),
        ("impression colon new line number one no fracture period", "Impression:\n1. No fracture."),
        ("cyst open parenthesis simple close parenthesis period", "Cyst (simple)."),
        ("is it new question mark", "Is it new?"),
        ("No nodule, comma, no effusion, period.", "No nodule, no effusion."),
        ("Clear. The colon is normal. No mass.", "Clear. The colon is normal. No mass."),
        ("first period new paragraph second period", "First.\n\nSecond."),
    ],
)
def test_spoken_punctuation_and_sentence_starts_are_written(spoken: str, written: str) -> None:
    assert Formatter("en").written(spoken).text == written


def test_a_segment_in_the_middle_of_a_sentence_gets_no_capital() -> None:
    formatter = Formatter("en")
    assert formatter.written("Measuring six millimeters.", before="There is a nodule").text == "measuring 6 mm."
    assert formatter.written("measuring six millimeters.", before="A nodule.").text == "Measuring 6 mm."
    assert formatter.written("CT is normal", before="The chest").text == "CT is normal"


@pytest.mark.parametrize(
    ("before", "spoken", "written"),
    [
        ("", "the lungs are clear", "The lungs are clear."),
        ("", "The lungs are clear. There is no effusion", "The lungs are clear. There is no effusion."),
        ("", "no pleural effusion.", "No pleural effusion."),
        ("", "is this a new nodule?", "Is this a new nodule?"),
        ("", "impression:", "Impression:"),
        # A pause for thought.
        ("", "there is a nodule in the.", "There is a nodule in the"),
        ("", "mild atelectasis and", "Mild atelectasis and"),
        ("", "a lesion measuring,", "A lesion measuring"),
        ("There is a nodule in the", "liver", "liver."),
        ("A lesion measuring", "six by four millimeters", "6 x 4 mm."),
        # Answers and headings.
        ("", "normal.", "Normal"),
        ("", "six millimeters.", "6 mm"),
        ("", "bi rads four.", "BI-RADS 4"),
        ("Comparison:", "chest CT.", "chest CT"),
        ("Impression:", "no acute cardiopulmonary process", "no acute cardiopulmonary process."),
        ("The lungs are clear.", "Unremarkable", "Unremarkable."),
        # Dictated stops: nothing is added, nor said twice.
        ("", "no effusion period the heart is normal", "No effusion. The heart is normal"),
        ("", "liver colon normal in size", "Liver: normal in size"),
        ("", "the heart is normal new paragraph", "The heart is normal\n\n"),
        ("The heart is normal.", "period no effusion period", "No effusion."),
        # A score after what it judges.
        ("", "calcifications in the upper outer quadrant bi rads four", "Calcifications in the upper outer quadrant, BI-RADS 4."),
        ("", "the final assessment category is bi rads four", "The final assessment category is BI-RADS 4."),
    ],
)
def test_after_a_pause_a_stop_is_written_where_a_sentence_may_end(before: str, spoken: str, written: str) -> None:
    assert Formatter("en").written(spoken, before, Ending.PAUSE).text == written


def test_how_the_speech_ended_decides_on_its_stop() -> None:
    formatter = Formatter("en")
    assert formatter.written("the heart is normal", "", Ending.BREATH).text == "The heart is normal"
    assert formatter.written("The heart is normal.", "", Ending.BREATH).text == "The heart is normal."
    assert formatter.written("The heart is normal. There is a.", "", Ending.BREATH).text == "The heart is normal. There is a"
    assert formatter.written("The heart is normal in.", "", Ending.MID_SPEECH).text == "The heart is normal in"
    assert formatter.written("The heart is large.", "", Ending.MID_SPEECH).text == "The heart is large"


def test_who_dictates_stops_gets_no_others() -> None:
    written = Formatter("en").written("The heart is normal. No effusion.", "", Ending.PAUSE, dictates_stops=True)
    assert written.text == "The heart is normal no effusion"
    assert Formatter("en").written("no effusion comma no mass", "").dictates_stops
    assert not Formatter("en").written("liver colon normal new line", "").dictates_stops


def test_a_segment_that_starts_with_a_mark_joins_the_text_before() -> None:
    written = Formatter("en").written("period no effusion", before="The lungs are clear")
    assert (written.text, written.joins) == (". No effusion", True)


def test_every_written_piece_knows_the_words_it_came_from() -> None:
    spoken = "a three point five centimeter lesion at l four l five"
    written = Formatter("en").written(spoken)
    pieces = [(written.text[span.start : span.end], span.first, span.last) for span in written.spans]
    assert pieces == [("A", 0, 0), ("3.5 cm", 1, 4), ("lesion", 5, 5), ("at", 6, 6), ("L4-L5", 7, 10)]


def test_the_written_form_of_a_written_form_is_itself() -> None:
    formatter = Formatter("en")
    for spoken, _ in NUMBERS + CODES + DATES + ALREADY_WRITTEN:
        once = formatter.written(spoken).text
        assert formatter.written(once).text == once, spoken


def test_nothing_said_is_nothing_written() -> None:
    assert Formatter("en").written("").text == ""
    assert Formatter("en").written(" . ").text == ""


def test_shared_cases_are_written_as_listed(shared_speech: object) -> None:
    formatter = Formatter("en", capitals=False)
    lines = (shared_speech / "itn" / "cases.tsv").read_text("utf-8").splitlines()  # type: ignore[operator]
    wrong = []
    for line in lines:
        spoken, expected = line.split("\t")
        written = formatter.written(spoken).text
        if written != expected.replace("\\n", "\n"):
            wrong.append((spoken, written, expected))
    assert not wrong
