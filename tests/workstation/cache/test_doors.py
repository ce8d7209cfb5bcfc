"""The commands `import`, `worklist` and `hang`: their JSON, their words, their exit status."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from joined_worklist import JoinedWorklist

from workstation import doors
from workstation.cache.cache import StudyCache
from workstation.domain.order import Order, Priority
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.study import Study
from workstation.domain.viewing import Arrangement, Cell, Layout, ViewportState
from workstation.errors import Refused
from workstation.worklist_store import OrderStore


class FirstSeries:
    """Hangs the first series, the first prior's beside it."""

    def hang(
        self, current: Study, priors: Sequence[Study], stage: int = 0, protocol_id: str = "", context: object = None
    ) -> Arrangement:
        shown = [current, *priors[:1]]
        cells = [
            Cell(0, n, ViewportState(s.study_instance_uid, s.series[0].series_instance_uid), is_prior=n > 0)
            for n, s in enumerate(shown)
        ]
        cells.append(Cell(0, len(cells), None, reason="nothing fits"))
        return Arrangement(
            "first", "First series", stage, 1, "", Layout(1, len(cells)), tuple(cells), ("it is\x1b the only one",)
        )


class NoReports:
    def report_of(self, accession_number: str, study_uid: str) -> None: ...
    def drafts(self) -> tuple[()]:
        return ()

    def is_left_to_ris(self, report_uuid: str) -> bool:
        return False

    def delivery_of(self, report_uuid: str) -> None: ...
    def untold_studies(self) -> frozenset[str]:
        return frozenset()


class SmallCore:
    def __init__(self, folder: Path, reader: Any) -> None:
        self.reader, self.hanger, self.hanging_problems = reader, FirstSeries(), ()
        self.cache = StudyCache(folder / "studies", reader)
        self.orders = OrderStore(folder / "orders.db")
        self.worklist = JoinedWorklist(self.cache, NoReports(), self.orders)

    def close(self) -> None:
        self.cache.close()
        self.orders.close()


Command = Callable[..., int]


@pytest.fixture
def command(tmp_path: Path, reader: Any) -> Command:
    parser = argparse.ArgumentParser()
    doors.register(parser.add_subparsers(required=True))

    def run(*words: str | Path) -> int:
        args = parser.parse_args([str(word) for word in words])
        return int(args.run(args, lambda: SmallCore(tmp_path / "home", reader)))

    return run


Series = Callable[..., list[Path]]


def test_import_tells_studies_numbers_and_reasons(
    command: Command, tmp_path: Path, series: Series, capsys: pytest.CaptureFixture[str]
) -> None:
    series(tmp_path / "inbox", 3)
    (tmp_path / "inbox" / "note.txt").write_text("hello")
    assert command("import", tmp_path / "inbox", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "studies": ["1.2.3"],
        "imported": 3,
        "already_there": 0,
        "directories": 0,
        "quarantined": 0,
        "refused": [{"file": str(tmp_path / "inbox" / "note.txt"), "reason": "Not a DICOM file"}],
    }
    assert command("import", tmp_path / "inbox") == 0
    said = capsys.readouterr()
    assert said.out == "0 imported, 3 already there, 1 refused; studies: 1\n"
    assert said.err == f"{tmp_path}/inbox/note.txt: Not a DICOM file\n"


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_an_import_of_nothing_fails_with_the_reason_on_standard_error(
    command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: tuple[str, ...]
) -> None:
    assert command("import", tmp_path / "absent", *flags) == 1
    assert "There is no such file or folder" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert command("import", tmp_path / "empty", *flags) == 1
    assert capsys.readouterr().err == "import: there are no files here\n"


def test_the_worklist_lists_orders_and_studies(
    command: Command, tmp_path: Path, series: Series, reader: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("worklist") == 0
    assert capsys.readouterr().out == "Nothing to read\n"
    command("import", *series(tmp_path / "inbox", 2, AccessionNumber="A1", StudyDescription="Chest"))
    store = OrderStore(tmp_path / "home" / "orders.db")
    store.replace([Order("o2", "A2", Patient(PatientKey("P2")), "CR hand\x1b[2J", priority=Priority.STAT)])
    store.close()
    capsys.readouterr()
    assert command("worklist", "--json") == 0
    first, second = json.loads(capsys.readouterr().out)
    assert first | {"accession": "A2", "study_uid": "", "procedure": "CR hand\x1b[2J", "priority": "stat", "due": None} == first
    assert second | {"accession": "A1", "study_uid": "1.2.3", "priority": "routine", "status": "unread", "images": 2} == second
    assert command("worklist") == 0
    text = capsys.readouterr().out
    assert "\x1b" not in text
    assert "Doe" not in text


def test_hang_says_which_protocol_and_why(
    command: Command, tmp_path: Path, series: Series, capsys: pytest.CaptureFixture[str]
) -> None:
    series(tmp_path / "now", 2)
    series(tmp_path / "then", 2, study="1.2.4", StudyDate="20200101")
    assert command("hang", tmp_path / "now", "--prior", tmp_path / "then", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["protocol"], told["stage"], told["reasons"]) == ("first", 0, ["it is\x1b the only one"])
    keys = ("row", "column", "series_uid", "view", "is_prior", "reason")
    assert [tuple(cell[key] for key in keys) for cell in told["cells"]] == [
        (0, 0, "1.2.3.1", "stack", False, ""),
        (0, 1, "1.2.4.1", "stack", True, ""),
        (0, 2, None, None, False, "nothing fits"),
    ]
    assert command("hang", tmp_path / "now") == 0
    assert "\x1b" not in capsys.readouterr().out
    assert not (tmp_path / "home" / "studies" / "objects" / "1").exists()


def test_hang_takes_the_newest_study_of_a_folder_and_the_others_as_priors(
    command: Command, tmp_path: Path, series: Series, capsys: pytest.CaptureFixture[str]
) -> None:
    series(tmp_path / "all" / "a", 1, study="1.2.4", StudyDate="20200101")
    series(tmp_path / "all" / "b", 1)
    assert command("hang", tmp_path / "all", "--json") == 0
    assert [cell["series_uid"] for cell in json.loads(capsys.readouterr().out)["cells"]] == ["1.2.3.1", "1.2.4.1", None]


def test_hang_never_puts_two_people_side_by_side(command: Command, tmp_path: Path, series: Series) -> None:
    series(tmp_path / "all" / "jane", 1)
    series(tmp_path / "all" / "john", 1, study="1.2.4", PatientID="P2")
    with pytest.raises(Refused, match="not known to be of the same patient"):
        command("hang", tmp_path / "all" / "jane", "--prior", tmp_path / "all" / "john")
    with pytest.raises(Refused, match="More than one patient"):
        command("hang", tmp_path / "all")


def test_hang_refuses_what_holds_no_images(command: Command, tmp_path: Path, series: Series, write: Callable[..., Path]) -> None:
    write(tmp_path / "sr" / "1.dcm", Rows=None, Modality="SR")
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "a.txt").write_text("hello")
    with pytest.raises(Refused, match="There are no images in it"):
        command("hang", tmp_path / "sr")
    with pytest.raises(Refused, match="Not a DICOM file"):
        command("hang", tmp_path / "text")


def test_wrong_usage_is_exit_status_2(command: Command) -> None:
    with pytest.raises(SystemExit) as left:
        command("import")
    assert left.value.code == 2
