"""F65: the date and the distance in time stand on every prior, whatever a site writes and whichever stage hangs it."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hanging_studies import ct, four_views, mammogram, mr, series, study

from hanging_protocols import library
from hanging_protocols.engine import ProtocolHanger
from rendering.picture import Picture
from ui.cell_facts import series_of
from ui.corner_facts import CornerFacts
from ui.corner_fit import fitted
from ui.corner_line import Tone
from ui.corner_text import corner_lines
from workstation.corner_texts import CORNERS, LEVELS, load_corner_texts
from workstation.domain.study import Study
from workstation.domain.viewing import Plane, ViewportState
from workstation.errors import Refused
from workstation.presets import load_presets

pytestmark = [pytest.mark.qt, pytest.mark.usefixtures("qapp")]
NOW, THEN, WORDS = "20260110", "20250110", "2025-01-10  12 months before"


def pair(made) -> tuple[Study, Study]:
    return made("now", NOW), made("then", THEN)


def _one(modality: str, **elements):
    return lambda uid, date: study(uid, series(f"{uid}.1", modality, **elements), date=date)


def _ct(body: str):
    kernels = ("B70f", "B30f")
    return lambda uid, date: study(uid, *(ct(f"{uid}.{k}", body=body, ConvolutionKernel=k) for k in kernels), date=date)


SAMPLES = {
    "chest CT": _ct("CHEST"),
    "abdominal CT": _ct("ABDOMEN"),
    "head CT": _ct("HEAD"),
    "trunk CT": _ct("CHESTABDPELVIS"),
    "brain": lambda uid, date: study(uid, *(mr(f"{uid}.{k}", k, body="BRAIN") for k in ("T1", "T2")), date=date),
    "spine": lambda uid, date: study(uid, *(mr(f"{uid}.{k}", k, body="LSPINE") for k in ("T1", "T2")), date=date),
    "knee MR": lambda uid, date: study(uid, mr(f"{uid}.1", "T2", body="KNEE"), date=date),
    "breasts": four_views,
    "one breast": lambda uid, date: study(uid, mammogram(f"{uid}.1", "L", "CC"), mammogram(f"{uid}.2", "L", "MLO", 2), date=date),
    "chest film": _one("DX", body="CHEST", ViewPosition="PA"),
    "knee film": _one("DX", body="KNEE", ImageLaterality="L"),
    "PET/CT": lambda uid, date: study(
        uid, ct(f"{uid}.1", body="WHOLEBODY"), series(f"{uid}.2", "PT", 120, 2, body="WHOLEBODY"), date=date
    ),
    "ultrasound": _one("US", body="ABDOMEN", count=3),
    "angiography": _one("XA", body="HEART", count=2),
    "scintigraphy": _one("NM", body="WHOLEBODY", count=2),
}


@pytest.fixture(scope="module")
def hanger() -> ProtocolHanger:
    return ProtocolHanger(library.load(), load_presets())


def facts(current: Study, prior: Study, state: ViewportState, **more) -> CornerFacts:
    found = series_of((current, prior), state)
    assert found is not None
    picture = Picture(np.zeros((8, 8), np.uint8))
    key = current.patient.key
    return CornerFacts(*found, state, picture, is_prior=True, current_date=current.study_date, current_key=key, **more)


def badges(told: CornerFacts, width: float = 700.0, height: float = 400.0) -> list[str]:
    """What is painted even where text is hidden."""
    return [placed.text for placed in fitted(corner_lines(told), width, height) if placed.tone is Tone.PRIOR]


def test_every_prior_of_every_built_in_stage_is_dated(hanger) -> None:
    hung = 0
    for made in SAMPLES.values():
        current, prior = pair(made)
        for ranked in hanger.rank(current, [prior]):
            if not ranked.points:
                continue
            stages = hanger.hang(current, [prior], 0, ranked.protocol.protocol_id).stage_count
            for stage in range(stages):
                for cell in hanger.hang(current, [prior], stage, ranked.protocol.protocol_id).cells:
                    if cell.state is None:
                        continue
                    assert cell.is_prior is (cell.state.study_uid == prior.study_instance_uid)
                    if cell.is_prior:
                        assert badges(facts(current, prior, cell.state))[0] == WORDS
                        hung += 1
    assert hung >= 40, "priors hang in many built-in stages"


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("modality", ["CT", "MR", "MG", "US", "DX", "PT", "NM", "XA"])
def test_no_corner_text_of_a_site_takes_the_date_of_a_prior_away(tmp_path, modality: str, level: str) -> None:
    own = tmp_path / "corner_text.toml"
    bare = "\n".join(f"{corner} = []" for corner in CORNERS)
    own.write_text(f"[default.{level}]\n{bare}\n[{modality}.{level}]\n{bare}\n", encoding="utf-8")
    layout = load_corner_texts(own).of(modality, level)
    current, prior = pair(_one(modality, body="CHEST"))
    state = ViewportState("then", "then.1")
    for plane, other in product(Plane, (None, layout)):
        told = facts(current, prior, replace(state, plane=plane), layout=other, which=(2, 5))
        assert badges(told)[:2] == [WORDS, "PRIOR 2/5"]


@pytest.mark.parametrize("size", [(1200, 900), (480, 400), (240, 200), (160, 140)])
def test_the_date_is_whole_in_a_viewport_of_any_size(size: tuple[float, float]) -> None:
    current, prior = pair(_one("CT", body="CHEST"))
    shown = badges(facts(current, prior, ViewportState("then", "then.1"), which=(2, 5), prior_note="Not the same plane"), *size)
    assert shown[0] in (WORDS, "2025-01-10  12 months", "2025-01-10 12mo")


def test_a_prior_that_cannot_be_shown_is_dated_too() -> None:
    current, prior = pair(_one("CT", body="CHEST"))
    told = facts(current, prior, ViewportState("then", "then.1"))
    refused = replace(told, picture=replace(told.picture, error=Refused("This image is damaged")))
    assert badges(refused)[0] == WORDS


def test_the_side_stands_beside_it_and_a_missing_date_is_said() -> None:
    current, prior = pair(_one("DX", body="KNEE", ImageLaterality="L"))
    assert badges(facts(current, prior, ViewportState("then", "then.1")))[1] == "PRIOR L"
    undated = replace(prior, study_date="")
    assert badges(facts(current, undated, ViewportState("then", "then.1"))) == ["date unknown", "OTHER STUDY L"]


def test_the_same_id_of_another_issuer_is_an_alarm_beside_the_date() -> None:
    current, prior = pair(_one("CT", body="CHEST"))
    told = facts(current, prior, ViewportState("then", "then.1"))
    assert told.current_key is not None
    other = replace(told, current_key=replace(told.current_key, issuer="ELSEWHERE"))
    alarms = [line.text for line in corner_lines(other).top_left if line.tone is Tone.ALARM]
    assert alarms == ["Other patient issuer"]
    assert badges(other)[0] == WORDS


def test_an_old_study_that_is_read_says_that_a_newer_one_exists() -> None:
    current, prior = pair(_one("CT", body="CHEST"))
    told = replace(facts(current, prior, ViewportState("now", "now.1")), is_prior=False, newer_date="20270101")
    assert corner_lines(told).top_right[0].text == "A newer study exists: 2027-01-01"
    assert corner_lines(told).top_right[0].tone is Tone.DOUBT
