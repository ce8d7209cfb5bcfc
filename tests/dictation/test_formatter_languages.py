"""Spoken form to written form in five languages, case by case; every case was written by hand from the language's rules."""

from __future__ import annotations

import pytest

from dictation.formatter import Ending, Formatter
from dictation.formatter.language import language

ENGLISH = [
    ("two and a half centimeters", "2.5 cm"),
    ("12 by 9 by 7 mm", "12 x 9 x 7 mm"),
    ("minus thirty five hounsfield units", "minus 35 HU"),
    ("between six and eight weeks", "between 6 and 8 weeks"),
    ("t eleven t twelve", "T11-T12"),
    ("l one compression fracture", "L1 compression fracture"),
    ("s one nerve root", "S1 nerve root"),
    ("c three to c five", "C3 to C5"),
    ("ti rads four", "TI-RADS 4"),
    ("lung rads two", "Lung-RADS 2"),
    ("pi rads five lesion", "PI-RADS 5 lesion"),
    ("bi rads four c", "BI-RADS 4C"),
    ("cad rads four a", "CAD-RADS 4A"),
    ("segment seven", "segment 7"),
    ("segment four a", "segment 4A"),
    ("fazekas two", "Fazekas 2"),
    ("modic one and modic two", "Modic 1 and Modic 2"),
    ("july fourth twenty twenty two", "July 4, 2022"),
    ("in may twenty twenty five", "in May 2025"),
    ("fifteen to twenty percent", "15-20%"),
    ("eighty milliliters of omnipaque", "80 mL of Omnipaque"),
    ("an eight millimeter stone", "an 8 mm stone"),
    ("spell m i r i z z i", "Mirizzi"),
    ("spell c d four", "cd4"),
    ("cap douglas", "Douglas"),
    ("all caps flair", "FLAIR"),
    ("a fibrous cap is seen", "a fibrous cap is seen"),
    ("thickened cap of tissue", "thickened cap of tissue"),
    ("we delete that later", "we delete that later"),
    ("spell it out", "spell it out"),
    ("s u v max of six point two", "SUVmax of 6.2"),
    ("one hundred and twenty kilovolts", "120 kV"),
]

SWEDISH = [
    ("tre komma fem centimeter", "3,5 cm"),
    ("noll komma åtta centimeter", "0,8 cm"),
    ("tjugofem millimeter", "25 mm"),
    ("tjugo fem millimeter", "25 mm"),
    ("en tjugofem millimeter stor förändring", "en 25 mm stor förändring"),
    ("tjugo ett millimeter", "21 mm"),
    ("en centimeter", "1 cm"),
    ("en av lesionerna", "en av lesionerna"),
    ("två och en halv centimeter", "2,5 cm"),
    ("halvannan centimeter", "1,5 cm"),
    ("tolv gånger nio gånger sju millimeter", "12 x 9 x 7 mm"),
    ("tre komma två gånger två komma åtta centimeter", "3,2 x 2,8 cm"),
    ("fem till sex millimeter", "5-6 mm"),
    ("från fem till sju millimeter", "från 5 till 7 mm"),
    ("femtio procent", "50 %"),
    ("femtio till sextio procent", "50-60 %"),
    ("tvåhundrafemtio milliliter", "250 ml"),
    ("ett hundra tjugo kilovolt", "120 kV"),
    ("minus tio hounsfieldenheter", "minus 10 HU"),
    ("l fyra l fem", "L4-L5"),
    ("ell fem ess ett", "L5-S1"),
    ("l fyra fem", "L4-L5"),
    ("th tolv", "Th12"),
    ("th elva th tolv", "Th11-Th12"),
    ("c sju th ett", "C7-Th1"),
    ("t två viktade bilder", "T2-viktade bilder"),
    ("bi rads fyra", "BI-RADS 4"),
    ("pi rads kategori fem", "PI-RADS kategori 5"),
    ("lung rads fyra b", "Lung-RADS 4B"),
    ("segment fyra b", "segment 4B"),
    ("segment sju", "segment 7"),
    ("i detta segment en liten förändring", "i detta segment en liten förändring"),
    ("grad ett", "grad 1"),
    ("serie tre bild hundratjugosju", "serie 3 bild 127"),
    ("tredje mars tjugotjugofyra", "3 mars 2024"),
    ("den tjugotredje november tvåtusentjugofem", "den 23 november 2025"),
    ("i maj tjugohundratjugotvå", "i maj 2022"),
    ("om tre till sex månader", "om 3-6 månader"),
    ("3,5 centimeter", "3,5 cm"),
    ("12x9 mm", "12 x 9 mm"),
    ("14mm", "14 mm"),
    ("stava m i r i z z i", "mirizzi"),
    ("stor bokstav douglas", "Douglas"),
    ("ett kontrastmedel omnipaque trehundrafemtio", "ett kontrastmedel Omnipaque 350"),
]

NORWEGIAN = [
    ("tre komma fem centimeter", "3,5 cm"),
    ("tjuefem millimeter", "25 mm"),
    ("femogtyve millimeter", "25 mm"),
    ("fem og tjue millimeter", "25 mm"),
    ("en tjuefem millimeter stor lesjon", "en 25 mm stor lesjon"),
    ("en av lesjonene", "en av lesjonene"),
    ("to og en halv centimeter", "2,5 cm"),
    ("halvannen centimeter", "1,5 cm"),
    ("tolv ganger ni ganger sju millimeter", "12 x 9 x 7 mm"),
    ("to ganger tre centimeter", "2 x 3 cm"),
    ("fem til seks millimeter", "5-6 mm"),
    ("mellom fem og syv millimeter", "mellom 5 og 7 mm"),
    ("sytti prosent", "70 %"),
    ("to hundre og femti milliliter", "250 ml"),
    ("hundreogtjue kilovolt", "120 kV"),
    ("minus femten hounsfieldenheter", "minus 15 HU"),
    ("l fire l fem", "L4-L5"),
    ("l fem s en", "L5-S1"),
    ("th tolv l en", "Th12-L1"),
    ("c fem c seks", "C5-C6"),
    ("t to vektet", "T2-vektet"),
    ("bi rads tre", "BI-RADS 3"),
    ("li rads fem", "LI-RADS 5"),
    ("segment fire a", "segment 4A"),
    ("serie fire bilde tjueto", "serie 4 bilde 22"),
    ("tredje mars tjuetjuefire", "3. mars 2024"),
    ("3. mars 2024", "3. mars 2024"),
    ("den syttende mai to tusen og tjuefem", "den 17. mai 2025"),
    ("om seks til tolv måneder", "om 6-12 måneder"),
    ("2,8 cm", "2,8 cm"),
    ("stav k i e n b ø c k", "kienbøck"),
    ("stor bokstav douglas", "Douglas"),
]

DANISH = [
    ("tre komma fem centimeter", "3,5 cm"),
    ("femogtyve millimeter", "25 mm"),
    ("fem og tyve millimeter", "25 mm"),
    ("en femogtyve millimeter stor proces", "en 25 mm stor proces"),
    ("toogtres procent", "62 %"),
    ("syvoghalvfems procent", "97 %"),
    ("halvtreds til tres procent", "50-60 %"),
    ("fireogfirs millimeter", "84 mm"),
    ("treoghalvfjerds millimeter", "73 mm"),
    ("otteogfyrre millimeter", "48 mm"),
    ("halvanden centimeter", "1,5 cm"),
    ("to en halv centimeter", "2,5 cm"),
    ("to og en halv centimeter", "2,5 cm"),
    ("to gange tre centimeter", "2 x 3 cm"),
    ("tolv gange ni gange syv millimeter", "12 x 9 x 7 mm"),
    ("fra fem til syv millimeter", "fra 5 til 7 mm"),
    ("to hundrede og halvtreds milliliter", "250 ml"),
    ("hundredeogtyve kilovolt", "120 kV"),
    ("en af læsionerne", "en af læsionerne"),
    ("l fire l fem", "L4-L5"),
    ("l fem s en", "L5-S1"),
    ("th elleve th tolv", "Th11-Th12"),
    ("t to vægtede sekvenser", "T2-vægtede sekvenser"),
    ("bi rads fire", "BI-RADS 4"),
    ("ti rads fem", "TI-RADS 5"),
    ("segment fire b", "segment 4B"),
    ("serie to billede enogtredive", "serie 2 billede 31"),
    ("tredje marts to tusind og fireogtyve", "3. marts 2024"),
    ("den enogtredivte december nittenhundredeotteoghalvfems", "den 31. december 1998"),
    ("om tre til seks måneder", "om 3-6 måneder"),
    ("nul komma otte centimeter", "0,8 cm"),
    ("stav m i r i z z i", "mirizzi"),
]

FINNISH = [
    ("kolme pilkku viisi senttimetriä", "3,5 cm"),
    ("kaksikymmentäviisi millimetriä", "25 mm"),
    ("viisitoista milliä", "15 mm"),
    ("viiden millimetrin muutos", "5 mm:n muutos"),
    ("kahdenkymmenenviiden millimetrin kokoinen", "25 mm:n kokoinen"),
    ("kolme pilkku viiden senttimetrin", "3,5 cm:n"),
    ("kaksi ja puoli senttimetriä", "2,5 cm"),
    ("puolitoista senttimetriä", "1,5 cm"),
    ("kaksitoista kertaa yhdeksän kertaa seitsemän millimetriä", "12 x 9 x 7 mm"),
    ("viisi kertaa kuusi millimetriä", "5 x 6 mm"),
    ("viidestä kuuteen millimetriin", "5-6 mm"),
    ("viisi viiva kuusi millimetriä", "5-6 mm"),
    ("viidestäkymmenestä kuuteenkymmeneen prosenttiin", "50-60 %"),
    ("kahdesta munuaisesta", "kahdesta munuaisesta"),
    ("viisikymmentä prosenttia", "50 %"),
    ("kaksisataaviisikymmentä millilitraa", "250 ml"),
    ("sata kaksikymmentä kilovolttia", "120 kV"),
    ("miinus kymmenen hounsfieldin yksikköä", "miinus 10 HU"),
    ("yksi muutos", "yksi muutos"),
    ("äl neljä äl viisi", "L4-L5"),
    ("l viisi s yksi", "L5-S1"),
    ("th kaksitoista l yksi", "Th12-L1"),
    ("t kaksi painotteinen", "T2-painotteinen"),
    ("bi rads neljä", "BI-RADS 4"),
    ("pi rads luokka viisi", "PI-RADS luokka 5"),
    ("segmentissä seitsemän", "segmentissä 7"),
    ("segmentti neljä b", "segmentti 4B"),
    ("sarja kolme kuva satakaksikymmentäseitsemän", "sarja 3 kuva 127"),
    ("kolmas maaliskuuta kaksituhattakaksikymmentäneljä", "3. maaliskuuta 2024"),
    ("kolmen kuukauden kuluttua", "3 kuukauden kuluttua"),
    ("3,5 cm", "3,5 cm"),
    ("tavaa m i r i z z i", "mirizzi"),
]

CASES = [
    (code, *case)
    for code, cases in (("en", ENGLISH), ("sv", SWEDISH), ("nb", NORWEGIAN), ("da", DANISH), ("fi", FINNISH))
    for case in cases
]

SENTENCES = [
    ("en", "heading findings the lungs are clear period", "Findings:\nThe lungs are clear."),
    ("en", "the heart is normal period heading impression no fracture", "The heart is normal.\n\nImpression:\nNo fracture"),
    ("en", "no effusion scratch that small effusion", "Small effusion"),
    ("en", "The heart is normal. No effusion. Scratch that. Small effusion.", "The heart is normal. Small effusion."),
    ("en", "the heart is normal period no mass scratch that no effusion period", "The heart is normal. No effusion."),
    ("sv", "lungorna är klara punkt ingen pleuravätska punkt", "Lungorna är klara. Ingen pleuravätska."),
    ("sv", "rubrik bedömning nytt stycke ingen fraktur", "Bedömning:\n\nIngen fraktur"),
    ("sv", "ingen vätska komma ingen infiltration", "Ingen vätska, ingen infiltration"),
    ("sv", "en cysta parentes börjar enkel parentes slut punkt", "En cysta (enkel)."),
    ("sv", "ingen vätska stryk det liten vätska", "Liten vätska"),
    ("sv", "kolon ascendens är normal", "Kolon ascendens är normal"),
    ("sv", "första raden ny rad andra raden", "Första raden\nAndra raden"),
    ("nb", "lungene er klare punktum ingen pleuravæske punktum", "Lungene er klare. Ingen pleuravæske."),
    ("nb", "ingen væske komma ingen fortetning", "Ingen væske, ingen fortetning"),
    ("nb", "overskrift konklusjon normale funn", "Konklusjon:\nNormale funn"),
    ("nb", "ingen væske stryk det lite væske", "Lite væske"),
    ("nb", "er dette nytt spørsmålstegn", "Er dette nytt?"),
    ("da", "lungerne er klare punktum ingen pleuravæske punktum", "Lungerne er klare. Ingen pleuravæske."),
    ("da", "overskrift konklusion nyt afsnit ingen fraktur", "Konklusion:\n\nIngen fraktur"),
    ("da", "ingen væske stryg det lidt væske", "Lidt væske"),
    ("da", "fund kolon normale forhold", "Fund: normale forhold"),
    ("fi", "keuhkot ovat siistit piste ei pleuranestettä piste", "Keuhkot ovat siistit. Ei pleuranestettä."),
    ("fi", "otsikko lausunto ei murtumaa", "Lausunto:\nEi murtumaa"),
    ("fi", "ei nestettä pilkku ei infiltraattia", "Ei nestettä, ei infiltraattia"),
    ("fi", "ei nestettä poista se vähän nestettä", "Vähän nestettä"),
    ("fi", "löydökset kaksoispiste uusi rivi normaali", "Löydökset:\nNormaali"),
]


@pytest.mark.parametrize(("code", "spoken", "written"), CASES)
def test_spoken_words_become_the_language_s_written_form(code: str, spoken: str, written: str) -> None:
    assert Formatter(code, capitals=False).written(spoken).text == written


@pytest.mark.parametrize(("code", "spoken", "written"), SENTENCES)
def test_marks_headings_and_taking_back_are_spoken_in_the_language(code: str, spoken: str, written: str) -> None:
    assert Formatter(code).written(spoken).text == written


def test_the_written_form_of_a_written_form_is_itself_in_every_language() -> None:
    wrong = []
    for code, spoken, _ in CASES:
        once = Formatter(code, capitals=False).written(spoken).text
        if Formatter(code, capitals=False).written(once).text != once:
            wrong.append((code, spoken, once))
    assert not wrong


def test_there_are_as_many_cases_as_promised() -> None:
    assert len({(code, spoken) for code, spoken, _ in CASES + SENTENCES}) >= 150


@pytest.mark.parametrize("code", ["sv", "nb", "da", "fi"])
def test_every_number_below_a_thousand_is_read_back_from_its_own_words(code: str) -> None:
    """The tables are generated: no word may stand for two numbers."""
    values = language(code).values
    assert set(range(100)) <= set(values.values())
    formatter = Formatter(code, capitals=False)
    wrong = [
        (word, value) for word, value in values.items() if value > 1 and formatter.written(f"{word} mm").text != f"{value} mm"
    ]
    assert not wrong


def test_spelling_and_scratching_keep_track_of_the_words_they_came_from() -> None:
    written = Formatter("en").written("no mass scratch that small cyst")
    assert [(written.text[span.start : span.end], span.first, span.last) for span in written.spans] == [
        ("Small", 4, 4),
        ("cyst", 5, 5),
    ]
    spelled = Formatter("en").written("called spell x y z here")
    assert [(span.first, span.last) for span in spelled.spans] == [(0, 0), (1, 4), (5, 5)]


def test_a_heading_in_running_text_begins_a_line_and_at_a_line_s_start_does_not_begin_another() -> None:
    formatter = Formatter("en")
    assert formatter.written("heading impression", before="The lungs are clear.").text == "\n\nImpression:\n"
    assert formatter.written("heading impression", before="The lungs are clear.\n").text == "Impression:\n"


@pytest.mark.parametrize(
    ("code", "before", "spoken", "written"),
    [
        ("sv", "", "lungorna är klara", "Lungorna är klara."),
        ("sv", "", "en förändring i", "En förändring i"),
        ("nb", "", "lungene er klare", "Lungene er klare."),
        ("da", "", "der ses ingen fraktur", "Der ses ingen fraktur."),
        ("fi", "", "keuhkot ovat siistit", "Keuhkot ovat siistit."),
        ("fi", "", "muutos on noin", "Muutos on noin"),
    ],
)
def test_a_stop_is_written_where_a_sentence_of_the_language_may_end(code: str, before: str, spoken: str, written: str) -> None:
    assert Formatter(code).written(spoken, before, Ending.PAUSE).text == written
