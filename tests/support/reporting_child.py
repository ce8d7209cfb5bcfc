"""A seat as a process of its own, to be killed: reads commands on standard input, answers a line each.

`dictate N` appends segment N and prints its id once the store has it; `sign` signs; `deliver` steps the
outbox until nothing is due. Arguments: the report store's path, the RIS's base URL, the order as JSON.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

from seat import evidence_for, item_for, order_for, segment

from workstation.domain.report import ReportAction, SectionCode
from workstation.reporting.store import ReportStore
from workstation.ris.fhir import FhirRis
from workstation.ris.outbox import Outbox


def answer(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(path: str, base_url: str, facts: str) -> None:
    order = replace(order_for(), **json.loads(facts))
    store = ReportStore(Path(path))
    report_uuid = store.open_draft(item_for(order)).report_uuid
    answer("ready")
    for line in sys.stdin:
        command, _, argument = line.strip().partition(" ")
        if command == "dictate":
            spoken = segment(int(argument))
            store.append_segment(report_uuid, SectionCode.FINDINGS, spoken)
            answer(spoken.segment_id)
        elif command == "sign":
            store.sign(report_uuid, ReportAction.SIGN_FINAL, "Dr Signe Läkare", evidence_for(order))
            answer("signed")
        elif command == "deliver":
            outbox = Outbox(store, FhirRis(base_url))
            while outbox.step() is not None:
                pass
            answer("delivered")


if __name__ == "__main__":
    main(*sys.argv[1:])
