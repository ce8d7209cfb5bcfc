"""What was found of a breast lies beside its decoded frames, and is looked for beside the window where it does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from made_breasts import made_breast
from made_series import SeriesMaker

from rendering import breast_known, breast_notes
from rendering.breast_known import KEPT, look_ahead
from rendering.breast_notes import note_of, noted
from rendering.decoded import DecodedStore
from rendering.images import SeriesImages
from rendering.latest import Latest
from rendering.viewport import Viewport
from rendering.viewport_sheet import Sheets
from workstation.at_rest.vault import Vault
from workstation.domain.breast import Breast

WHOLE = Breast("left", -0.5, (440.25, 640.1), None, (-0.5, 2.5, 3.5, 4.0), (0.0, 1.0, 2.0, 3.0), ((0.0, 1.0, 2.0, 3.0),), True)


@pytest.fixture
def maker() -> SeriesMaker:
    """One mammogram whose file has a checksum."""
    made = SeriesMaker()
    made.header = replace(made.header, modality="MG")
    made.add(made_breast().astype("i2"))
    return made


def opened(maker: SeriesMaker, store: DecodedStore | None = None) -> SeriesImages:
    plain = maker.images(load=False)
    instance = replace(plain.series.instances[0], sha256="of a mammogram of this test")
    series = replace(plain.series, instances=(instance,))
    study = replace(plain.study, series=(series,))
    return SeriesImages(study, series, maker.worker, store)  # type: ignore[arg-type]


@pytest.fixture
def started_anew(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """What this process found so far is forgotten."""
    return lambda: monkeypatch.setattr(breast_known, "_KNOWN", Latest(KEPT))


@pytest.mark.parametrize("breast", [WHOLE, replace(WHOLE, nipple=None, middle=12.75, bands=()), None])
def test_a_note_says_to_the_last_digit_what_was_found(breast: Breast | None) -> None:
    notes = json.loads(json.dumps({"3": note_of(breast)}))
    assert noted(notes, 3) == (breast,)
    assert noted(notes, 2) is None


def test_a_note_of_another_finder_counts_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    notes = {"0": note_of(WHOLE)}
    monkeypatch.setattr(breast_notes, "FINDER_VERSION", breast_notes.FINDER_VERSION + 1)
    assert noted(notes, 0) is None


@pytest.mark.parametrize("vault", [Vault.with_key(bytes(32)), Vault.plain()], ids=("sealed", "plain"))
def test_after_a_start_a_stored_mammogram_is_placed_without_a_look_at_its_pixels(
    maker: SeriesMaker, tmp_path: Path, started_anew: Callable[[], None], vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = DecodedStore(tmp_path, vault)
    first = opened(maker)
    first.load()
    started_anew()
    assert first.stored is not None
    with store.writer(first.stored) as writer:
        writer.put(0, first.container(0))
        look_ahead(first, 0, first.container(0), writer.notes)
    expected = Sheets(first).sheet(0)
    started_anew()
    again = opened(maker, store)

    def never(_: int) -> Any:
        raise AssertionError("its pixels were asked for")

    monkeypatch.setattr(again, "container", never)
    sheet = Viewport(again).sheet(Viewport(again).default_state())
    assert sheet == expected
    assert sheet is not None
    assert sheet.breast is not None
    store.close()


def test_where_nobody_looked_yet_it_is_looked_for_later_and_asked_once(
    maker: SeriesMaker, started_anew: Callable[[], None]
) -> None:
    started_anew()
    images, work = opened(maker), list[Callable[[], bool]]()
    viewport = Viewport(images)
    viewport.look_later(work.append)
    state = viewport.default_state()
    assert viewport.sheet(state).waiting  # type: ignore[union-attr]
    assert viewport.sheet(state).waiting  # type: ignore[union-attr]
    assert len(work) == 1
    assert not work.pop()(), "its pixels are not there"
    images.load()
    assert viewport.sheet(state).waiting  # type: ignore[union-attr]
    assert work.pop()()
    sheet = viewport.sheet(state)
    assert sheet is not None
    assert not sheet.waiting
    assert sheet.breast is not None
    assert work == []
