"""Each rule of the careful colleague: what it catches, and the nearest thing that it must leave alone.

The sentences here are the rules' own examples. How well they do on reports that nobody wrote the rules for
is measured by `test_planted_errors.py`.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from workstation.colleague import rules_spoken
from workstation.colleague.colleague import NAMES, RULES, look
from workstation.colleague.facts import CaseFacts, MeasuredFact, PriorFact, Remark, ReportText, Severity, Side
from workstation.colleague.language import language_of, load_languages, spoken
from workstation.colleague.policy import load_policy, policy_of
from workstation.domain.report import SectionCode as S
from workstation.errors import Refused

LANGUAGES = load_languages()
PRIOR = PriorFact(date(2025, 3, 4), "CT", "CT chest")


def remarks(findings: str = "", impression: str = "", facts: dict[str, Any] | None = None, **sections: str) -> tuple[Remark, ...]:
    texts = {S.FINDINGS: findings, S.IMPRESSION: impression} | {S[name.upper()]: text for name, text in sections.items()}
    return look(ReportText(texts), CaseFacts(**(facts or {})), LANGUAGES)


def rules(*args: Any, **more: Any) -> list[str]:
    return [remark.rule for remark in remarks(*args, **more)]


KNEE_RIGHT = {"procedure": "MR knee right", "modalities": frozenset({"MR"})}
CHEST = {"procedure": "CT chest", "modalities": frozenset({"CT"}), "sex": "M", "age": 71.0, "study_day": date(2026, 11, 23)}

CAUGHT = [
    ("laterality", "The left medial meniscus is torn.", "Meniscal tear.", KNEE_RIGHT),
    ("laterality", "Vänster mediala menisk är rupturerad och det ses hydrops.", "Meniskruptur.", {"procedure": "MR knä höger"}),
    ("laterality", "There is a nodule in the right upper lobe.", "Left upper lobe nodule.", CHEST),
    ("laterality", "There is a nodule in the left middle lobe.", "Nodule.", CHEST),
    ("sex", "The uterus is unremarkable.", "Normal study.", CHEST),
    ("sex", "Prostatan är förstorad och det är inga andra fynd.", "Förstorad prostata.", {"sex": "F"}),
    ("age", "A 17-year-old with cough. The lungs are clear.", "Normal study.", CHEST),
    ("contrast", "After intravenous contrast the liver enhances evenly.", "Normal study.", CHEST | {"contrast": False}),
    ("contrast", "The examination was done without contrast.", "Normal study.", CHEST | {"contrast": True}),
    ("modality", "The lesion is hyperintense and of high T2 signal.", "Lesion.", CHEST),
    ("region", "Both menisci and the cruciate ligaments are intact.", "Normal study.", CHEST),
    ("comparison", "The nodule is unchanged.", "Stable nodule.", CHEST),
    ("comparison", "Compared with 2025-03-05 the lungs are the same.", "No change.", CHEST | {"priors": (PRIOR,)}),
    ("comparison", "The lungs are clear and the heart is normal.", "Normal study.", CHEST | {"priors": (PRIOR,)}),
    ("unfilled", "The liver measures [size] and is normal.", "Normal study.", {}),
    ("unfilled", "The spleen is ___ cm and normal.", "Normal study.", {}),
    ("default", "The liver is normal. The lungs are clear.", "Normal study.", {"untouched": ((S.FINDINGS, 0, 20),)}),
    ("conclusion", "There is a fracture of the third rib.", "", {}),
    ("conclusion", "There is a fracture of the third rib.", "Normal study.", {}),
    ("conclusion", "There is a pulmonary embolus, the surgeon was informed.", "Small nodule.", {}),
    ("doubled", "There is is a nodule with the the mass.", "Nodule.", {}),
    ("negation", "There is no evidence of no fracture.", "Normal study.", {}),
    ("negation", "Inga tecken på ingen fraktur och det är normala förhållanden.", "Normala förhållanden.", {}),
    ("contradiction", "There is a pneumothorax, the ward was informed.", "No pneumothorax.", {}),
    ("number", "There is a nodule of 35 cm in the lung.", "Nodule.", {}),
    ("number", "The aorta measures 4.2 mm.", "Normal study.", {}),
    ("number", "There is compression of L8.", "Compression of the spine.", {}),
    ("number", "A lesion in liver segment 9.", "Liver lesion.", {}),
    ("number", "The breasts are dense. BI-RADS 7.", "BI-RADS 7.", {}),
    ("number", "A cyst of 12 mm in the kidney.", "Renal cyst of 21 mm.", {}),
    ("measurement", "The nodule measures 41 mm.", "Nodule of 41 mm.", {"measured": (MeasuredFact("Length", 14.0, "mm"),)}),
    ("critical", "There is a large pneumothorax.", "Pneumothorax.", {}),
    ("laterality", "M1 is occluded on the left, thrombectomy was discussed.", "Right M1 occlusion.", {}),
    ("laterality", "The right kidney is of normal size. On the left an adrenal adenoma of 18 mm.", "Right adrenal adenoma.", {}),
    ("laterality", "The left lateral malleolus is swollen, and there is no fracture.", "Swelling.", {"procedure": "XR ankle R"}),
    (
        "laterality",
        "On the left there is M1 occlusion of the insula. On the right a plaque.",
        "M1 occlusion of the right insula.",
        {},
    ),
    ("contradiction", "There is a nodule in the lingula.", "The lungs are clear.", CHEST),
    ("contradiction", "Status post left nephrectomy. The left kidney is of normal size.", "No recurrence.", {}),
    ("negation", "Pneumothorax or pleural effusion is seen.", "Normal study.", {"is_told": True}),
    ("negation", "Det ses inga inte förstorade lymfkörtlar.", "Normala förhållanden.", {}),
    ("number", "At L3-L4 there is a disc herniation on the left.", "Disc herniation L5-S1.", {"procedure": "MR lumbar spine"}),
    ("number", "The breasts are dense with a suspicious mass. BI-RADS 5.", "Suspicious mass, BI-RADS 2.", {}),
    ("comparison", "Compared with May 2024 the nodule is the same.", "Nodule.", CHEST | {"priors": (PRIOR,)}),
    (
        "contrast",
        "No gadolinium was given. The brain is normal.",
        "Normal study.",
        {"contrast": True, "procedure": "MR with and without"},
    ),
    ("measurement", "The nodule measures 19 mm.", "Nodule of 19 mm.", {"measured": (MeasuredFact("Length", 12.4, "mm"),)}),
    ("conclusion", "There is a nodule in the lingula.", "--", {}),
    ("conclusion", "There is a spiculated mass of 38 mm at the hilum.", "Moderate emphysema.", {"procedure": "CT chest"}),
    ("images", "The lungs are clear.", "Normal study.", {"unseen_series": 2}),
    # What nothing bears, and what nothing concludes.
    ("contradiction", "No intraluminal defect in any branch.", "Pulmonary embolism, the ward was told.", {"procedure": "CTPA"}),
    ("contradiction", "Scaphoideum är intakt med obrutna konturer.", "Scaphoideumfraktur.", {"procedure": "Handled vä"}),
    ("contradiction", "Korsbanden är intakta, mediala menisken rupturerad.", "Ruptur av främre korsbandet.", {}),
    (
        "conclusion",
        "L4 is normal. A solid 4 cm mass of the right kidney.",
        "Disc extrusion L4/5.",
        {"procedure": "MR lumbar spine"},
    ),
    ("laterality", "Left pampiniform veins up to 4 mm. The testes are equal.", "Right-sided varicocele.", {"sex": "M"}),
    ("contradiction", "Inga nya förändringar i levern. Ny metastas i segment 5.", "Ny metastas.", {"procedure": "DT buk"}),
    ("contradiction", "Ojämn kortikalis, fraktur där kan uteslutas.", "Misstänkt ej dislocerad fraktur.", {}),
    ("negation", "Inga säkra frakturtecken kan ej ses i höften.", "Normala förhållanden.", {}),
    ("negation", "There is evidence of deep vein thrombosis.", "Normal deep veins. Oedema.", {}),
    ("contradiction", "The left kidney has been removed. The left kidney is 11 cm long.", "No recurrence.", {}),
    ("region", "L3/L4 and L4/L5 are normal, at L5/S1 a bulge.", "Bulge L5/S1.", {"procedure": "MR cervical spine"}),
    ("modality", "An echogenic lesion of high signal on T2-weighted images.", "Lesion.", {"modalities": frozenset({"US"})}),
    ("number", "A stone of 7 cm in the ureter, with mild hydronephrosis.", "Ureteric stone.", {}),
    ("number", "A 9 mm stone of the pelvis and a 3 mm one of a calyx.", "4 mm stone of the pelvis. 3 mm stone of a calyx.", {}),
    ("number", "There is a plaque with a stenosis of 40 %.", "Stenosis of 80 %.", {}),
    ("number", "A curve with a Cobb angle of 240 degrees.", "Scoliosis.", {}),
    ("number", "An oblique fracture of the fibula, Weber D.", "Fracture of the fibula.", {}),
    ("unfilled", "There is a nodule measuring  mm in the left lobe.", "Nodule.", {}),
    ("unfilled", "Levern mäter ... cm och är normal.", "Normala förhållanden.", {}),
    ("doubled", "The heart is at the upper limit of the upper limit of normal.", "Normal study.", {}),
    ("doubled", "No fracture. No fracture.", "Normal study.", {}),
]


@pytest.mark.parametrize(("rule", "findings", "impression", "facts"), CAUGHT)
def test_what_does_not_fit_is_remarked(rule: str, findings: str, impression: str, facts: dict[str, Any]) -> None:
    assert rule in rules(findings, impression, facts)


LEFT_ALONE = [
    ("No fracture line is made out; the cortex of the radius is buckled.", "Fracture of the radius.", {}),
    (
        "PCL, MCL and the corner are intact; the fragment gives a double PCL sign. ACL torn.",
        "ACL tear.",
        {"procedure": "MR knee"},
    ),
    ("Right: the medial meniscus is torn. Left: the menisci are intact.", "Right: torn medial meniscus.", {}),
    ("Non-obstructed bowel gas. The gallbladder is normal.", "Lines in position.", {"procedure": "XR abdomen"}),
    ("Gallblåsan är konkrementfri.", "Normala förhållanden.", {"procedure": "UL buk"}),
    ("There is a stone of 6 mm (HU 890, SSD 11 cm) in the ureter.", "Stone of 6 mm.", {}),
    ("There is a nodule of 19 mm on the rectum, 11 cm from the anal verge.", "Nodule of 19 mm.", {}),
    ("The sac measures 61 mm, against 56 mm.", "Sac growth of 5 mm.", {}),
    ("The collection has decreased from 15 to 8 mm since May.", "Collection of 8 mm, 15 mm in May.", {"priors": (PRIOR,)}),
    ("The testis is twisted, and there is no flow.", "Torsion. Immediate call to the urologist at 02:25.", {"sex": "M"}),
    ("LM utan stenos. LAD med stenos av 80 %.", "Stenos i LAD av 80 %.", {}),
    ("The left system is dilated and drains.", "Repeat if the dilatation is stable.", {"procedure": "US kidneys"}),
    ("Right: stenosis of 70 % of the ICA. Left: no stenosis.", "Right ICA stenosis of 70 %.", {}),
    ("There is a type II endoleak. No type I or III endoleak.", "Type II endoleak.", {}),
    ("There is a 7 mm polyp of the colon. No polyp ≥ 10 mm.", "Polyp of 7 mm.", {"procedure": "CT colonography"}),
    ("The ascending aorta is of normal calibre. There is an infrarenal aneurysm of 41 mm.", "Infrarenal aneurysm of 41 mm.", {}),
    ("There are metastases in segment 7 24 mm and segment 3 12 mm.", "Two metastases.", {}),
    ("Status post partial nephrectomy on the left. The left kidney is of normal size.", "No recurrence.", {}),
    ("A central perforation of the TFCC is seen.", "Perforation of the TFCC.", {"procedure": "MR wrist left"}),
    ("The flow is 285 cm/s in the right ICA.", "Fast flow in the right ICA.", {}),
    ("The nodule of the lung is of about 2 cm.", "Nodule of 2 cm.", {"measured": (MeasuredFact("Length", 17.2, "mm"),)}),
    ("There is no fracture, small effusion of the knee.", "Small effusion.", {"procedure": "MR knee"}),
    ("The left hip: moderate arthrosis. The right hip is normal.", "The right hip is normal.", {"procedure": "XR hip right"}),
    (
        "The brain is normal.",
        "Normal study.",
        {"procedure": "CT head", "priors": (PriorFact(date(2019, 1, 2), "DX", "XR foot"),)},
    ),
    (
        "Without contrast there is no bleeding. After contrast no enhancement.",
        "Normal study.",
        {"procedure": "MRI brain with and without contrast", "contrast": True},
    ),
    (
        "The right medial meniscus is torn. The left knee was not examined, both are compared clinically.",
        "Right meniscal tear.",
        KNEE_RIGHT,
    ),
    ("Small bilateral pleural effusions. No pneumothorax.", "Bilateral effusions.", CHEST),
    ("Fracture of the left fourth rib. No other fracture.", "Left rib fracture.", CHEST),
    ("The prostate is enlarged.", "Enlarged prostate.", CHEST),
    ("A pulmonary embolus cannot be excluded.", "Possible embolism, the ward was informed.", CHEST),
    ("Unchanged 6 mm nodule in the right lung.", "Stable nodule since 2025-03-04.", CHEST | {"priors": (PRIOR,)}),
    ("The lungs are clear. The aorta measures 4.2 cm.", "Dilated ascending aorta. MRI is recommended.", CHEST),
    ("The liver has no enhancing lesion.", "Normal study.", {"contrast": False}),
    (
        "Nodule of 14 mm, that had grown from 9 mm.",
        "Nodule of 14 mm.",
        {"measured": (MeasuredFact("Length", 13.8, "mm"),), "priors": (PRIOR,)},
    ),
    ("Ingen fraktur. Ingen pneumothorax och inga andra fynd.", "Inga skelettskador.", {}),
    ("Lungemboli kan inte uteslutas och det är ej bedömbart.", "Misstänkt lungemboli, jour informerad.", {}),
    (
        "I vänster lunga ses en 12 mm stor nodul.",
        "Nodul i vänster lunga 12 mm.",
        {"procedure": "DT thorax", "modalities": frozenset({"CT"})},
    ),
]


@pytest.mark.parametrize(("findings", "impression", "facts"), LEFT_ALONE)
def test_what_fits_is_left_alone(findings: str, impression: str, facts: dict[str, Any]) -> None:
    assert remarks(findings, impression, facts) == ()


def test_a_remark_stands_at_its_words_and_quotes_them() -> None:
    found = remarks("The lungs are clear. The uterus is normal.", "Normal study.", {"sex": "M"})[0]
    text = "The lungs are clear. The uterus is normal."
    assert (found.section, text[found.start : found.end]) == (S.FINDINGS, "uterus")
    assert '"uterus"' in found.words


def test_every_rule_has_an_example_and_a_severity() -> None:
    of_text = set(NAMES) - {rules_spoken.NAME}  # about what the reader looked at, whatever the words: test_spoken.py
    assert {case[0] for case in CAUGHT} == of_text
    assert set(NAMES) == set(load_policy())
    assert len(RULES) >= len(of_text)


def test_a_policy_turns_rules_off_or_makes_them_stop() -> None:
    report = ReportText({S.FINDINGS: "The uterus is normal.", S.IMPRESSION: "Normal study."})
    facts = CaseFacts(sex="M")
    assert look(report, facts, LANGUAGES, {"sex": Severity.OFF}) == ()
    assert look(report, facts, LANGUAGES, {"sex": Severity.BLOCK})[0].severity is Severity.BLOCK


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("[severity]\nlateralty = 'warn'", "lateralty"),
        ("[severity]\nsex = 'stop'", "sex"),
        ("severity", "policy"),
        ("", "severity"),
    ],
)
def test_a_policy_with_a_mistake_is_refused_by_its_key(content: str, named: str) -> None:
    with pytest.raises(Refused, match=named):
        policy_of(content, "policy.toml")


def test_a_word_list_of_the_site_takes_the_place_of_the_built_in_one_and_a_broken_one_is_refused(tmp_path) -> None:
    with pytest.raises(Refused, match=r"sv\.toml"):
        language_of("language = 'sv'", "sv.toml")
    (tmp_path / "en.toml").write_text("language = 'en'\nleft = []\n")
    with pytest.raises(Refused, match=r"en\.toml"):
        load_languages(tmp_path)


def test_a_site_file_that_lacks_lists_is_lent_the_built_in_ones(tmp_path) -> None:
    """Written before those lists were: a site must not lose the look at its reports by updating."""
    (tmp_path / "en.toml").write_text(
        "language = 'en'\nfemale = ['yolk sac']\n"
        "[region]\nchest = ['chest', 'thorax']\n"
        "[removed]\nspleen = { said = ['splenectomy'], then = ['spleen is'] }\n"
    )
    languages = load_languages(tmp_path)
    facts = CaseFacts(procedure="CT chest left", sex="M")

    def found(text: str) -> list[str]:
        return [remark.rule for remark in look(ReportText({S.FINDINGS: text, S.IMPRESSION: "Nodule."}), facts, languages)]

    assert found("The yolk sac is normal. The uterus is normal.") == ["sex"]
    assert found("There is a nodule in the left lung. The lungs are clear.") == ["contradiction"]
    assert found("Status post splenectomy. The spleen is normal. Segment 12 of the left lung is normal.") == ["contradiction"]
    assert languages["sv"] is LANGUAGES["sv"]


def test_the_language_is_told_by_its_small_words() -> None:
    swedish = spoken("Det ses inga skelettskador och lungorna är fria", LANGUAGES, "en")
    english = spoken("There are no fractures and the lungs are clear", LANGUAGES, "sv")
    assert (swedish.code if swedish else "", english.code if english else "") == ("sv", "en")
    assert spoken("Normal", LANGUAGES, "nb") is None


def test_a_report_in_a_language_without_words_gets_no_remarks_at_all() -> None:
    assert look(ReportText({S.FINDINGS: "Keuhkot ovat puhtaat."}), CaseFacts(language="fi", sex="M"), LANGUAGES) == ()


def test_a_text_from_outside_of_any_length_and_kind_is_read_without_harm() -> None:
    hostile = "(a+)+$ " * 3000 + "\x00[" * 2000 + "no " * 4000 + "12 x " * 3000
    assert isinstance(remarks(hostile, hostile, {"sides": frozenset({Side.LEFT})}), tuple)
