"""The security log of the cache: what was tried against us, when, by which bytes. No names, no patient data."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from workstation.at_rest.vault import Purpose, Vault
from workstation.errors import Refused


@dataclass(frozen=True, slots=True)
class Alert:
    """One line of `security.jsonl`: `time` in UTC (ISO 8601), what happened, the hash of the bytes kept."""

    time: str
    event: str
    sha256: str = ""


class AlertLog:
    """Append-only, each line sealed by itself; one that a kill cut short is passed over when read."""

    def __init__(self, path: Path, vault: Vault) -> None:
        self._path = path
        self._vault = vault

    def record(self, event: str, sha256: str = "") -> None:
        alert = Alert(datetime.now(UTC).isoformat(timespec="seconds"), event, sha256)
        with self._path.open("a", encoding="utf-8") as log:
            log.write(self._vault.seal_line(json.dumps(asdict(alert)), Purpose.LOG) + "\n")
        self._path.chmod(0o600)

    def alerts(self) -> tuple[Alert, ...]:
        if not self._path.is_file():
            return ()
        lines = self._path.read_text(encoding="utf-8").splitlines()
        return tuple(alert for alert in map(self._parsed, lines) if alert is not None)

    def _parsed(self, line: str) -> Alert | None:
        try:
            return Alert(**json.loads(self._vault.open_line(line, Purpose.LOG)))
        except (ValueError, TypeError, Refused):
            return None
