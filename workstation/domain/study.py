"""Studies as they lie in the cache: what is known without decoding a pixel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workstation.domain.patient import Patient

# Elements that hanging protocols ask for; the last three are for lead times. Whoever parses a file fills them from
# the top level of its dataset (for enhanced objects also from the shared functional groups), absent or empty
# ones left out. ContributingEquipmentSequence gives `Manufacturer|ManufacturerModelName|
# SoftwareVersions|ContributionDescription`. Series.attributes holds all of them for the first instance.
SERIES_ATTRIBUTES: tuple[str, ...] = (
    "SOPClassUID", "ImageType", "ProtocolName", "BodyPartExamined", "Laterality", "ImageLaterality",
    "FrameLaterality", "AnatomicRegionSequence", "ViewPosition", "ViewCodeSequence", "ViewModifierCodeSequence",
    "PatientOrientation", "PresentationIntentType", "ImageOrientationPatient", "PatientPosition", "SliceThickness",
    "SpacingBetweenSlices", "ConvolutionKernel", "ContrastBolusAgent", "ContrastBolusAgentSequence",
    "ContrastBolusVolume", "ContrastBolusIngredientConcentration", "KVP",
    "ScanningSequence", "SequenceVariant", "ScanOptions", "SequenceName", "MRAcquisitionType", "EchoTime",
    "RepetitionTime", "InversionTime", "FlipAngle", "DiffusionBValue", "AcquisitionContrast", "PulseSequenceName",
    "CorrectedImage", "AttenuationCorrectionMethod", "Units", "SeriesType", "SeriesDate", "SeriesTime",
    "AcquisitionTime", "RequestedProcedureDescription", "PerformedProcedureStepDescription", "RequestedProcedureCodeSequence",
    "PerformedProtocolCodeSequence", "Manufacturer", "ManufacturerModelName", "ConversionType",
    "CardiacSynchronizationTechnique", "NumberOfTemporalPositions", "ReconstructionAlgorithm", "BurnedInAnnotation",
    "DerivationDescription", "DerivationCodeSequence", "ContributingEquipmentSequence",
    "PerformedProcedureStepEndDate", "PerformedProcedureStepEndTime", "TimezoneOffsetFromUTC",
)  # fmt: skip

# Those of them that differ between the images of one series (four mammograms, PA and lateral):
# `Instance.header["attributes"]` holds them as pairs of keyword and values (projection images only).
INSTANCE_ATTRIBUTES: tuple[str, ...] = (
    "ImageType", "Laterality", "ImageLaterality", "ViewPosition", "ViewCodeSequence", "ViewModifierCodeSequence",
    "PatientOrientation", "PresentationIntentType", "BodyPartExamined", "AnatomicRegionSequence", "DerivationDescription",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Instance:
    """One SOP instance. `header` is the image room's own description, kept as JSON-able data.

    `path` is where the bytes lie now: inside the cache under our own hash, or the place a
    file was read from when nothing is imported. `sha256` and `size` are of those bytes.
    """

    sop_instance_uid: str
    sop_class_uid: str
    transfer_syntax_uid: str
    instance_number: int | None
    number_of_frames: int
    rows: int
    columns: int
    path: str
    sha256: str
    size: int
    header: Mapping[str, Any] = field(default_factory=dict)

    @property
    def has_pixels(self) -> bool:
        return self.rows > 0 and self.columns > 0 and self.number_of_frames > 0


@dataclass(frozen=True, slots=True)
class Series:
    """A series and what hanging protocols ask about it.

    `attributes` holds further elements of the first instance by DICOM keyword, every value as
    a tuple of strings (codes as `CodeValue|CodingSchemeDesignator|CodeMeaning`).
    """

    series_instance_uid: str
    modality: str
    series_number: int | None = None
    series_description: str = ""
    body_part_examined: str = ""
    frame_of_reference_uid: str = ""
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    instances: tuple[Instance, ...] = ()

    @property
    def image_count(self) -> int:
        return sum(i.number_of_frames for i in self.instances if i.has_pixels)


@dataclass(frozen=True, slots=True)
class Study:
    """A study; `study_date` is `YYYYMMDD`, `study_time` `HHMMSS...`, both may be empty."""

    study_instance_uid: str
    patient: Patient
    accession_number: str = ""
    study_date: str = ""
    study_time: str = ""
    study_description: str = ""
    procedure_codes: tuple[str, ...] = ()
    institution: str = ""
    series: tuple[Series, ...] = ()

    @property
    def modalities(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(s.modality for s in self.series if s.modality))

    @property
    def image_count(self) -> int:
        return sum(s.image_count for s in self.series)


@dataclass(frozen=True, slots=True)
class ParsedInstance:
    """What the limited worker says of one file: where it belongs and what it is.

    `study.series` holds one series with one instance. `missing` are the keywords of UIDs that
    the file lacks and that stand-ins were made for: it can be shown, but not kept.
    """

    study: Study
    missing: tuple[str, ...] = ()

    @property
    def series(self) -> Series:
        return self.study.series[0]

    @property
    def instance(self) -> Instance:
        return self.study.series[0].instances[0]
