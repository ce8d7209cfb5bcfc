"""How many planted errors the careful colleague catches, and how often it cries wolf.

The reports (`cases/`) were written in nine rounds, each by somebody who had not seen the rules' words; only the sixth and the
seventh by one who had mended them. What was caught and warned at first sight, before anything was mended:

    round     1         2        3        4        5        6        7        8        9
    caught    69/100    39/50    36/50    44/50    49/60    45/50    43/50    37/50    39/50
    warned    21/100    9/50     11/50    5/50     10/100   22/100   4/60     10/60    12/60

In round 8 one of the missed errors stood in a field that this test did not hand over then (`technique`). The ninth was seen after
the colleague had learnt organs, signs and structures from the eighth; without them it had been 36 of 50. `own` are reports
of who mended them, written before they were tried: 10 of 20 caught, 1 of 20 warned.

After each round the rules were mended with its reports in view, so that what is asserted here flatters them: the first sight
of a new round is what to expect. Issue 8 asks for 92 of 100 caught and 5 warnings at most: that is not reached yet.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

from workstation.colleague.colleague import NAMES, look
from workstation.colleague.facts import CaseFacts, MeasuredFact, PriorFact, Remark, ReportText
from workstation.colleague.language import load_languages
from workstation.domain.report import SectionCode

CASES = Path(__file__).parent / "cases"
ROUNDS = ("", "_second", "_third", "_fourth", "_fifth", "_sixth", "_seventh", "_eighth", "_ninth", "_own")
LEAST_CAUGHT, MOST_WARNINGS = 92, 5
"""Of a hundred."""
# A dropped denial leaves two sentences that contradict each other, and the other way round.
AS_GOOD = {
    "negation": {"negation", "contradiction", "conclusion"},
    "contradiction": {"contradiction", "negation", "conclusion"},
    "conclusion": {"conclusion", "contradiction"},
    "number": {"number", "measurement"},
    "measurement": {"measurement", "number"},
}


def reports(kind: str) -> Iterator[dict[str, Any]]:
    for language, suffix in product(("en", "sv"), ROUNDS):
        for report in tomllib.loads((CASES / f"{kind}_{language}{suffix}.toml").read_text("utf-8"))["report"]:
            yield report | {"language": language}


def remarks_on(report: dict[str, Any]) -> tuple[Remark, ...]:
    texts = {code: report.get(code.name.lower(), "") for code in SectionCode}
    texts[SectionCode.PROCEDURE] = report.get("technique", texts[SectionCode.PROCEDURE])
    facts = CaseFacts(
        language=report["language"],
        sex=report.get("sex", ""),
        age=float(report["age"]) if "age" in report else None,
        modalities=frozenset(report.get("modalities", ())),
        procedure=report.get("procedure", ""),
        contrast=report.get("contrast"),
        study_day=report.get("study_day"),
        priors=tuple(PriorFact(p["day"], p.get("modality", ""), p.get("words", "")) for p in report.get("priors", ())),
        measured=tuple(MeasuredFact(m["name"], float(m["value"]), m["unit"]) for m in report.get("measured", ())),
        unseen_series=report.get("unseen_series", 0),
        is_told=report.get("told", False),
    )
    return look(ReportText(texts), facts, load_languages())


def is_caught(report: dict[str, Any]) -> bool:
    wanted = AS_GOOD.get(report["error"], {report["error"]})
    return any(remark.rule in wanted for remark in remarks_on(report))


def test_at_least_92_in_100_planted_errors_are_caught() -> None:
    """F71."""
    planted = list(reports("planted"))
    missed = [f"{r['language']} {r['name']} ({r['error']}): {r.get('why', '')}" for r in planted if not is_caught(r)]
    assert len(planted) == 530
    assert {r["error"] for r in planted} == set(NAMES) - {"default", "spoken"}  # which need a template and a voice, not a text
    assert len(planted) - len(missed) >= LEAST_CAUGHT * len(planted) / 100, "\n".join(missed)


def test_clean_reports_get_at_most_five_warnings_in_a_hundred() -> None:
    clean = list(reports("clean"))
    warnings = [f"{r['language']} {r['name']}: {remark.rule}: {remark.words}" for r in clean for remark in remarks_on(r)]
    assert len(clean) == 650
    assert len(warnings) <= MOST_WARNINGS * len(clean) / 100, "\n".join(warnings)
