"""What an archive stores with us (C-STORE as SCP): written as it comes, byte for byte, never decoded.

pynetdicom gathers a message's dataset in a BytesIO. `Arrival` stands in its place and writes a
C-STORE's to disk behind a File Meta of ours (PS3.10 7.1), sealed where a key is given: the size
of an object costs no memory.
"""

from __future__ import annotations

import os
import threading
import zlib
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_file_meta_info
from pynetdicom.dimse_messages import C_STORE_RQ, DIMSEMessage
from pynetdicom.dsutils import create_file_meta

from workstation.archives.gateway.dimse_link import DimseLink
from workstation.archives.gateway.disk_words import not_written
from workstation.at_rest.sealed import Purpose, create_sealed
from workstation.domain.archive import ReceivedFile

MOST_OBJECT = 8 << 30
"""Bytes of one object."""
MOST_ANSWER = 4 << 20
"""Bytes of any dataset that is not stored."""
_FIRST_LOOK, _MOST_HEAD = 4 << 10, 16 << 20
"""How much is looked at for the study's UID, which stands before the pixels: as little as does."""
_STUDY, _SOP = 0x0020000D, 0x00080018
_DEFLATED = "1.2.840.10008.1.2.1.99"
_IMPLICIT, _BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.2"

STORED, NOT_AUTHORISED, NO_ROOM, NOT_THIS, NOT_UNDERSTOOD = 0x0000, 0x0124, 0xA700, 0xA900, 0xC000


class Intake:
    """Takes in objects of one study. `wanted` are the SOP Instance UIDs asked for; empty: any of the study.

    Thread-safe. `refused` counts why objects were turned away; `on_note` hears each (no patient data in it).
    """

    def __init__(
        self,
        into: Path,
        key: bytes,
        study_instance_uid: str,
        wanted: frozenset[str],
        on_file: Callable[[ReceivedFile], None],
        link: DimseLink,
        on_note: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._into = into
        self._key = key
        self._study = study_instance_uid
        self._wanted = wanted
        self._on_file = on_file
        self._link = link
        self._on_note = on_note
        self._lock = threading.Lock()
        self.refused: Counter[str] = Counter()
        self.received = 0

    def attach(self, association: Any) -> None:
        """Has this association's datasets written here. To be called before anything is read from it."""
        dimse = association.dimse
        original = dimse.receive_primitive

        def receive(primitive: Any) -> None:
            if dimse.message is None:
                dimse.message = DIMSEMessage()
                dimse.message.data_set = Arrival(dimse.message, association, self)
            original(primitive)

        dimse.receive_primitive = receive

    def open(self) -> tuple[Path, BinaryIO]:
        path = self._into / f"{uuid4().hex}.part"
        if self._key:
            return path, create_sealed(path, Purpose.INCOMING, self._key)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        return path, os.fdopen(descriptor, "wb", buffering=1 << 20)

    def no_room(self, error: OSError) -> None:
        """Whatever else comes has no room either."""
        self._link.blame(not_written(error))
        self._link.cut()

    def store(self, event: Any) -> int:
        """The handler of EVT_C_STORE: the status for the archive (PS3.4 table B.2-1)."""
        arrival = event.request.DataSet
        if not isinstance(arrival, Arrival):
            return NOT_UNDERSTOOD
        self._link.alive()
        status, reason = arrival.verdict(self._study, self._wanted)
        if status == STORED:
            try:
                file = arrival.keep()
            except OSError as error:
                self.no_room(error)
                status, reason = NO_ROOM, "there is no room"
            else:
                with self._lock:
                    self.received += 1
                    self._on_file(file)
                return STORED
        arrival.drop()
        with self._lock:
            self.refused[reason] += 1
            self._on_note(f"Refused an object: {reason}")
        return status


class Arrival(BytesIO):
    """The dataset of one message; see the module. Written by the association's thread, then asked by another."""

    def __init__(self, message: DIMSEMessage, association: Any, intake: Intake) -> None:
        super().__init__()
        self._message = message
        self._association = association
        self._intake = intake
        self._path: Path | None = None
        self._file: BinaryIO | None = None
        self._head = bytearray()
        self._look_at = _FIRST_LOOK
        self._identity: tuple[str, str] | None = None
        self._problem = ""
        self._syntax = self._sop_instance_uid = ""
        self._bytes = 0

    def write(self, data: Any, /) -> int:
        self._bytes += len(data)
        if not isinstance(self._message, C_STORE_RQ):
            if self._bytes > MOST_ANSWER:
                raise ValueError("answer too long")
            return super().write(data)
        if self._problem:
            return len(data)
        try:
            self._store(data)
        except OSError as error:
            self._problem = "there is no room"
            self._intake.no_room(error)
        return len(data)

    def _store(self, data: bytes) -> None:
        if self._file is None:
            self._begin()
        if self._bytes > MOST_OBJECT:
            self._problem = f"it is larger than {MOST_OBJECT >> 30} GB"
            return
        self._remember(data)
        assert self._file is not None
        self._file.write(data)

    def _remember(self, data: bytes) -> None:
        """Keeps the head until it says of which study it is."""
        if self._identity is not None or len(self._head) >= _MOST_HEAD:
            return
        self._head += data
        if len(self._head) >= self._look_at:
            self._identity = self._identified()
            self._look_at = 4 * len(self._head)

    def _begin(self) -> None:
        command = self._message.command_set
        context = self._association._accepted_cx[self._message.context_id]
        self._syntax = str(context.transfer_syntax[0])
        self._sop_instance_uid = str(command.AffectedSOPInstanceUID)
        self._path, self._file = self._intake.open()
        meta = DicomBytesIO()
        meta.write(b"\0" * 128 + b"DICM")
        write_file_meta_info(
            meta,
            create_file_meta(
                sop_class_uid=command.AffectedSOPClassUID,
                sop_instance_uid=command.AffectedSOPInstanceUID,
                transfer_syntax=context.transfer_syntax[0],
            ),
        )
        self._file.write(meta.getvalue())

    def _identified(self) -> tuple[str, str] | None:
        """Study and SOP Instance UID, when the kept head reaches as far."""
        head = bytes(self._head)
        try:
            if self._syntax == _DEFLATED:
                head = zlib.decompressobj(-zlib.MAX_WBITS).decompress(head, _MOST_HEAD)
            found = read_dataset(
                BytesIO(head),
                self._syntax == _IMPLICIT,
                self._syntax != _BIG,
                stop_when=lambda tag, _vr, _length: tag > _STUDY,
                specific_tags=[_SOP, _STUDY],
            )
            if _STUDY not in found:
                return None
            return str(found[_STUDY].value), str(found[_SOP].value) if _SOP in found else ""
        except Exception:  # the parser has many, and all mean that this is not enough or not DICOM
            return None

    def verdict(self, study: str, wanted: frozenset[str]) -> tuple[int, str]:
        """The status, and why not in words. The command's UIDs are only a claim; the dataset's count."""
        if self._problem:
            return NO_ROOM, self._problem
        identity = self._identity or self._identified()
        if self._file is None or identity is None:
            return NOT_UNDERSTOOD, "it does not say of which study it is"
        if identity[0] != study:
            return NOT_AUTHORISED, "it is of a study that was not requested"
        if identity[1] != self._sop_instance_uid:
            return NOT_THIS, "its dataset is of another instance than announced"
        if wanted and self._sop_instance_uid not in wanted:
            return NOT_AUTHORISED, "it was not requested"
        return STORED, ""

    def keep(self) -> ReceivedFile:
        """Makes the file whole. Raises OSError."""
        assert self._file is not None
        assert self._path is not None
        file, self._file = self._file, None
        try:
            file.close()
        except OSError:
            self._path.unlink(missing_ok=True)
            raise
        whole = self._path.with_suffix(".dcm")
        self._path.rename(whole)
        self._path = None
        return ReceivedFile(whole, self._bytes, self._sop_instance_uid)

    def drop(self) -> None:
        if self._file is not None:
            file, self._file = self._file, None
            with suppress(OSError):
                file.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)
