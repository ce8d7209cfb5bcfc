"""A real Modality Worklist: Debian's Orthanc with its plugin, and the items that a RIS would leave for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian
from real_archives import CALLING_AE, RealArchive, orthanc

WORKLISTS = "/usr/share/orthanc/plugins/libModalityWorklists.so"
TODAY = datetime.now().astimezone().date()


@contextmanager
def worklist_server(folder: Path, listed: Path) -> Iterator[RealArchive]:
    """Lists every `.wl` file in `listed`."""
    modality = {
        "AET": CALLING_AE,
        "Host": "127.0.0.1",
        "Port": 1,
        "AllowEcho": True,
        "AllowFind": True,
        "AllowFindWorklist": True,
    }
    worklists = {"Enable": True, "Database": str(listed)}
    with orthanc(folder, Plugins=[WORKLISTS], Worklists=worklists, DicomModalities={"us": modality}) as running:
        running.archive = replace(running.archive, worklist=True)
        yield running


def worklist_item(path: Path, accession: str, *, character_set: str = "ISO_IR 192", day: date = TODAY, **changes: object) -> Path:
    """One `.wl` file, as a RIS leaves it for Orthanc."""
    asked = Dataset()
    asked.SpecificCharacterSet = character_set
    asked.AccessionNumber = accession
    asked.PatientName, asked.PatientID = "Ödegård^Åse^Ægir=WIDEO", "19 120345"
    asked.IssuerOfPatientID, asked.PatientBirthDate, asked.PatientSex = "HERE", "19500101", "F"
    asked.StudyInstanceUID = "1.2.826.0.1.7"
    asked.ReferringPhysicianName, asked.RequestingPhysician = "Läkare^Örjan", "Doktor^Åke"
    asked.RequestedProcedureDescription, asked.RequestedProcedureID = "DT torax, öppen", "RP-1"
    asked.ReasonForTheRequestedProcedure, asked.RequestedProcedurePriority = "Dyspné <b>sedan</b> i går", "HIGH"
    code, step = Dataset(), Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "24627-2", "LN", "Röntgen på bröst"
    asked.RequestedProcedureCodeSequence = Sequence([code])
    step.Modality, step.ScheduledStationAETitle, step.ScheduledProcedureStepID = "CT", CALLING_AE, "SPS-1"
    step.ScheduledProcedureStepStartDate, step.ScheduledProcedureStepStartTime = day.strftime("%Y%m%d"), "101500"
    step.ScheduledProcedureStepDescription = "Spiral, å"
    asked.ScheduledProcedureStepSequence = Sequence([step])
    for keyword, value in changes.items():
        setattr(asked, keyword, value)
    asked.file_meta = FileMetaDataset()
    asked.file_meta.MediaStorageSOPClassUID = "1.2.276.0.7230010.3.1.0.1"
    asked.file_meta.MediaStorageSOPInstanceUID = f"1.2.826.0.1.8.{len(accession)}"
    asked.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    asked.save_as(path, enforce_file_format=True)
    return path
