"""What people type into the palette, and what must stand first. The rows were written before the scoring was."""

from __future__ import annotations

import pytest

from workstation.commands.finding import Findable, find, words_of
from workstation.commands.table import COMMANDS

ENGLISH = (
    ("next case", "case.next"),
    ("next patient", "case.next"),
    ("unread", "case.next"),
    ("nuc", "case.next"),
    ("worklist", "case.worklist"),
    ("import", "case.import"),
    ("open files", "case.import"),
    ("pacs", "archives.find"),
    ("query retrieve", "archives.find"),
    ("close", "case.close"),
    ("exit", "app.quit"),
    ("password", "app.passphrase"),
    ("ww", "tool.window"),
    ("wl", "tool.window"),
    ("window level", "tool.window"),
    ("brightness", "tool.window"),
    ("auto window", "window.auto"),
    ("reset", "image.reset"),
    ("invert", "image.invert"),
    ("negative", "image.invert"),
    ("flip", "image.flip_horizontal"),
    ("mirror", "image.flip_horizontal"),
    ("rotate", "image.rotate_right"),
    ("zoom", "tool.zoom"),
    ("fit", "image.fit"),
    ("1:1", "image.one_to_one"),
    ("life size", "image.true_size"),
    ("loupe", "image.magnifier"),
    ("magnifying glass", "image.magnifier"),
    ("magnifer", "image.magnifier"),
    ("ruler", "tool.length"),
    ("distance", "tool.length"),
    ("measure", "tool.length"),
    ("recist", "tool.bidirectional"),
    ("angle", "tool.angle"),
    ("cobb", "tool.cobb"),
    ("scoliosis", "tool.cobb"),
    ("roi", "tool.ellipse"),
    ("elipse", "tool.ellipse"),
    ("hu", "tool.probe"),
    ("hounsfield", "tool.probe"),
    ("arrow", "tool.arrow"),
    ("undo", "drawing.undo"),
    ("delete", "drawing.remove"),
    ("histgram", "drawing.histogram"),
    ("ai", "drawing.findings"),
    ("segmentation", "drawing.findings"),
    ("mip", "slab.mode"),
    ("mpr", "hanging.three_planes"),
    ("tp", "hanging.three_planes"),
    ("coronal", "plane.coronal"),
    ("coronel", "plane.coronal"),
    ("cor pl", "plane.coronal"),
    ("sag", "plane.sagittal"),
    ("sagital", "plane.sagittal"),
    ("3d", "plane.3d"),
    ("volume rendering", "plane.3d"),
    ("remove bone", "solid.hide"),
    ("cine", "cine.toggle"),
    ("link", "viewport.link"),
    ("sync scrolling", "viewport.link"),
    ("scout lines", "viewport.references"),
    ("2x2", "layout.2x2"),
    ("fullscreen", "help.fullscreen"),
    ("shortcuts", "help.keys"),
    ("hide text", "image.overlays"),
    ("key image", "key_image.toggle"),
    ("suv", "fusion.unit"),
    ("fuse", "fusion.toggle"),
    ("subtract", "compare.difference"),
    ("register", "alignment.toggle"),
    ("previous report", "report.earlier"),
    ("dictate", "report.dictate"),
    ("microphone", "dictation.microphone"),
    ("template", "template.insert"),
    ("autotext", "template.phrase"),
    ("sign", "report.sign_final"),
    ("finalize", "report.sign_final"),
    ("preliminary", "report.sign_preliminary"),
    ("addendum", "report.addendum"),
    ("unsign", "report.withdraw"),
    ("print", "report.print"),
    ("pdf", "report.print"),
    ("critical", "report.critical"),
    ("outbox", "report.deliveries"),
    ("versions", "report.history"),
    ("vertebra", "tool.spine"),
    ("lesions", "lesion.table"),
    ("next stage", "hanging.next"),
)
SWEDISH = (
    ("nästa fall", "case.next"),
    ("nasta fall", "case.next"),
    ("avstånd", "tool.length"),
    ("mät", "tool.length"),
    ("linjal", "tool.length"),
    ("signera", "report.sign_final"),
    ("fönster", "tool.window"),
    ("invertera", "image.invert"),
    ("förstoring", "image.magnifier"),
    ("mallar", "template.insert"),
    ("fras", "template.phrase"),
    ("arbetslista", "case.worklist"),
    ("nyckelbild", "key_image.toggle"),
    ("kortkommandon", "help.keys"),
    ("ångra", "drawing.undo"),
    ("helskärm", "help.fullscreen"),
    ("skriv ut", "report.print"),
    ("diktera", "report.dictate"),
    ("tidigare utlåtanden", "report.earlier"),
    ("jämför", "compare.difference"),
    ("ruler", "tool.length"),
)


def entries(language: str) -> list[Findable]:
    words = words_of(COMMANDS, language)
    return [Findable(c.id, c.title, c.menu, words.get(c.id, ())) for c in COMMANDS]


def first(typed: str, language: str) -> str:
    found = find(typed, entries(language))
    return found[0].id if found else ""


@pytest.mark.parametrize(("typed", "wanted"), ENGLISH)
def test_what_is_typed_in_english_stands_first(typed, wanted):
    assert first(typed, "en") == wanted


@pytest.mark.parametrize(("typed", "wanted"), SWEDISH)
def test_what_is_typed_in_swedish_stands_first(typed, wanted):
    assert first(typed, "sv") == wanted
