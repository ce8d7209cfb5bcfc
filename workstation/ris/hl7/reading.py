"""Reading back over FHIR what was sent over HL7: by accession number, for HL7 carries no identifier of ours."""

from __future__ import annotations

import re

from workstation.domain.fhir import Resource, accession_in, text_of
from workstation.domain.report import JointOrder
from workstation.ris.fhir import FhirRis
from workstation.ris.no_answer import NoAnswer
from workstation.ris.ris import Holding, HoldingKind


class AccessionReader(FhirRis):
    """The FHIR side of a RIS that takes reports by HL7."""

    def report_for(self, accession_number: str) -> Holding:
        """The report that the RIS holds for this accession number."""
        try:
            return self._report_for(accession_number)
        except NoAnswer as error:
            return Holding(HoldingKind.UNKNOWN, str(error), retry_after=error.retry_after)

    def held_under(self, order: JointOrder) -> tuple[Resource, ...]:
        """What an engine made of that order's own group of a message."""
        return tuple(self._reports_with(order.accession_number))

    def _report_for(self, accession_number: str) -> Holding:
        found = self._reports_with(accession_number)
        if len(found) != 1:
            return Holding(HoldingKind.SEVERAL if found else HoldingKind.NONE)
        holding = self._at(text_of(found[0], "id"))
        if holding.kind is HoldingKind.ONE and accession_in(holding.resource) != accession_number:
            raise NoAnswer("The RIS answered with another report", "", "Call support")
        return holding

    def _reports_with(self, accession_number: str) -> list[Resource]:
        # FHIR R4 search 3.1.1.4.0: these four stand for themselves only after a backslash.
        token = re.sub(r"([\\,|$])", r"\\\1", accession_number)
        matches = self._search("DiagnosticReport", (("identifier", token),))
        return [r for r in matches if text_of(r, "resourceType") == "DiagnosticReport" and accession_in(r) == accession_number]
