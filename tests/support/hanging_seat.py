"""The window's seat with real hanging protocols in real folders, and studies whose headers the protocols know."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from hanging_studies import ct, four_views, study
from window_seat import FakeImages, FakeLibrary, FakeViewport, WindowSeat

from hanging_protocols.live import LibraryHanger, folders_of
from workstation.domain.order import Priority, ReadStatus, WorklistItem
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.study import Study
from workstation.domain.viewing import ViewportState
from workstation.errors import WorkstationError
from workstation.presets import load_presets


class Viewport(FakeViewport):
    """Mammograms too: nothing is known of where the breast lies in one grey."""

    def sheet(self, state: ViewportState) -> None:
        return None


class Library(FakeLibrary):
    def open_case(self, studies: Any, first: Any) -> None:
        self.shelf = {
            (one.study_instance_uid, series.series_instance_uid): Viewport(FakeImages(one, series), 90)
            for one in studies
            for series in one.series
        }


class HangingSeat(WindowSeat):
    """`site` is a folder above the built-in protocols."""

    def __init__(self, home: Path, jobs: Any = None) -> None:
        super().__init__(home, jobs)
        self.library.__class__ = Library
        self.told: list[WorkstationError] = []
        self.site = home / "site"
        self.site.mkdir()
        self.presets = load_presets()
        self.mine = self.folders.config / "hanging_protocols"
        self.open_protocols()

    def open_protocols(self) -> None:
        """As a start of the program does."""
        folders = folders_of(self.folders.config, str(self.site), "")
        data, config = self.folders.data, self.folders.config
        hanger = LibraryHanger(folders, self.presets, self.told.append, data / "protocol_copies", config / "hanging_choices.json")
        self.hanger = hanger  # type: ignore[assignment]
        self.session.hangings._hanger = hanger

    def add_study(self, current: Study, *priors: Study) -> WorklistItem:
        for one in (current, *priors):
            self.studies[one.study_instance_uid] = one
            self.library.greys[one.study_instance_uid] = 90
        self.priors[current.study_instance_uid] = priors
        modality = next(iter(current.modalities), "")
        item = WorklistItem(
            f"A{current.study_instance_uid}", current.study_instance_uid, current.patient, current.study_description, modality,
            Priority.ROUTINE, None, ReadStatus.UNREAD, current.image_count, current.study_date, None,
        )  # fmt: skip
        self.items.append(item)
        self.session.refresh_worklist()
        return item


def patient(number: int) -> Patient:
    return Patient(PatientKey(f"ID-{number}"), f"TEST^CASE{number}", "19500102", "F")


def chest(number: int, date: str = "20260110", prefix: str = "1") -> Study:
    """Scout, thick and thin soft kernel, lung kernel; thirty images a series."""
    uid = f"{prefix}.{number}"
    frame = f"{uid}.9"
    parts = [
        ct(f"{uid}.1", 2, number=1, ImageType=("ORIGINAL", "PRIMARY", "LOCALIZER"), description="Scout"),
        ct(f"{uid}.2", 30, number=2, ConvolutionKernel="Br40d", SliceThickness="5", description="Soft 5 mm", frame=frame),
        ct(f"{uid}.3", 30, number=3, ConvolutionKernel="Br64d", SliceThickness="1", description="Sharp 1 mm", frame=frame),
        ct(f"{uid}.4", 30, number=4, ConvolutionKernel="Br40d", SliceThickness="1", description="Soft 1 mm", frame=frame),
    ]
    return study(uid, *parts, description="CT thorax", date=date, patient=patient(number))


def mammograms(number: int, date: str = "20260110", prefix: str = "1") -> Study:
    return replace(four_views(f"{prefix}.{number}", date), patient=patient(number), study_description="Mammography")
