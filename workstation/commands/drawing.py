"""Commands of the tools that draw: the tools, drawings that are there, and drawing by keys alone."""

from __future__ import annotations

from collections.abc import Callable

from workstation.commands.command import IMAGES, Command, Context, Mode
from workstation.domain.annotation import Verdict
from workstation.errors import Refused
from workstation.session.tool import Tool

POINTING = frozenset({Mode.POINTING})
# (tool, title, key, spoken): the keys follow viewer.md, section 3, with Shift for the sister of a tool.
_TOOLS = (
    (Tool.WINDOW, "Window and level", "W", "tool window"),
    (Tool.ZOOM, "Zoom", "Z", "tool zoom"),
    (Tool.PAN, "Pan", "T", "tool pan"),
    (Tool.SCROLL, "Scroll", "S", "tool scroll"),
    (Tool.CROSSHAIR, "Crosshair", "X", "tool crosshair"),
    (Tool.LENGTH, "Measure a distance", "D", "tool length"),
    (Tool.BIDIRECTIONAL, "Measure two axes (RECIST)", "Shift+D", "tool two axes"),
    (Tool.ANGLE, "Measure an angle", "A", "tool angle"),
    (Tool.COBB, "Measure a Cobb angle", "Shift+A", "tool cobb"),
    (Tool.ELLIPSE, "Ellipse", "E", "tool ellipse"),
    (Tool.RECTANGLE, "Rectangle", "Shift+E", "tool rectangle"),
    (Tool.CIRCLE, "Circle", "Ctrl+E", "tool circle"),
    (Tool.SPHERE, "Spherical volume", "Ctrl+Shift+F", "tool sphere"),
    (Tool.FREEHAND, "Freehand area", "Shift+F", "tool freehand"),
    (Tool.POLYGON, "Polygon", "Shift+P", "tool polygon"),
    (Tool.PROBE, "Probe a value", "P", "tool probe"),
    (Tool.ARROW, "Arrow", "Q", "tool arrow"),
    (Tool.TEXT, "Text", "B", "tool text"),
    (Tool.CALIBRATION, "Calibration line", "Ctrl+D", "tool calibration"),
    (Tool.SPINE, "Label vertebrae", "Shift+S", "tool spine"),
)
# Screen pixels that the arrows move the cursor by, and pixels of the image that they move a drawing by.
STEP, FAST, FINE = (8.0, 1.0), (40.0, 10.0), (1.0, 1.0)
_WAYS = (("left", "Left", -1, 0), ("right", "Right", 1, 0), ("up", "Up", 0, -1), ("down", "Down", 0, 1))


def _tool(tool: Tool) -> Callable[[Context], None]:
    return lambda c: c.session.pointing.use(tool)


def _arrow(right: int, down: int, size: tuple[float, float]) -> Callable[[Context], None]:
    return lambda c: c.session.pointing.arrow(right * size[0], down * size[0], size[1])


def _judge(verdict: Verdict) -> Callable[[Context], None]:
    def run(context: Context) -> None:
        context.session.annotating.judge(_chosen(context, "Nothing to judge", "finding"), verdict)

    return run


def _chosen(context: Context, title: str, what: str) -> str:
    """The selected drawing. Raises Refused where there is none: a key that does nothing leaves the reader guessing."""
    annotating = context.session.annotating
    if annotating.find(annotating.selected) is None:
        raise Refused(title, f"No {what} is selected", "Click one, or press J to go to one")
    return annotating.selected


def _edit_text(context: Context) -> None:
    _chosen(context, "No text to change", "drawing")
    context.session.annotating.edit_text()


def begin_or_maximise(context: Context) -> None:
    """Return in the images: with a tool that draws it draws, else it maximises."""
    if not context.session.pointing.begin():
        context.session.viewing.toggle_maximised()


TOOLS: tuple[Command, ...] = tuple(
    Command(f"tool.{tool.value}", title, _tool(tool), (key,), (said,), "Tools", IMAGES) for tool, title, key, said in _TOOLS
)

DRAWINGS: tuple[Command, ...] = (
    Command("drawing.undo", "Undo", lambda c: c.session.annotating.undo(), ("Ctrl+Z",), ("drawing undo",), "Drawings", IMAGES),
    Command(
        "drawing.redo",
        "Redo",
        lambda c: c.session.annotating.redo(),
        ("Ctrl+Y", "Ctrl+Shift+Z"),
        ("drawing redo",),
        "Drawings",
        IMAGES,
    ),
    Command(
        "drawing.remove", "Remove the drawing", lambda c: c.session.annotating.remove_selected(), ("Del",), (), "Drawings", IMAGES
    ),
    Command(
        "drawing.next", "Next drawing", lambda c: c.session.annotating.step(1), ("J",), ("drawing next",), "Drawings", IMAGES
    ),
    Command(
        "drawing.previous",
        "Previous drawing",
        lambda c: c.session.annotating.step(-1),
        ("Shift+J",),
        ("drawing previous",),
        "Drawings",
        IMAGES,
    ),
    Command("drawing.list", "List of drawings", lambda c: c.shell.show_drawings(), ("Ctrl+J",), ("drawings list",), "Drawings"),
    Command(
        "drawing.findings",
        "Findings and layers",
        lambda c: c.shell.show_findings(),
        ("Ctrl+Shift+J",),
        ("findings list",),
        "Drawings",
    ),
    Command(
        "drawing.save",
        "Save drawings, key images and looks to the archive…",
        lambda c: c.shell.save_drawings(),
        ("Ctrl+Shift+E",),
        ("drawings save",),
        "Drawings",
    ),
    Command(
        "drawing.text",
        "Change the text…",
        _edit_text,
        ("Shift+B",),
        ("text change",),
        "Drawings",
        IMAGES,
    ),
    Command(
        "drawing.label",
        "Move the words of the drawing",
        lambda c: c.session.pointing.take_label(),
        ("Alt+L",),
        ("words move",),
        "Drawings",
        IMAGES,
    ),
    Command(
        "drawing.handle",
        "Next handle for the arrow keys",
        lambda c: c.session.pointing.next_handle(),
        ("Alt+G",),
        ("handle next",),
        "Drawings",
        IMAGES,
    ),
    Command(
        "drawing.copy_to_prior",
        "Copy to the same place on the prior",
        lambda c: c.session.annotating.copy_to_prior(),
        ("Ctrl+P",),
        ("drawing copy",),
        "Drawings",
        IMAGES,
    ),
    Command(
        "drawing.report",
        "Put the measurement into the report",
        lambda c: c.session.from_image.insert_one(),
        ("Alt+H", "Ctrl+M"),
        ("drawing report",),
        "Drawings",
    ),
    Command(
        "drawing.histogram",
        "Histogram of the area",
        lambda c: c.shell.show_histogram(),
        ("Shift+H",),
        ("histogram show",),
        "Drawings",
        IMAGES,
    ),
    Command(
        "drawing.accept", "Accept the finding", _judge(Verdict.ACCEPTED), ("Ctrl+A",), ("finding accept",), "Drawings", IMAGES
    ),
    Command(
        "drawing.reject", "Reject the finding", _judge(Verdict.REJECTED), ("Ctrl+Del",), ("finding reject",), "Drawings", IMAGES
    ),
    Command(
        "drawing.layer",
        "Show or hide drawings",
        lambda c: c.session.annotating.toggle_layer(),
        ("Ctrl+Shift+G",),
        ("drawings toggle",),
        "Drawings",
        IMAGES,
    ),
    Command(
        "drawing.spine_start",
        "Label from C1, T1 or L1",
        lambda c: c.session.annotating.start_spine_elsewhere(),
        ("Ctrl+Shift+S",),
        ("vertebra start",),
        "Drawings",
        IMAGES,
    ),
)

# Once a tool's key was pressed twice, or a drawing was chosen: these keys go before those of the images.
BY_KEYS: tuple[Command, ...] = (
    *(
        Command(f"point.{name}{kind}", f"{title} {key.lower()}", _arrow(right, down, size), (before + key,), (), "", POINTING)
        for kind, title, before, size in (
            ("", "Cursor or drawing", "", STEP),
            ("_fast", "Cursor or drawing far", "Shift+", FAST),
            ("_fine", "Cursor or drawing finely", "Ctrl+", FINE),
        )
        for name, key, right, down in _WAYS
    ),
    Command("point.set", "Set a point", lambda c: c.session.pointing.set_point(), ("Return",), (), "", POINTING),
    Command("point.back", "Take the last point back", lambda c: c.session.pointing.take_back(), ("Backspace",), (), "", POINTING),
)
