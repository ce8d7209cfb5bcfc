"""Which engines a machine has, judged from folders alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from dictation import biasing, models
from workstation.domain.dictation import DictationContext
from workstation.errors import Unavailable


def _vosk(folder: Path) -> Path:
    for name in ("am/final.mdl", "conf/model.conf", "graph/HCLr.fst", "graph/Gr.fst"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return folder


def _whisper(folder: Path, tokens: int) -> Path:
    folder.mkdir(parents=True)
    for name in models.WHISPER_FILES:
        (folder / name).write_bytes(b"")
    (folder / "vocabulary.txt").write_text("token\n" * tokens)
    return folder


def test_vosk_drafts_with_whisper_after_it_is_recommended_when_both_are_there(tmp_path: Path) -> None:
    _vosk(tmp_path / "vosk-model-small-en-us-0.15")
    _whisper(tmp_path / "small.en", 51864)
    names = [spec.name for spec in models.available("en", (tmp_path,))]
    assert names == [
        "vosk-model-small-en-us-0.15+whisper-small.en",
        "whisper-small.en",
        "vosk-model-small-en-us-0.15",
    ]


def test_a_model_serves_its_own_language_only_and_a_multilingual_one_all(tmp_path: Path) -> None:
    _vosk(tmp_path / "vosk-model-small-sv-rhasspy-0.15")
    _whisper(tmp_path / "tiny.en", 51864)
    _whisper(tmp_path / "base", 51865)
    assert [spec.name for spec in models.available("en", (tmp_path,))] == ["whisper-base", "whisper-tiny.en"]
    assert models.available("sv", (tmp_path,))[0].name == "vosk-model-small-sv-rhasspy-0.15+whisper-base"


def test_a_whisper_folder_without_its_tokenizer_is_no_model(tmp_path: Path) -> None:
    """The library would look for the tokenizer on the network."""
    folder = _whisper(tmp_path / "tiny.en", 51864)
    (folder / "tokenizer.json").unlink()
    assert models.available("en", (tmp_path,)) == ()


def test_the_variable_may_name_a_model_or_a_folder_of_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = _vosk(tmp_path / "vosk-model-tr-0.3")
    for named in (model, tmp_path):
        monkeypatch.setenv("VOSK_MODEL_PATH", str(named))
        assert "vosk-model-tr-0.3" in [spec.name for spec in models.available("tr")]


def test_without_a_model_the_reason_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "available", lambda language: ())
    with pytest.raises(Unavailable) as caught:
        models.recommended("fi")
    assert "fi" in caught.value.detail
    assert "VOSK_MODEL_PATH" in caught.value.hint


def test_expected_terms_are_the_exam_s_and_fit_the_prompt() -> None:
    chest = biasing.terms_for(DictationContext("CT", "chest"))
    assert "pneumothorax" in chest
    assert "Hounsfield units" in chest
    assert "meniscus" not in chest
    assert len(chest) <= biasing.MOST_TERMS
    knee = biasing.terms_for(DictationContext("MR", "", "MRI KNEE WITHOUT CONTRAST LEFT"))
    assert "medial meniscus" in knee


def test_the_caller_s_own_terms_come_first_and_unknown_exams_get_general_ones() -> None:
    terms = biasing.terms_for(DictationContext(terms=("Lyskasse", "pneumothorax")))
    assert terms[:2] == ("Lyskasse", "pneumothorax")
    assert len({term.lower() for term in terms}) == len(terms)
    assert "metastasis" in terms
    assert biasing.terms_for(DictationContext(language="xx", terms=("sana",))) == ("sana",)


def test_two_body_parts_share_the_room() -> None:
    both = biasing.terms_for(DictationContext("CT", "chest abdomen"))
    assert {"pneumothorax", "hypodense"} <= set(both[:6])
