"""What a case tells the recogniser: exam, order, template in use, priors' reports, the user's words, the report's language."""

from __future__ import annotations

from dataclasses import replace

import pytest
from report_seat import ReportSeat

from workstation.domain.dictation import DictationContext
from workstation.domain.report import ReportSection, SectionCode
from workstation.session.dictating import MOST_PRIOR_LETTERS, context_of


@pytest.fixture
def seat(tmp_path):
    made = ReportSeat(tmp_path)
    made.add_case(1, reason="Known sarcoidosis")
    made.add_case(2)
    yield made
    made.reports.close()


def test_without_a_case_there_is_only_the_user(seat):
    seat.session.dictating.own_terms = lambda language: ("own",) if language == "en" else ()
    assert context_of(seat.session) == DictationContext(terms=("own",))


def test_the_exam_and_the_order_are_told(seat):
    seat.session.open(seat.items[0])
    context = context_of(seat.session)
    study = seat.session.case.study
    assert context.modality == study.series[0].modality
    assert context.order == "Known sarcoidosis"
    assert seat.session.case.procedure in context.procedure
    assert context.language == "en"


def test_the_report_s_language_and_the_priors_texts_are_told(seat):
    seat.session.open(seat.items[0])
    desk = seat.session.desk
    prior = replace(
        desk.report, report_uuid="p", language="sv", sections=(ReportSection(SectionCode.FINDINGS, "En thymoma. " * 5000),)
    )
    desk.prior_reports = (prior,)
    desk._set(replace(desk.report, language="sv-SE"))
    context = context_of(seat.session)
    assert context.language == "sv"
    assert context.prior.startswith("En thymoma.")
    assert len(context.prior) == MOST_PRIOR_LETTERS


def test_a_template_that_was_put_in_is_told_and_of_this_report_only(seat):
    seat.session.open(seat.items[0])
    told = []
    seat.session.dictating.changed.connect(lambda _: told.append(context_of(seat.session).template))
    template = next(t for t in seat.session.templating.templates.of("en"))
    seat.session.templating.insert(template.template_id)
    assert context_of(seat.session).template == template.title
    assert told[-1] == template.title
    seat.session.open(seat.items[1])
    assert context_of(seat.session).template == ""


def test_typing_alone_changes_nothing_that_is_expected(seat):
    seat.session.open(seat.items[0])
    told = []
    seat.session.dictating.changed.connect(told.append)
    for count in range(1, 5):
        seat.session.desk.write(SectionCode.FINDINGS, "x" * count)
    assert told == []
    seat.session.open(seat.items[1])
    assert told
    del told[:]
    seat.session.dictating.own_terms_changed()
    assert told == [None]
