"""Domain objects to rows of the index and back. Columns bear the names of `schema`."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeAlias

from workstation.cache.quarantine import QuarantinedFile, QuarantineKind
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.study import Instance, Series, Study

Row: TypeAlias = Mapping[str, Any]

# Headers are many and alike: level 1 takes most of it at a fifth of the time of level 6.
HEADER_COMPRESSION = 1


def study_row(study: Study, leading: str) -> dict[str, Any]:
    return {
        "study_instance_uid": study.study_instance_uid,
        "patient_id": study.patient.key.patient_id,
        "issuer": study.patient.key.issuer,
        "patient_name": study.patient.name,
        "patient_birth_date": study.patient.birth_date,
        "patient_sex": study.patient.sex,
        "accession_number": study.accession_number,
        "study_date": study.study_date,
        "study_time": study.study_time,
        "study_description": study.study_description,
        "procedure_codes": json.dumps(study.procedure_codes),
        "institution": study.institution,
        "leading": leading,
    }


def study_from(row: Row, series: tuple[Series, ...]) -> Study:
    return Study(
        study_instance_uid=row["study_instance_uid"],
        patient=Patient(
            PatientKey(row["patient_id"], row["issuer"]), row["patient_name"], row["patient_birth_date"], row["patient_sex"]
        ),
        accession_number=row["accession_number"],
        study_date=row["study_date"],
        study_time=row["study_time"],
        study_description=row["study_description"],
        procedure_codes=tuple(json.loads(row["procedure_codes"])),
        institution=row["institution"],
        series=series,
    )


def series_row(study_uid: str, series: Series, leading: str) -> dict[str, Any]:
    return {
        "study_instance_uid": study_uid,
        "series_instance_uid": series.series_instance_uid,
        "modality": series.modality,
        "series_number": series.series_number,
        "series_description": series.series_description,
        "body_part_examined": series.body_part_examined,
        "frame_of_reference_uid": series.frame_of_reference_uid,
        "attributes": json.dumps(dict(series.attributes)),
        "leading": leading,
    }


def series_from(row: Row, instances: tuple[Instance, ...]) -> Series:
    return Series(
        series_instance_uid=row["series_instance_uid"],
        modality=row["modality"],
        series_number=row["series_number"],
        series_description=row["series_description"],
        body_part_examined=row["body_part_examined"],
        frame_of_reference_uid=row["frame_of_reference_uid"],
        attributes={keyword: tuple(values) for keyword, values in json.loads(row["attributes"]).items()},
        instances=instances,
    )


def instance_row(study_uid: str, series_uid: str, instance: Instance) -> dict[str, Any]:
    return {
        "study_instance_uid": study_uid,
        "series_instance_uid": series_uid,
        "sop_instance_uid": instance.sop_instance_uid,
        "sha256": instance.sha256,
        "sop_class_uid": instance.sop_class_uid,
        "transfer_syntax_uid": instance.transfer_syntax_uid,
        "instance_number": instance.instance_number,
        "number_of_frames": instance.number_of_frames,
        "rows": instance.rows,
        "columns": instance.columns,
        "size": instance.size,
        "header": zlib.compress(json.dumps(dict(instance.header)).encode(), HEADER_COMPRESSION),
    }


def instance_from(row: Row, place: Callable[[str], Path]) -> Instance:
    """`place` says where the bytes with a hash lie."""
    return Instance(
        sop_instance_uid=row["sop_instance_uid"],
        sop_class_uid=row["sop_class_uid"],
        transfer_syntax_uid=row["transfer_syntax_uid"],
        instance_number=row["instance_number"],
        number_of_frames=row["number_of_frames"],
        rows=row["rows"],
        columns=row["columns"],
        path=str(place(row["sha256"])),
        sha256=row["sha256"],
        size=row["size"],
        header=json.loads(zlib.decompress(row["header"])),
    )


def quarantine_row(file: QuarantinedFile) -> dict[str, Any]:
    return {**asdict(file), "kind": file.kind.value}


def quarantined_from(row: Row) -> QuarantinedFile:
    return QuarantinedFile(**{**row, "kind": QuarantineKind(row["kind"])})
