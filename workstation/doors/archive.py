"""`archive add|list|test|find|get|send|remove`: other hospitals' and our own archives, for scripts."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import MISSING, asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING

from workstation.cache.names import shown
from workstation.domain.archive import (
    Archive,
    ArchiveKind,
    FoundStudy,
    RetrieveMethod,
    RetrieveProgress,
    StudyQuery,
    TestStep,
    Tls,
)
from workstation.doors.services import CoreServices, OpenCore
from workstation.errors import Refused, Unavailable

if TYPE_CHECKING:
    from workstation.archives.directory import Findings, FoundAt
    from workstation.domain.sending import Sending
    from workstation.doors import Commands

Door = Callable[[argparse.Namespace, CoreServices], int]
SEND_SECONDS = 600.0
TELL_SECONDS = 1.0


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "archive",
        help="set up archives, test them, find, fetch and send studies",
        description="Archives (DIMSE, DICOMweb, folders): set up, test, search, fetch from, send to. "
        "Passwords are kept in the keyring of the operating system, never in archives.toml.",
    )
    doors = parser.add_subparsers(dest="door", metavar="DOOR", required=True)
    _register_set_up(doors)
    _register_traffic(doors)


def _add(doors: Commands, name: str, door: Door, words: str, details: str = "") -> argparse.ArgumentParser:
    parser = doors.add_parser(name, help=words, description=f"{words[0].upper()}{words[1:]}. {details}".strip())
    parser.add_argument("--json", action="store_true", help="write the answer as JSON")
    parser.set_defaults(run=lambda args, open_core: _run(door, args, open_core))
    return parser


def _run(door: Door, args: argparse.Namespace, open_core: OpenCore) -> int:
    with closing(open_core()) as core:
        return door(args, core)


def _register_set_up(doors: Commands) -> None:
    add = _add(doors, "add", _do_add, "set up an archive", "It is written to archives.toml in the configuration folder.")
    add.add_argument("name", metavar="NAME", help="a short handle: letters, digits and dashes")
    add.add_argument("--kind", required=True, choices=[kind.value for kind in ArchiveKind])
    for name, words in _TEXTS.items():
        add.add_argument(_option(name), dest=name, metavar="TEXT", help=words)
    for name, words in _NUMBERS.items():
        kind = float if name == "timeout_seconds" else int
        add.add_argument(_option(name), dest=name, metavar="N", type=kind, help=words)
    add.add_argument("--retrieve", choices=[method.value for method in RetrieveMethod], help="how images are fetched (DIMSE)")
    add.add_argument("--local", dest="is_local", action="store_const", const=True, help="ask it before the others")
    add.add_argument(
        "--no-priors", dest="is_prior_source", action="store_const", const=False, help="do not look for priors there"
    )
    add.add_argument("--can-store", dest="can_store", action="store_const", const=True, help="objects of ours may be sent there")
    add.add_argument("--worklist", action="store_const", const=True, help="its modality worklist gives orders too (DIMSE)")
    add.add_argument(
        "--shared-tenant", dest="shared_tenants", action="append", metavar="TEXT", help="a care provider it answers too"
    )
    add.add_argument("--tls", action="store_true", help="DIMSE over TLS, trusting the system's authorities")
    for name, words in _TLS.items():
        add.add_argument(_option(name), dest=name, metavar="PEM", help=words)
    add.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    add.add_argument("--replace", action="store_true", help="change the archive of this name")
    _add(
        doors, "list", _do_list, "name the archives that are set up", "Exit status 1 when entries of archives.toml are not used."
    )
    for name, door, words in (
        ("test", _do_test, "try the connection to an archive, step by step"),
        ("remove", _do_remove, "take an archive out of archives.toml and forget its password"),
    ):
        _add(doors, name, door, words).add_argument("name", metavar="NAME")


def _register_traffic(doors: Commands) -> None:
    find = _add(
        doors, "find", _do_find, "search for studies in all archives at once",
        "Exit status 1 when an archive did not answer, even if others did.",
    )  # fmt: skip
    for option, words in (
        ("--name", "patient's name, with * and ?"), ("--id", "patient ID"), ("--issuer", "who issued the patient ID"),
        ("--birth-date", "YYYYMMDD"), ("--date", "YYYYMMDD or a range YYYYMMDD-YYYYMMDD, either end may be left out"),
        ("--accession", "accession number"), ("--description", "study description, with * and ?"),
        ("--study", "Study Instance UID"),
    ):  # fmt: skip
        find.add_argument(option, default="", metavar="TEXT", help=words)
    find.add_argument("--modality", action="append", default=[], metavar="CS", help="may be given more than once")
    find.add_argument("--archive", action="append", default=[], metavar="NAME", help="only there; may be given more than once")
    find.add_argument("--limit", type=int, default=200, metavar="N", help="answers of each archive (200)")
    get = _add(
        doors, "get", _do_get, "fetch a study into the cache",
        "Progress goes to standard error. Exit status 1 unless every image of the archive's list is here.",
    )  # fmt: skip
    get.add_argument("study", metavar="STUDY_UID")
    get.add_argument(
        "--archive", default="", metavar="NAME", help="from there; else from the first that has it, local ones first"
    )
    send = _add(
        doors, "send", _do_send, "send files, or a study of the cache, to an archive and have it prove that it has them",
        "Exit status 1 unless all are proven.",
    )  # fmt: skip
    send.add_argument("what", metavar="STUDY_UID|FILE", nargs="+")
    send.add_argument("--archive", required=True, metavar="NAME")
    send.add_argument("--seconds", type=float, default=SEND_SECONDS, metavar="N", help="how long to wait for the proof (600)")


_TEXTS = {
    "title": "what a reader sees",
    "host": "host name or address (DIMSE)",
    "called_ae": "the archive's AE title",
    "calling_ae": "our AE title (LYSKASSE)",
    "url": "https://... (DICOMweb)",
    "user": "user name; the password goes into the keyring",
    "folder": "whole path of a folder of DICOM files",
    "issuer": "assigning authority of patient IDs that come without one (0010,0021)",
    "tenant": "the care provider that it belongs to",
}
_NUMBERS = {
    "port": "port (DIMSE)",
    "listen_port": "where C-MOVE sends to",
    "kilobits": "cap of background fetching, in kbit/s (0: none)",
    "connections": "how many at once (2)",
    "timeout_seconds": "how long to wait for a sign of life (30)",
}
_TLS = {
    "ca_file": "the authority that its certificate must come from",
    "certificate_file": "our certificate",
    "key_file": "our key",
}


def _option(name: str) -> str:
    return "--" + name.removesuffix("_file").removesuffix("_seconds").replace("_", "-")


# ---- setting up --------------------------------------------------------------------------


def _do_add(args: argparse.Namespace, core: CoreServices) -> int:
    from workstation.archives.config import archive_toml

    archive = archive_from(args)
    secret = sys.stdin.readline().rstrip("\r\n") if args.password_stdin else ""
    if args.replace:
        core.archives.change(args.name, archive, secret or None)
    else:
        core.archives.add(archive, secret)
    print(json.dumps(archive_json(archive), indent=1) if args.json else archive_toml(archive), end="\n" if args.json else "")
    return 0


def archive_from(args: argparse.Namespace) -> Archive:
    """The archive that the options describe; what was not given keeps its default."""
    values = {f.name: getattr(args, f.name) for f in fields(Archive) if getattr(args, f.name, None) is not None}
    values["kind"] = ArchiveKind(args.kind)
    if args.retrieve:
        values["retrieve"] = RetrieveMethod(args.retrieve)
    if args.shared_tenants:
        values["shared_tenants"] = tuple(args.shared_tenants)
    files = {name: getattr(args, name) for name in _TLS if getattr(args, name)}
    values["tls"] = Tls(**files) if files or args.tls else None
    return Archive(**values)


def archive_json(archive: Archive) -> dict[str, object]:
    """Without what equals its default, as in archives.toml."""
    plain = json.loads(json.dumps(asdict(archive)))
    defaults = {f.name: f.default for f in fields(Archive) if f.default is not MISSING}
    return {name: value for name, value in plain.items() if name not in defaults or getattr(archive, name) != defaults[name]}


def _do_list(args: argparse.Namespace, core: CoreServices) -> int:
    archives = core.archives.archives
    if args.json:
        print(json.dumps([archive_json(archive) for archive in archives], indent=1))
    else:
        print("\n".join(f"{a.name}  {a.kind.value}  {shown(place_of(a))}  {shown(a.title)}".rstrip() for a in archives))
        if not archives:
            print("No archive is set up: `archive add` does that", file=sys.stderr)
    for problem in core.archives.problems:
        print(f"archive list: {problem}", file=sys.stderr)
    return 1 if core.archives.problems else 0


def place_of(archive: Archive) -> str:
    """Where it is, in a few words."""
    if archive.kind is ArchiveKind.DIMSE:
        return f"{archive.called_ae}@{archive.host}:{archive.port}"
    return archive.url or archive.folder


def _do_test(args: argparse.Namespace, core: CoreServices) -> int:
    steps = core.archives.test(core.archives.archive(args.name).name)
    print(json.dumps([asdict(step) for step in steps], indent=1) if args.json else "\n".join(map(step_text, steps)))
    return 0 if steps and all(step.succeeded for step in steps) else 1


def step_text(step: TestStep) -> str:
    return f"{'ok    ' if step.succeeded else 'FAILED'}  {step.name}" + (f": {shown(step.words)}" if step.words else "")


def _do_remove(args: argparse.Namespace, core: CoreServices) -> int:
    core.archives.remove(args.name)
    if args.json:
        print(json.dumps({"removed": args.name}))
    return 0


# ---- asking and fetching -----------------------------------------------------------------


def _do_find(args: argparse.Namespace, core: CoreServices) -> int:
    date_from, date_to = date_range(args.date)
    query = StudyQuery(
        args.id, args.issuer, args.name, args.birth_date, args.accession, args.study, tuple(args.modality),
        date_from, date_to, args.description, args.limit,
    )  # fmt: skip
    findings = core.archives.find_studies(query, args.archive)
    print(json.dumps(findings_json(findings), indent=1) if args.json else _findings_text(findings))
    for name, why in findings.failures:
        print(f"archive find: {name} did not answer: {why}", file=sys.stderr)
    for name, why in findings.not_asked:
        print(f"archive find: {name} was not asked: {why} (--archive {name} asks it)", file=sys.stderr)
    if findings.dropped:
        print(f"archive find: {findings.dropped} answers were not of the patient asked for and are not shown", file=sys.stderr)
    return 1 if findings.failures else 0


def date_range(text: str) -> tuple[str, str]:
    """Both ends of `YYYYMMDD`, `YYYYMMDD-YYYYMMDD`, `-YYYYMMDD` or `YYYYMMDD-` (PS3.4 C.2.2.2.5)."""
    first, dash, last = text.partition("-")
    for end in (first, last):
        if end and not (end.isascii() and end.isdigit() and len(end) == 8):
            raise Refused("The date cannot be used", "It is not YYYYMMDD or a range of them", "As in 20260101-20261231")
    return first, last if dash else first


def findings_json(findings: Findings) -> dict[str, object]:
    return {
        "studies": [study_json(at) for at in findings.studies],
        "failures": dict(findings.failures),
        "not_asked": dict(findings.not_asked),
        "dropped": findings.dropped,
        "asked": list(findings.asked),
    }


def study_json(at: FoundAt) -> dict[str, object]:
    study = at.study
    return {
        "study_uid": study.study_instance_uid,
        "archives": list(at.archives),
        "patient_id": study.patient.key.patient_id,
        "issuer": study.patient.key.issuer,
        "patient_name": study.patient.name,
        "birth_date": study.patient.birth_date,
        "sex": study.patient.sex,
        "accession": study.accession_number,
        "date": study.study_date,
        "time": study.study_time,
        "description": study.description,
        "modalities": list(study.modalities),
        "series": study.series_count,
        "images": study.instance_count,
        "institution": study.institution,
    }


def _findings_text(findings: Findings) -> str:
    def line(at: FoundAt) -> str:
        study = at.study
        words = (study.study_date, "/".join(study.modalities), study.patient.name, study.patient.key.patient_id)
        cells = (study.study_instance_uid, *words, study.description, ", ".join(at.archives))
        return "  ".join(shown(cell) for cell in cells if cell)

    return "\n".join(map(line, findings.studies)) or "No studies were found"


def _do_get(args: argparse.Namespace, core: CoreServices) -> int:
    study = _study_to_get(args, core)
    begun = told = time.monotonic()

    def tell(progress: RetrieveProgress) -> None:
        nonlocal told
        if time.monotonic() - told >= TELL_SECONDS:
            told = time.monotonic()
            print(f"archive get: {progress_text(progress)}", file=sys.stderr)

    progress = core.retrievals.fetch(study, study.archive, on_progress=tell)
    refused = core.retrievals.refused_of(study.study_instance_uid, progress.archive)
    if args.json:
        print(json.dumps(progress_json(progress, refused, time.monotonic() - begun), indent=1))
    else:
        print(progress_text(progress))
    if not progress.is_proven:
        print(f"archive get: {progress.problem or 'not every image came'}", file=sys.stderr)
    return 0 if progress.is_proven else 1


def _study_to_get(args: argparse.Namespace, core: CoreServices) -> FoundStudy:
    if args.archive:
        return core.archives.study_at(args.archive, args.study)
    findings = core.archives.find_studies(StudyQuery(study_instance_uid=args.study))
    if findings.studies:
        return findings.studies[0].study
    if findings.failures:
        why = "; ".join(f"{name}: {words}" for name, words in findings.failures)
        raise Unavailable("The study was not found, but not every archive answered", why, "Try again later")
    raise Refused("No archive has this study", "", "Check its UID, or set up the archive that has it")


def progress_text(progress: RetrieveProgress) -> str:
    expected = "?" if progress.expected is None else str(progress.expected)
    proven = ", complete and proven" if progress.is_proven else ""
    return f"{progress.received} of {expected} images from {progress.archive}, {progress.bytes / 1e6:.1f} MB{proven}"


def progress_json(progress: RetrieveProgress, refused: Sequence[tuple[str, str]], seconds: float) -> dict[str, object]:
    return {
        "study": progress.study_instance_uid,
        "archive": progress.archive,
        "expected": progress.expected,
        "received": progress.received,
        "proven": progress.is_proven,
        "missing": [row.sop_instance_uid for row in progress.missing],
        "bytes": progress.bytes,
        "seconds": round(seconds, 3),
        "refused": [{"sop_uid": uid, "reason": reason} for uid, reason in refused],
        "problem": progress.problem,
    }


# ---- sending -----------------------------------------------------------------------------


def _do_send(args: argparse.Namespace, core: CoreServices) -> int:
    queued = core.sender.enqueue_paths(args.archive, _paths_to_send(args.what, core), core.reader)
    sent = core.sender.send_all([row.sending_id for row in queued], args.seconds)
    if args.json:
        print(json.dumps([sending_json(row) for row in sent], indent=1))
    else:
        print("\n".join(f"{row.state.value}  {row.sop_instance_uid}  {shown(row.reason)}".rstrip() for row in sent))
    proven = sum(row.is_proven for row in sent)
    print(f"archive send: {proven} of {len(sent)} proven", file=sys.stderr)
    return 0 if sent and proven == len(sent) else 1


def _paths_to_send(names: Sequence[str], core: CoreServices) -> list[Path]:
    paths: list[Path] = []
    for name in names:
        place = Path(name)
        if place.is_file():
            paths.append(place)
        elif place.is_dir():
            paths += sorted(path for path in place.rglob("*") if path.is_file())
        else:
            study = core.cache.study(name)
            paths += (Path(instance.path) for series in study.series for instance in series.instances)
    return paths


def sending_json(row: Sending) -> dict[str, object]:
    return {
        "archive": row.archive,
        "sop_uid": row.sop_instance_uid,
        "study_uid": row.study_instance_uid,
        "state": row.state.value,
        "tries": row.tries,
        "reason": row.reason,
    }
