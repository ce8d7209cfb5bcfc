"""Where things lie and what this reader has chosen.

`settings.toml` is the user's (or the site's) to edit; `remembered.json` is written by the
program (window places, last layout). A bad file is refused with its name and line, and
the defaults are used: a typo must never stop somebody from reading.
"""

from __future__ import annotations

import json
import os
import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import platformdirs

from workstation.domain.hl7 import CHARSETS
from workstation.errors import WorkstationError

HOME_VARIABLE = "LYSKASSE_HOME"


@dataclass(frozen=True, slots=True)
class Folders:
    """All places of one installation; everything below them is ours."""

    data: Path
    config: Path
    cache: Path

    @classmethod
    def default(cls) -> Folders:
        """The platform's own places, or everything below `LYSKASSE_HOME` when that is set."""
        home = os.environ.get(HOME_VARIABLE)
        if home:
            root = Path(home)
            return cls(root / "data", root / "config", root / "cache")
        return cls(
            Path(platformdirs.user_data_dir("lyskasse", appauthor=False)),
            Path(platformdirs.user_config_dir("lyskasse", appauthor=False)),
            Path(platformdirs.user_cache_dir("lyskasse", appauthor=False)),
        )

    @property
    def studies(self) -> Path:
        return self.cache / "studies"

    @property
    def decoded(self) -> Path:
        return self.cache / "decoded"

    @property
    def reports(self) -> Path:
        return self.data / "reports.db"

    @property
    def orders(self) -> Path:
        return self.data / "orders.db"

    @property
    def worklist(self) -> Path:
        """Its rows: made again from the orders, studies and reports at any time."""
        return self.cache / "worklist.db"

    @property
    def annotations(self) -> Path:
        return self.data / "annotations.db"

    @property
    def alignments(self) -> Path:
        return self.data / "alignments.db"

    @property
    def earlier_reports(self) -> Path:
        return self.cache / "earlier_reports.db"

    @property
    def dictation_audio(self) -> Path:
        return self.data / "dictation"

    @property
    def models(self) -> Path:
        return self.data / "models"

    @property
    def crashes(self) -> Path:
        return self.data / "crashes"

    def make(self) -> None:
        """Create the folders, readable by this user only."""
        for folder in (self.data, self.config, self.cache, self.studies, self.dictation_audio, self.models, self.crashes):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)


@dataclass(frozen=True, slots=True)
class Settings:
    """What may stand in `settings.toml`. Names here are the names there."""

    signer: str = ""
    signer_id: str = ""
    signer_id_system: str = ""
    """The reader's number (of the register of health personnel, or the RIS's own) and who gives it: an OID as
    `urn:oid:1.2.3`, a URI, or a name. By HL7 nothing is signed without."""
    language: str = "en"
    ris_url: str = ""
    """`https://…` for FHIR R4; `mllp://host:port` or `mllps://host:port` for HL7 v2."""
    ris_read_url: str = ""
    """The FHIR address where reports sent by HL7 are read back; without one none can be proved to be there."""
    ris_ca_file: str = ""
    """PEM file of who vouches for the RIS; empty trusts whom this computer trusts."""
    ris_certificate_file: str = ""
    ris_key_file: str = ""
    """Our own certificate for the RIS and its key, both PEM."""
    ris_client_id: str = ""
    """Our name at a RIS that wants a sign-in (OAuth 2.0, SMART Backend Services); empty signs in nowhere."""
    ris_token_url: str = ""
    ris_client_key_file: str = ""
    """PEM file of the key that the sign-in is signed with; without one the secret `ris` of the keyring is sent."""
    hl7_charset: str = "UNICODE UTF-8"
    """MSH-18 of what we send: `UNICODE UTF-8`, `8859/1` or `8859/15`."""
    hl7_sending_application: str = "LYSKASSE"
    hl7_sending_facility: str = ""
    hl7_receiving_application: str = ""
    hl7_receiving_facility: str = ""
    hl7_joint_text: str = "first"
    """A report for several orders has its text under the `first` accession number, or under `each`."""
    hl7_listen: str = ""
    """Where orders come in by HL7, as `mllp://127.0.0.1:2575`; empty listens nowhere."""
    dictation_engine: str = ""
    dictation_key: str = "both"
    """How the key to talk works: "toggle", "hold" (on while it is down), or "both": a tap toggles, a longer press holds."""
    dictation_ready_seconds: int = 10
    """So long after talking the microphone stays open, so that the half second before the key is heard too; 0: not at all."""
    unsure_below: float = 0.6
    """Dictated words that were heard with less confidence (0 to 1) are underlined."""
    keep_sound_days: int = 0
    """For so many days the sound of dictated words is kept, sealed, for their author to hear again; 0: not on disk."""
    poll_orders_seconds: int = 60
    image_memory_mb: int = 0
    """0 takes half of the machine's memory."""
    cache_gb: int = 0
    """What images may take of the disk, in GB; 0 takes 60 % of what is free or theirs."""
    at_rest: bool = True
    """Whether what is stored is encrypted. A site may turn it off where the whole disk is."""
    undo_seconds: int = 10
    """How long a signature waits before it is sent, and can be taken back; 0 sends at once."""
    lossy_primary: bool = True
    """Whether a report may be signed from lossy compressed images. False: refused once one was shown."""
    report_documents: str = "sr"
    """What of a signed report goes to the archive as a DICOM object: "none", "sr" (its text), "pdf" (as printed) or "both"."""
    site_protocols: str = ""
    """Folder of the site's hanging protocols, above the built-in ones; may be a share that is not always there."""
    group_protocols: str = ""
    """Folder of the group's hanging protocols, above the site's; the reader's own lie in `hanging_protocols` beside this file."""
    site_priors: str = ""
    """The site's file of what makes a prior relevant; the reader's own is `priors.toml` beside this file."""
    report_archive: str = ""
    """Its name in archives.toml; empty is the one that gave the study."""


def load_settings(folders: Folders) -> tuple[Settings, WorkstationError | None]:
    """The settings, and what was wrong with the file when they are only the defaults."""
    path = folders.config / "settings.toml"
    if not path.is_file():
        return Settings(), None
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        return replace(Settings(), **_checked(values)), None
    except (OSError, ValueError, TypeError) as error:
        return Settings(), WorkstationError(
            "settings.toml is not used", str(error), "Correct the file and start again; until then the defaults hold"
        )


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    known = {f.name: type(getattr(Settings(), f.name)) for f in fields(Settings)}
    for name, value in values.items():
        if name not in known:
            raise ValueError(f"unknown setting {name!r}; known are {', '.join(sorted(known))}")
        if type(value) is not known[name]:
            raise TypeError(f"setting {name!r} must be of type {known[name].__name__}")
    if (charset := values.get("hl7_charset", "ASCII")) not in CHARSETS:
        raise ValueError(f"setting 'hl7_charset' is {charset!r}; known are {', '.join(CHARSETS)}")
    if (joint := values.get("hl7_joint_text", "first")) not in ("first", "each"):
        raise ValueError(f"setting 'hl7_joint_text' is {joint!r}; it may be first, each")
    return values


class Remembered:
    """Small choices that the program keeps for the reader: splitter places, last section ..."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._values: dict[str, Any] = {}
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            stored = {}
        if isinstance(stored, dict):
            self._values = stored

    def get(self, name: str, default: Any = None) -> Any:
        return self._values.get(name, default)

    def set(self, name: str, value: Any) -> None:
        if self._values.get(name) == value:
            return
        self._values[name] = value
        self._path.parent.mkdir(parents=True, exist_ok=True)
        half = self._path.with_suffix(".part")
        half.write_text(json.dumps(self._values), encoding="utf-8")
        half.replace(self._path)
