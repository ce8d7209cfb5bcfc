"""Folders in which SQLite cannot keep a file safe (reliability F22)."""

from __future__ import annotations

from pathlib import Path

# File systems on which SQLite's locks are not to be trusted (sqlite.org/lockingv3, section 6).
NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "glusterfs", "davfs", "fuse.sshfs", "fuse.rclone", "fuse.davfs2"}
)
# Folders that a synchroniser copies while they are being written.
SYNCHRONISED_FOLDERS = frozenset(
    {"onedrive", "dropbox", "google drive", "googledrive", "nextcloud", "icloud drive", "mobile documents"}
)
MOUNTS = Path("/proc/self/mounts")


def unsafe_place(folder: Path) -> str:
    """Why a database must not lie in `folder`; empty when it may."""
    resolved = folder.resolve()
    if any(part.casefold() in SYNCHRONISED_FOLDERS for part in resolved.parts):
        return "A synchronised folder is copied while the database is written"
    if _file_system_of(resolved) in NETWORK_FILE_SYSTEMS:
        return "On a network file system locks are not reliable"
    return ""


def _file_system_of(folder: Path) -> str:
    try:
        lines = MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    mounts = [(Path(fields[1].replace("\\040", " ")), fields[2]) for fields in map(str.split, lines) if len(fields) > 2]
    holding = [(len(place.parts), kind) for place, kind in mounts if folder.is_relative_to(place)]
    return max(holding, default=(0, ""))[1]
