"""Hanging protocols as DICOM objects (PS3.3 A.44): valid, read back exactly, hostile ones refused by the attribute's name."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import made_protocols
import pydicom
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from hanging_protocols import library
from hanging_protocols.iod.received import object_of, taken_over
from hanging_protocols.model import Constraint, HangingProtocol, Rule, StageTemplate
from rendering.objects.read_hanging_protocol import read_hanging_protocol
from rendering.objects.write_hanging_protocol import write_hanging_protocol
from rendering.worker import ImageWorker
from workstation.errors import Refused

VALIDATOR = Path(sys.executable).parent / "dciodvfy"
MADE = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
BUILT_IN = {protocol.protocol_id: protocol for protocol in library.read().protocols}

# A failing example is shown as it is: making it small takes minutes.
PHASES = (Phase.explicit, Phase.generate)

# What dciodvfy warns of, and why it stands: our private block, which nobody else need know; the older codes, which
# older images carry; and TRANSVERSE, a Defined Term of Table C.23.3-1 that its own table lacks.
EXPECTED_WARNINGS = (
    'LYSKASSE HANGING PROTOCOL")> - Unrecognized tag - assuming explicit value representation OK',
    "CodingSchemeDesignator is deprecated = <SRT>",
    "ReformattingOperationInitialViewDirection(0072,0516)> - Unrecognized defined term = <TRANSVERSE>",
)
# Table C.23.3-1: "Required ... if Selector Attribute (0072,0026) is present and Filter-by Attribute Presence
# (0072,0404) is not present". dciodvfy asks for it where that IS present, and refuses it where it is not.
FAULT_OF_DCIODVFY = re.compile(
    r"Error - </DisplaySetsSequence\(0072,0200\)/FilterOperationsSequence\(0072,0400\)/FilterByOperator\(0072,0406\)> - "
    r"(Attribute present when condition unsatisfied \(which may not be present otherwise\)|Missing attribute) "
    r"for Type 1C Conditional - Module=<HangingProtocolDisplay>"
)


def written(protocol: HangingProtocol) -> bytes:
    return write_hanging_protocol(object_of(protocol, MADE), MADE)


def judged(data: bytes, folder: Path) -> list[str]:
    """What dciodvfy says, without the numbers of items."""
    path = folder / "protocol.dcm"
    path.write_bytes(data)
    done = subprocess.run([VALIDATOR, "-new", path], capture_output=True, text=True, check=False)
    lines = (done.stdout + done.stderr).splitlines()
    assert "HangingProtocol" in lines, lines
    return [re.sub(r"\[\d+\]", "", line) for line in lines if line.startswith(("Error", "Warning"))]


def alike(one: HangingProtocol, other: HangingProtocol) -> bool:
    return one == replace(other, source="")


@pytest.mark.parametrize("protocol_id", sorted(BUILT_IN))
def test_a_built_in_protocol_is_valid_and_read_back_exactly(protocol_id: str, tmp_path: Path) -> None:
    data = written(BUILT_IN[protocol_id])
    said = judged(data, tmp_path)
    assert [line for line in said if line.startswith("Error")] == []
    assert [line for line in said if not any(known in line for known in EXPECTED_WARNINGS)] == []
    taken = taken_over(read_hanging_protocol(data))
    assert taken.is_ours
    assert taken.words == ()
    assert alike(taken.protocol, BUILT_IN[protocol_id])


@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(made_protocols.protocols())
def test_any_protocol_that_names_a_modality_is_read_back_exactly(protocol: HangingProtocol) -> None:
    taken = taken_over(read_hanging_protocol(written(protocol)))
    assert taken.is_ours
    assert taken.words == ()
    assert taken.protocol == protocol


@settings(max_examples=5, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(made_protocols.protocols())
def test_any_protocol_is_valid_but_for_one_known_fault_of_the_validator(
    tmp_path_factory: pytest.TempPathFactory, protocol: HangingProtocol
) -> None:
    said = judged(written(protocol), tmp_path_factory.mktemp("any"))
    assert [line for line in said if line.startswith("Error") and not FAULT_OF_DCIODVFY.fullmatch(line)] == []


def test_the_standard_part_alone_says_what_it_can(tmp_path: Path) -> None:
    """What a foreign reader of our mammography sees: views and sides by code, back to back, the prior below."""
    ds = pydicom.dcmread(_file(tmp_path, written(BUILT_IN["mammography"])))
    for tag in (0x00730010, 0x00731001, 0x00731002):
        del ds[tag]
    taken = taken_over(read_hanging_protocol(_bytes(ds, tmp_path)))
    assert not taken.is_ours
    ours, theirs = BUILT_IN["mammography"], taken.protocol
    assert (theirs.title, theirs.level, theirs.priors) == (ours.title, ours.level, ours.priors)
    assert [stage.title for stage in theirs.stages] == [stage.title for stage in ours.stages]
    for one, other in zip(ours.stages, theirs.stages, strict=True):
        assert one.grids == other.grids
        for cell, said in zip(one.cells, other.cells, strict=True):
            assert (said.screen, said.row, said.column, said.prior) == (cell.screen, cell.row, cell.column, cell.prior)
            assert (said.patient_orientation, said.anchor, said.plane) == (cell.patient_orientation, cell.anchor, cell.plane)
    right_cc = theirs.selectors[theirs.stages[0].cells[0].selector].rules
    assert Rule("ImageLaterality", Constraint.EQUALS, ("R",), weight=10.0, required=True) in right_cc
    assert any(rule.attribute == "ViewCodeSequence" and "399162004|SCT" in rule.values for rule in right_cc)


@pytest.mark.parametrize("protocol_id", ["ct-chest", "mammography", "pet-ct", "mr-brain", "radiograph-chest"])
def test_what_the_standard_part_says_survives_any_number_of_journeys(protocol_id: str) -> None:
    """Read without our block, written again, read again: the same, whoever wrote it first."""
    first = taken_over(_without_block(written(BUILT_IN[protocol_id]))).protocol
    again = taken_over(_without_block(written(first))).protocol
    assert replace(again, protocol_id=first.protocol_id) == first


@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(made_protocols.protocols())
def test_what_the_standard_part_of_any_protocol_says_survives_too(protocol: HangingProtocol) -> None:
    first = taken_over(_without_block(written(protocol))).protocol
    assert [places(stage) for stage in first.stages] == [places(stage) for stage in protocol.stages]
    again = taken_over(_without_block(written(first))).protocol
    assert replace(again, protocol_id=first.protocol_id) == first


def places(stage: StageTemplate) -> list[tuple[object, ...]]:
    """Where its cells hang: screen, that screen's grid, row, column; and from which study."""
    return [(cell.screen, stage.grids[cell.screen], cell.row, cell.column, cell.prior) for cell in stage.cells]


def test_what_another_program_changed_in_it_stands_and_is_told(tmp_path: Path) -> None:
    ds = pydicom.dcmread(_file(tmp_path, written(BUILT_IN["ct-chest"])))
    ds.HangingProtocolName, ds.HangingProtocolDescription = "Thorax DT", "Thorax DT, as we like it"
    taken = taken_over(read_hanging_protocol(_bytes(ds, tmp_path)))
    assert not taken.is_ours
    assert taken.protocol.title == "Thorax DT"
    assert taken.protocol.selectors == BUILT_IN["ct-chest"].selectors, "weights and roles stay where nobody changed them"
    assert "HangingProtocolName (0072,0002)" in " ".join(taken.words)


def test_of_a_changed_arrangement_the_standards_words_stand(tmp_path: Path) -> None:
    ds = pydicom.dcmread(_file(tmp_path, written(BUILT_IN["ct-chest"])))
    ds.DisplaySetsSequence[0].VOIType = "BONE"
    taken = taken_over(read_hanging_protocol(_bytes(ds, tmp_path)))
    assert taken.protocol.stages[0].cells[0].window == "Bone"
    assert taken.protocol.rules == BUILT_IN["ct-chest"].rules
    assert any("weights, roles" in words for words in taken.words), "what is lost is said"


def test_a_protocol_without_modality_and_body_part_cannot_be_an_object() -> None:
    described = Rule("StudyDescription", Constraint.CONTAINS, ("thorax",), weight=10.0, required=True)
    nameless = replace(BUILT_IN["ct"], rules=(described,), selectors={
        name: replace(selector, rules=(described,)) for name, selector in BUILT_IN["ct"].selectors.items()
    })  # fmt: skip
    with pytest.raises(Refused, match="HangingProtocolDefinitionSequence"):
        written(nameless)


# ---- hostile objects (F88) -----------------------------------------------------------------


@pytest.fixture(scope="module")
def worker() -> Iterator[ImageWorker]:
    with ImageWorker() as one:
        yield one


def test_the_worker_process_reads_it(worker: ImageWorker, tmp_path: Path) -> None:
    path = _file(tmp_path, written(BUILT_IN["pet-ct"]))
    assert alike(taken_over(worker.read_hanging_protocol(path)).protocol, BUILT_IN["pet-ct"])


def test_an_image_and_a_stray_file_are_no_hanging_protocols(worker: ImageWorker, tmp_path: Path) -> None:
    stray = tmp_path / "stray.dcm"
    stray.write_bytes(b"nothing of DICOM" * 20)
    with pytest.raises(Refused, match="Not a DICOM file"):
        worker.read_hanging_protocol(stray)
    ds = pydicom.dcmread(_file(tmp_path, written(BUILT_IN["ct"])))
    ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    with pytest.raises(Refused, match="Not a hanging protocol"):
        worker.read_hanging_protocol(_file(tmp_path, _bytes(ds, tmp_path)))


def test_a_protocol_among_images_is_listed_and_not_applied(worker: ImageWorker, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="hanging protocol: it is of no patient"):
        worker.parse(_file(tmp_path, written(BUILT_IN["ct"])))


REQUIRED = (
    "HangingProtocolName",
    "HangingProtocolLevel",
    "HangingProtocolDefinitionSequence",
    "ImageSetsSequence",
    "ImageSetsSequence.ImageSetSelectorSequence",
    "ImageSetsSequence.ImageSetSelectorSequence.ImageSetSelectorUsageFlag",
    "ImageSetsSequence.ImageSetSelectorSequence.SelectorAttribute",
    "ImageSetsSequence.ImageSetSelectorSequence.SelectorAttributeVR",
    "ImageSetsSequence.TimeBasedImageSetsSequence",
    "ImageSetsSequence.TimeBasedImageSetsSequence.ImageSetNumber",
    "ImageSetsSequence.TimeBasedImageSetsSequence.ImageSetSelectorCategory",
    "ImageSetsSequence.TimeBasedImageSetsSequence.RelativeTime",
    "DisplaySetsSequence",
    "DisplaySetsSequence.DisplaySetNumber",
    "DisplaySetsSequence.DisplaySetPresentationGroup",
    "DisplaySetsSequence.ImageSetNumber",
    "DisplaySetsSequence.ImageBoxesSequence",
    "DisplaySetsSequence.ImageBoxesSequence.DisplayEnvironmentSpatialPosition",
    "DisplaySetsSequence.ImageBoxesSequence.ImageBoxLayoutType",
)


@pytest.mark.parametrize("path", REQUIRED)
def test_f88_what_is_missing_is_refused_by_its_name(path: str, tmp_path: Path) -> None:
    ds = pydicom.dcmread(_file(tmp_path, written(BUILT_IN["ct-chest"])))
    *sequences, keyword = path.split(".")
    item: Dataset = ds
    for name in sequences:
        item = item[name].value[0]
    del item[keyword]
    with pytest.raises(Refused) as refusal:
        taken_over(read_hanging_protocol(_bytes(ds, tmp_path)))
    assert keyword in refusal.value.detail


WRONG: tuple[tuple[str, str, str, object], ...] = (
    ("DisplaySetNumber", "DisplaySetsSequence", "LO", "first"),
    ("ImageBoxesSequence", "DisplaySetsSequence", "LO", "no boxes"),
    ("ImageSetSelectorSequence", "ImageSetsSequence", "UT", "no items"),
    ("NumberOfPriorsReferenced", "", "FD", 1.5),
    ("HangingProtocolName", "", "SQ", Sequence([Dataset()])),
)


@pytest.mark.parametrize(("keyword", "within", "vr", "value"), WRONG)
def test_f88_a_wrong_value_representation_is_refused_by_its_name(
    keyword: str, within: str, vr: str, value: object, tmp_path: Path
) -> None:
    ds = pydicom.dcmread(_file(tmp_path, written(BUILT_IN["ct-chest"])))
    item = ds[within].value[0] if within else ds
    tag = pydicom.datadict.tag_for_keyword(keyword)
    assert tag is not None
    item[tag] = DataElement(tag, vr, value)
    with pytest.raises(Refused) as refusal:
        read_hanging_protocol(_bytes(ds, tmp_path))
    assert keyword in refusal.value.detail
    assert vr in refusal.value.detail


def test_f88_values_that_mean_nothing_are_refused_by_their_name(tmp_path: Path) -> None:
    def broken(change: Any) -> str:
        ds = pydicom.dcmread(_file(tmp_path, written(BUILT_IN["ct-chest"])))
        change(ds)
        with pytest.raises(Refused) as refusal:
            taken_over(read_hanging_protocol(_bytes(ds, tmp_path)))
        return refusal.value.detail

    def box(ds: Dataset) -> Dataset:
        return ds.DisplaySetsSequence[0].ImageBoxesSequence[0]

    def times(ds: Dataset) -> Dataset:
        return ds.ImageSetsSequence[0].TimeBasedImageSetsSequence[-1]

    positions = "DisplayEnvironmentSpatialPosition"
    assert positions in broken(lambda ds: setattr(box(ds), positions, [1.0, 0.0, 0.0, 1.0]))
    assert positions in broken(lambda ds: setattr(box(ds), positions, [float("nan"), 1.0, 1.0, 0.0]))
    assert "AbstractPriorValue" in broken(lambda ds: setattr(times(ds), "AbstractPriorValue", [0, 0]))
    assert "HangingProtocolLevel" in broken(lambda ds: setattr(ds, "HangingProtocolLevel", "EVERYBODY"))
    assert "ImageSetNumber" in broken(lambda ds: setattr(ds.DisplaySetsSequence[0], "ImageSetNumber", 4711))
    assert "DisplaySetScrollingGroup" in broken(
        lambda ds: setattr(ds.SynchronizedScrollingSequence[0], "DisplaySetScrollingGroup", [1, 999])
    )


def test_f88_a_larger_file_than_any_protocol_is_refused(worker: ImageWorker, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="larger than is allowed"):
        worker.read_hanging_protocol(_file(tmp_path, written(BUILT_IN["ct"]) + bytes(2 << 20)))


def test_f88_many_thousand_items_are_refused(worker: ImageWorker, tmp_path: Path) -> None:
    ds = pydicom.dcmread(_file(tmp_path, written(BUILT_IN["ct"])))
    item = Dataset()
    item.DisplaySetNumber = 1
    ds.DisplaySetsSequence = Sequence([item] * 8_000)
    with pytest.raises(Refused, match="more items than is allowed"):
        worker.read_hanging_protocol(_file(tmp_path, _bytes(ds, tmp_path)))


@pytest.mark.parametrize("depth", [20, 3000])
def test_f88_endless_nesting_is_refused(worker: ImageWorker, tmp_path: Path, depth: int) -> None:
    start, end = b"\x72\x00\x00\x02SQ\0\0\xff\xff\xff\xff", b"\xfe\xff\xdd\xe0\0\0\0\0"
    opened, closed = b"\xfe\xff\x00\xe0\xff\xff\xff\xff", b"\xfe\xff\x0d\xe0\0\0\0\0"
    ds = pydicom.dcmread(_file(tmp_path, written(BUILT_IN["ct"])))
    del ds.DisplaySetsSequence
    for keyword in ("PartialDataDisplayHandling", "SynchronizedScrollingSequence", "NavigationIndicatorSequence"):
        if keyword in ds:
            delattr(ds, keyword)
    for tag in (0x00730010, 0x00731001, 0x00731002):
        del ds[tag]
    data = _bytes(ds, tmp_path) + (start + opened) * depth + (closed + end) * depth
    with pytest.raises(Refused, match="too deeply"):
        taken_over(worker.read_hanging_protocol(_file(tmp_path, data)))


@pytest.mark.filterwarnings("ignore")  # pydicom's, of text that is none; the worker process is silent of them too
def test_f88_no_damage_gives_anything_but_a_protocol_or_a_reason() -> None:
    """Single bytes, lengths and cuts of sound objects: read, or refused in words; nothing else."""
    random.seed(20261123)
    outcomes: list[str] = []
    for protocol_id in ("ct-chest", "mammography"):
        sound = written(BUILT_IN[protocol_id])
        for number in range(30):
            data = bytearray(sound)
            for _ in range(random.randint(1, 6)):
                data[random.randrange(300, len(data))] = random.randrange(256)
            if number % 5 == 0:
                del data[random.randrange(400, len(data)) :]
            outcomes.append(outcome(lambda data=bytes(data): taken_over(read_hanging_protocol(data))))
    assert "" not in outcomes
    assert outcomes.count("read") > 3
    assert outcomes.count("read") < 50


def test_f88_no_value_in_the_wrong_place_gives_anything_but_a_protocol_or_a_reason() -> None:
    """Values of a sound object swapped against strange ones, anywhere in it."""
    random.seed(7)
    model = read_hanging_protocol(written(BUILT_IN["mammography"]))
    outcomes = [outcome(lambda: taken_over(_with_strange(model))) for _ in range(80)]
    assert "" not in outcomes
    assert outcomes.count("read") < 60


def outcome(read: Callable[[], object]) -> str:
    """`read`, or the title of the refusal. Whatever else is raised is a defect."""
    try:
        read()
    except Refused as refusal:
        return refusal.title
    return "read"


STRANGE: tuple[Any, ...] = (
    None,
    "",
    "X" * 5000,
    -1,
    0,
    65535,
    1e308,
    float("inf"),
    float("nan"),
    [],
    {},
    True,
    "NO_MATCH",
    "0072",
)


def _with_strange(model: dict[str, Any]) -> dict[str, Any]:
    """A copy with one value of one element, at any depth, replaced."""
    place: dict[str, Any] = {}
    here = place["top"] = _copy(model)
    while True:
        tag = random.choice([tag for tag in here if tag[:4] == "0072"] or list(here))
        values = here[tag].get("Value", [])
        deeper = [value for value in values if isinstance(value, dict) and value]
        if not deeper or random.random() < 0.15:
            here[tag]["Value"] = [random.choice(STRANGE) for _ in range(random.randint(0, 4))]
            return dict(place["top"])
        here = random.choice(deeper)


def _copy(model: dict[str, Any]) -> dict[str, Any]:
    return {
        tag: {**held, "Value": [_copy(value) if isinstance(value, dict) else value for value in held.get("Value", [])]}
        for tag, held in model.items()
    }


def _without_block(data: bytes) -> dict[str, Any]:
    return {tag: held for tag, held in read_hanging_protocol(data).items() if not tag.startswith("0073")}


def _file(folder: Path, data: bytes) -> Path:
    path = folder / "protocol.dcm"
    path.write_bytes(data)
    return path


def _bytes(ds: Dataset, folder: Path) -> bytes:
    path = folder / "changed.dcm"
    ds.save_as(path)
    return path.read_bytes()
