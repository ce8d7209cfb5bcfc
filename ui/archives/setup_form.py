"""The fields of one archive; only those of its kind are shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLineEdit, QWidget

from workstation.domain.archive import Archive, ArchiveKind, RetrieveMethod, Tls

# English source strings; shown through tr.
KIND_WORDS = {
    ArchiveKind.DICOMWEB: "DICOMweb (QIDO-RS, WADO-RS, STOW-RS)",
    ArchiveKind.DIMSE: "DIMSE (C-FIND, C-GET or C-MOVE, C-STORE)",
    ArchiveKind.FOLDER: "Folder or medium",
}
RETRIEVE_WORDS = {
    RetrieveMethod.C_GET: "C-GET: needs no way in to this machine",
    RetrieveMethod.C_MOVE: "C-MOVE: the archive sends to this machine",
}
DIMSE, WEB, FOLDER = ({kind} for kind in (ArchiveKind.DIMSE, ArchiveKind.DICOMWEB, ArchiveKind.FOLDER))
NETWORK = DIMSE | WEB
ALL = NETWORK | FOLDER


class SetupForm(QWidget):
    """`archive()` is what the fields say; whether that is sound is for the directory to judge."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[tuple[QWidget, set[ArchiveKind]]] = []
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._blank = Archive("", ArchiveKind.DICOMWEB)
        self.name = self._line(self.tr("Short name"), ALL, self.tr("letters, digits, dashes"))
        self.title = self._line(self.tr("Title"), ALL, self.tr("as readers see it"))
        self.kind = self._choice(self.tr("Kind"), ALL, {k: self.tr(words) for k, words in KIND_WORDS.items()})
        self.url = self._line(self.tr("Address"), WEB, "https://…/dicom-web")
        self.host = self._line(self.tr("Host"), DIMSE, "")
        self.port = self._number(self.tr("Port"), DIMSE, 65535)
        self.called_ae = self._line(self.tr("Its AE title"), DIMSE, "")
        self.calling_ae = self._line(self.tr("Our AE title"), DIMSE, "")
        self.retrieve = self._choice(self.tr("Retrieve by"), DIMSE, {k: self.tr(words) for k, words in RETRIEVE_WORDS.items()})
        self.listen_port = self._number(self.tr("Our port for C-MOVE"), DIMSE, 65535)
        self.folder = self._line(self.tr("Folder"), FOLDER, "")
        self.user = self._line(self.tr("User"), NETWORK, self.tr("“bearer” for a token"))
        self.secret = self._line(self.tr("Password"), NETWORK, self.tr("kept in the keyring; empty keeps the one there is"))
        self.secret.setEchoMode(QLineEdit.EchoMode.Password)
        self.tls = self._check(self.tr("Encrypted (TLS 1.2 or 1.3)"), DIMSE)
        self.ca_file = self._line(self.tr("Trusted authority"), NETWORK, self.tr("PEM file; empty: what this system trusts"))
        self.certificate_file = self._line(self.tr("Our certificate"), NETWORK, self.tr("PEM file, if the archive asks for one"))
        self.key_file = self._line(self.tr("Its key"), NETWORK, self.tr("PEM file"))
        self.issuer = self._line(self.tr("Issuer of its patient IDs"), ALL, self.tr("assigning authority"))
        self.tenant = self._line(self.tr("Care provider"), ALL, self.tr("patients are not looked for across providers"))
        self.is_local = self._check(self.tr("Local: asked first, preferred to others"), ALL)
        self.is_prior_source = self._check(self.tr("Look here for priors"), ALL)
        self.can_store = self._check(self.tr("Our own objects may be sent here"), NETWORK)
        self.worklist = self._check(self.tr("Its worklist gives orders that no RIS told of"), DIMSE)
        self.kilobits = self._number(self.tr("Most for background fetching, kbit/s"), NETWORK, 10_000_000, self.tr("no limit"))
        self.kind.currentIndexChanged.connect(self._show_kind)
        self.show_archive(self._blank)

    def archive(self) -> Archive:
        """What the fields say; fields of other kinds keep their defaults."""
        kind = ArchiveKind(self.kind.currentData())
        values: dict[str, Any] = {}
        for key, (widget, kinds) in zip(_KEYS, self._rows, strict=True):
            if kind in kinds and key not in _NOT_OF_ARCHIVE:
                values[key] = _value(widget)
        values["retrieve"] = RetrieveMethod(self.retrieve.currentData()) if kind in DIMSE else RetrieveMethod.C_GET
        if values["retrieve"] is RetrieveMethod.C_GET:
            values["listen_port"] = 0
        values["kind"] = kind
        files = Tls(*(field.text().strip() for field in (self.ca_file, self.certificate_file, self.key_file)))
        has_tls = self.tls.isChecked() if kind in DIMSE else kind in WEB and files != Tls()
        return replace(self._blank, **values, tls=files if has_tls else None)

    def show_archive(self, archive: Archive) -> None:
        """Fill the fields; the password's stays empty."""
        self._blank = replace(archive, tls=None)
        tls = archive.tls or Tls()
        for key, (widget, _) in zip(_KEYS, self._rows, strict=True):
            if key == "tls":
                self.tls.setChecked(archive.tls is not None)
            elif key == "secret":
                self.secret.clear()
            else:
                _show(widget, getattr(tls if key in _TLS_KEYS else archive, key))
        self._show_kind()

    def _show_kind(self) -> None:
        kind = ArchiveKind(self.kind.currentData())
        for widget, kinds in self._rows:
            self._form.setRowVisible(widget, kind in kinds)
        if kind not in NETWORK:
            self.user.clear()
        self.changed.emit()

    # ---- rows --------------------------------------------------------------------------

    def _line(self, label: str, kinds: set[ArchiveKind], hint: str) -> QLineEdit:
        field = QLineEdit()
        field.setPlaceholderText(hint)
        field.textEdited.connect(lambda _: self.changed.emit())
        self._add(label, field, kinds)
        return field

    def _number(self, label: str, kinds: set[ArchiveKind], most: int, hint: str = "") -> QLineEdit:
        field = self._line(label, kinds, hint)
        field.setValidator(QIntValidator(0, most, field))
        return field

    def _choice(self, label: str, kinds: set[ArchiveKind], words: dict[Any, str]) -> QComboBox:
        field = QComboBox()
        for value, text in words.items():
            field.addItem(text, value.value)
        field.currentIndexChanged.connect(lambda _: self.changed.emit())
        self._add(label, field, kinds)
        return field

    def _check(self, label: str, kinds: set[ArchiveKind]) -> QCheckBox:
        field = QCheckBox(label)
        field.toggled.connect(lambda _: self.changed.emit())
        self._rows.append((field, kinds))
        self._form.addRow("", field)
        return field

    def _add(self, label: str, field: QWidget, kinds: set[ArchiveKind]) -> None:
        field.setAccessibleName(label)
        self._rows.append((field, kinds))
        self._form.addRow(label, field)


# The rows above, in their order, as `Archive` (and `Tls`) call them.
_KEYS = (
    "name", "title", "kind", "url", "host", "port", "called_ae", "calling_ae", "retrieve", "listen_port", "folder", "user",
    "secret", "tls", "ca_file", "certificate_file", "key_file", "issuer", "tenant", "is_local", "is_prior_source", "can_store",
    "worklist", "kilobits",
)  # fmt: skip
_TLS_KEYS = frozenset({"ca_file", "certificate_file", "key_file"})
_NOT_OF_ARCHIVE = _TLS_KEYS | {"secret", "tls", "kind", "retrieve"}


def _value(widget: QWidget) -> str | int | bool:
    if isinstance(widget, QCheckBox):
        return widget.isChecked()
    if not isinstance(widget, QLineEdit):
        return ""
    text = widget.text().strip()
    return int(text or 0) if widget.validator() is not None else text


def _show(widget: QWidget, value: Any) -> None:
    if isinstance(widget, QCheckBox):
        widget.setChecked(bool(value))
    elif isinstance(widget, QComboBox):
        widget.setCurrentIndex(max(widget.findData(value.value), 0))
    elif isinstance(widget, QLineEdit):
        widget.setText(str(value or ""))
