"""A hanging protocol in DICOM JSON (PS3.18 Annex F) as a Part 10 file: Hanging Protocol Storage (PS3.3 A.44)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import UID

from rendering.objects.writing import new_uid, part10
from workstation.errors import Refused

HANGING_PROTOCOL_STORAGE = UID("1.2.840.10008.5.1.4.38.1")


def write_hanging_protocol(model: Mapping[str, Any], made: datetime) -> bytes:
    """`model` has the modules of C.23; SOP Common is added here. `made` carries an offset. Raises Refused."""
    try:
        ds = Dataset.from_json(dict(model))
    except Exception as error:  # what pydicom cannot encode is a defect of ours or a text that fits no element
        raise Refused("The hanging protocol cannot be written", type(error).__name__) from error
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID, ds.SOPInstanceUID = HANGING_PROTOCOL_STORAGE, new_uid()
    ds.InstanceCreationDate, ds.InstanceCreationTime = made.strftime("%Y%m%d"), made.strftime("%H%M%S")
    ds.TimezoneOffsetFromUTC = made.strftime("%z")[:5]
    return part10(ds)
