"""Commands of PET/CT and PET/MR: what is laid over, in which colours and which SUV; the MIP; the hottest place."""

from __future__ import annotations

from workstation.commands.command import IMAGES, Command
from workstation.session.fusing import SCALE_STEP

FUSION: tuple[Command, ...] = (
    Command(
        "fusion.toggle", "Lay the PET over, or take it away", lambda c: c.session.viewing.fusing.toggle(), ("Shift+T",),
        ("fusion toggle",), "Image", IMAGES,
    ),
    Command(
        "fusion.map", "Next colours of what is laid over", lambda c: c.session.viewing.fusing.next_map(), ("Ctrl+T",),
        ("fusion colours",), "Image", IMAGES,
    ),
    Command(
        "fusion.blend", "Lay over stronger, or weakest", lambda c: c.session.viewing.fusing.next_blend(), ("Ctrl+Shift+T",),
        ("fusion blend",), "Image", IMAGES,
    ),
    Command(
        "fusion.hotter", "Laid over: shorter scale", lambda c: c.session.viewing.fusing.scale_by(1.0 / SCALE_STEP), (),
        ("fusion hotter",), "Window", IMAGES,
    ),
    Command(
        "fusion.cooler", "Laid over: longer scale", lambda c: c.session.viewing.fusing.scale_by(SCALE_STEP), (),
        ("fusion cooler",), "Window", IMAGES,
    ),
    Command(
        "fusion.unit", "Next SUV, or Bq/ml", lambda c: c.session.viewing.fusing.next_unit(), ("Alt+S",),
        ("unit next",), "Image", IMAGES,
    ),
    Command(
        "fusion.mip", "MIP of the PET beside", lambda c: c.session.viewing.fusing.show_mip(), ("Shift+M",),
        ("mip beside",), "Hanging", IMAGES,
    ),
    Command(
        "fusion.arrange", "PET/CT side by side", lambda c: c.session.viewing.fusing.arrange(), ("Alt+F",),
        ("fusion side by side",), "Hanging", IMAGES,
    ),
    Command(
        "fusion.maximum", "Mark the maximum and go there", lambda c: c.session.hottest.mark(), ("Ctrl+Shift+M",),
        ("maximum mark",), "Tools", IMAGES,
    ),
)  # fmt: skip
