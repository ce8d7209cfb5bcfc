"""What a received file says of itself, from its bytes to the corner of the image: lossy, derived, AI, prior, issuer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pydicom.dataset import Dataset
from received import CT, dataset, item, items, save, smooth

from rendering.header import ImageHeader
from rendering.parse import parse_bytes
from rendering.picture import FrameIdentity, Picture
from rendering.viewport_doubts import frame_doubts
from ui.corner_facts import CornerFacts
from ui.corner_line import Tone
from ui.corner_text import corner_lines
from workstation.domain.viewing import ViewportState

pytestmark = pytest.mark.qt
CORNERS = ("top_left", "top_right", "bottom_left", "bottom_right")


@pytest.fixture
def told(tmp_path):
    """The lines of a made CT with these elements, by their tones."""

    def told(current=None, is_prior=False, **elements) -> dict[str, Tone]:
        found = read(**elements)
        header = ImageHeader.from_json(found.instance.header)
        identity = FrameIdentity(header.study_uid, header.series_uid, header.sop_instance_uid, 1)
        doubts = frame_doubts(header, header.frame(0))
        picture = Picture(np.zeros((4, 4), np.uint8), doubts=doubts, identity=identity, index=0, count=3)
        state = ViewportState(header.study_uid, header.series_uid)
        facts = CornerFacts(found.study, found.series, state, picture, is_prior=is_prior)
        if current is not None:
            facts = replace(facts, current_key=current.study.patient.key, current_date=current.study.study_date)
        lines = corner_lines(facts)
        return {line.text: line.tone for corner in CORNERS for line in getattr(lines, corner)}

    def read(**elements):
        plain = {"Modality": "CT", "PixelSpacing": [1, 1], "InstanceNumber": 1, "StudyDate": "20261120"}
        made: Dataset = dataset(smooth(8, 10, 4095), sop_class=CT, **(plain | elements))
        return parse_bytes(save(made, tmp_path / "a.dcm").read_bytes(), "a.dcm")

    told.read = read
    return told


def test_an_ordinary_image_has_no_flag(told):
    lines = told(ImageType=["ORIGINAL", "PRIMARY", "AXIAL"], ConvolutionKernel="B30f")
    assert Tone.DOUBT not in lines.values()
    assert not [text for text in lines if "erived" in text]


@pytest.mark.parametrize(
    ("elements", "words"),
    [
        ({"LossyImageCompression": "01", "LossyImageCompressionRatio": "12"}, "Lossy compressed 12:1"),
        ({"LossyImageCompression": "01", "LossyImageCompressionRatio": ["4", "12.4"]}, "Lossy compressed 12:1"),
        ({"LossyImageCompression": "01"}, "Lossy compressed"),
    ],
)
def test_f56_lossy_compression_is_a_badge_with_its_ratio(told, elements, words):
    assert told(**elements)[words] is Tone.DOUBT


def test_a_derived_image_says_from_what(told):
    lines = told(ImageType=["DERIVED", "SECONDARY", "MPR"], DerivationDescription="Mean of 5 slices\r\nfrom series 3")
    assert lines["Derived image: Mean of 5 slices from series 3"] is Tone.MUTED
    assert "Derived image" in told(ImageType=["DERIVED", "PRIMARY"])


def test_a_derivation_by_a_code_is_said_by_its_meaning(told):
    code = items(item(CodeValue="113072", CodingSchemeDesignator="DCM", CodeMeaning="Multiplanar reformatting"))
    lines = told(ImageType=["DERIVED", "SECONDARY"], DerivationCodeSequence=code)
    assert lines["Derived image: Multiplanar reformatting"] is Tone.MUTED


@pytest.mark.parametrize(
    ("equipment", "words"),
    [
        ({"Manufacturer": "Maker", "ManufacturerModelName": "SubtleMR", "SoftwareVersions": "2.3"}, "Maker SubtleMR 2.3"),
        ({"ManufacturerModelName": "Denoiser", "ContributionDescription": "Deep learning denoising"},
         "Denoiser Deep learning denoising"),
        ({"Manufacturer": "Maker", "ContributionDescription": "AI image enhancement"}, "Maker AI image enhancement"),
    ],
)  # fmt: skip
def test_ai_among_the_contributing_equipment_is_a_badge(told, equipment, words):
    lines = told(ContributingEquipmentSequence=items(item(Manufacturer="Scanner"), item(**equipment)))
    assert lines[f"AI reconstruction: {words}"] is Tone.DOUBT


@pytest.mark.parametrize("model", ["Router 4", "Plaine AIM gateway", "Anonymiser", "SAINT-1"])
def test_a_router_or_an_anonymiser_is_no_ai(told, model):
    lines = told(ContributingEquipmentSequence=items(item(Manufacturer="Maker", ManufacturerModelName=model)))
    assert Tone.DOUBT not in lines.values()


def test_ai_in_the_description_of_the_derivation_is_a_badge(told):
    lines = told(ImageType=["DERIVED", "PRIMARY"], DerivationDescription="Denoised by a neural network")
    assert lines["AI reconstruction: Denoised by a neural network"] is Tone.DOUBT


def test_f65_a_prior_says_its_date_and_how_long_before(told):
    now = told.read(StudyDate="20261120")
    lines = told(current=now, is_prior=True, StudyDate="20250218")
    when, what = [text for text, tone in lines.items() if tone is Tone.PRIOR]
    assert when == "2025-02-18  21 months before"
    assert what.startswith("PRIOR")


def test_f65_the_same_id_of_another_issuer_is_an_alarm(told):
    now = told.read(PatientID="12345", IssuerOfPatientID="HERE")
    assert told(current=now, PatientID="12345", IssuerOfPatientID="THERE")["Other patient issuer"] is Tone.ALARM
    assert Tone.ALARM not in told(current=now, PatientID="12345", IssuerOfPatientID="HERE").values()
