"""The one command table. The keys follow what most viewers agree on (viewer.md, section 3)."""

from __future__ import annotations

from collections.abc import Callable

from workstation.commands.command import EVERYWHERE, IMAGES, Command, Context
from workstation.commands.desk import DESK
from workstation.commands.dictating import DICTATING
from workstation.commands.dimensions import DIMENSIONS
from workstation.commands.documents import DOCUMENTS
from workstation.commands.drawing import BY_KEYS, DRAWINGS, TOOLS, begin_or_maximise
from workstation.commands.exchange import EXCHANGE
from workstation.commands.from_image import FROM_IMAGE
from workstation.commands.fusion import FUSION
from workstation.commands.hanging import HANGING
from workstation.commands.key_images import KEY_IMAGES, PRESENTING
from workstation.commands.keys import KEYS
from workstation.commands.lead_times import LEAD_TIMES
from workstation.commands.lesions import LESIONS
from workstation.commands.listing import LISTING, SIGN_AND_NEXT
from workstation.commands.looking import CINE, LINKS, SIZES, WINDOWS, default_window, invert, zoom_in, zoom_out
from workstation.commands.mammography import MAMMOGRAPHY
from workstation.commands.others import OTHERS
from workstation.commands.planes import PLANES
from workstation.commands.priors import PRIORS
from workstation.commands.registration import REGISTRATION
from workstation.commands.report_life import REPORT_LIFE
from workstation.commands.rereading import REREADING
from workstation.commands.screens import SCREENS
from workstation.commands.solid import SOLID
from workstation.commands.speech import SPEECH
from workstation.commands.spoken import SPOKEN
from workstation.commands.subtraction import SUBTRACTION
from workstation.commands.templates import TEMPLATES
from workstation.domain.report import ReportAction
from workstation.domain.viewing import Layout, Plane, WindowPreset
from workstation.errors import Refused


def _preset(key: str) -> Callable[[Context], None]:
    def run(context: Context) -> None:
        preset = preset_for(context, key)
        if preset is None:
            return
        viewing = context.session.viewing
        if viewing.subtracting.is_difference():
            what = "Presets are for the images as they are"
            raise Refused("No preset for a subtracted image", what, "Drag the window, or take it from the image (0)")
        if viewing.magnifier.is_on:
            viewing.magnifier.set_window(preset.window)
        else:
            viewing.set_window(preset.window)

    return run


def preset_for(context: Context, key: str) -> WindowPreset | None:
    """The preset on this digit for the modality of the active viewport, or None."""
    state = context.session.viewing.state()
    case = context.session.case
    if state is None or case is None:
        return None
    modality = next((s.modality for study in case.studies for s in study.series if s.series_instance_uid == state.series_uid), "")
    return next((p for p in context.presets.for_modality(modality) if p.key == key), None)


def _layout(rows: int, columns: int) -> Callable[[Context], None]:
    def run(context: Context) -> None:
        case = context.session.case
        context.session.viewing.set_layout(Layout(rows, columns), case.studies if case else ())

    return run


def _plane(plane: Plane) -> Callable[[Context], None]:
    return lambda c: c.session.viewing.set_plane(plane)


def _sign(action: ReportAction) -> Callable[[Context], None]:
    return lambda c: c.session.sign(action)


_LAYOUT_KEYS = {(1, 1): "Ctrl+1", (1, 2): "Ctrl+2", (1, 3): "Ctrl+3", (2, 2): "Ctrl+4", (2, 3): "Ctrl+6", (3, 4): "Ctrl+9"}
_PLANE_KEYS = (
    (Plane.STACK, "As acquired", "Alt+1"),
    (Plane.AXIAL, "Axial plane", "Alt+2"),
    (Plane.CORONAL, "Coronal plane", "Alt+3"),
    (Plane.SAGITTAL, "Sagittal plane", "Alt+4"),
    (Plane.THREE_D, "3D view", "Alt+5"),
)

COMMANDS: tuple[Command, ...] = (
    # Case
    Command("case.import", "Import files…", lambda c: c.shell.choose_files_to_import(), ("Ctrl+O",), ("files import",), "Case"),
    Command("case.worklist", "Worklist", lambda c: c.shell.show_worklist(), ("F2",), ("worklist show",), "Case"),
    Command(
        "case.refresh", "Refresh the worklist", lambda c: c.session.refresh_worklist(), ("F5",), ("worklist refresh",), "Case"
    ),
    *LEAD_TIMES,
    Command(
        "archives.find",
        "Find in archives",
        lambda c: c.shell.show_archives(),
        ("Ctrl+F",),
        ("archives find",),
        "Case",
        EVERYWHERE,
    ),
    Command(
        "archives.prefetch",
        "Pause fetching ahead, or go on",
        lambda c: c.shell.toggle_prefetch(),
        (),
        ("fetching pause",),
        "Case",
    ),
    Command("archives.send", "Send to archive…", lambda c: c.shell.send_to_archive(), (), ("archives send",), "Case"),
    Command("archives.sendings", "Objects on their way", lambda c: c.shell.show_sendings(), (), ("objects outgoing",), "Case"),
    Command("archives.set_up", "Set archives up…", lambda c: c.shell.set_up_archives(), (), ("archives set up",), "Case"),
    Command(
        "case.next",
        "Next unread case",
        lambda c: c.session.next_unread(),
        ("Ctrl+N", "N"),
        (),
        "Case",
        EVERYWHERE,
        confirm_by_key=True,
    ),
    Command(
        "case.take_in",
        "Take in what came for this case",
        lambda c: c.session.take_in(),
        ("Ctrl+I",),
        ("images take in",),
        "Case",
    ),
    Command(
        "case.close", "Close the case", lambda c: c.session.close_case(), ("Ctrl+W",), (), "Case", EVERYWHERE, confirm_by_key=True
    ),
    Command(
        "app.passphrase",
        "Set a passphrase…",
        lambda c: c.shell.set_passphrase(),
        (),
        (),
        "Case",
        EVERYWHERE,
        confirm_by_key=True,
    ),
    Command("app.quit", "Quit", lambda c: c.shell.quit(), ("Ctrl+Q",), (), "Case", EVERYWHERE, confirm_by_key=True),
    # Images: moving
    Command("image.next", "Next image", lambda c: c.session.viewing.scroll(1), ("Down",), ("image next",), "Image", IMAGES),
    Command(
        "image.previous", "Previous image", lambda c: c.session.viewing.scroll(-1), ("Up",), ("image previous",), "Image", IMAGES
    ),
    Command(
        "image.next10",
        "Ten images on",
        lambda c: c.session.viewing.scroll(10),
        ("Shift+Down",),
        ("images forward",),
        "Image",
        IMAGES,
    ),
    Command(
        "image.previous10",
        "Ten images back",
        lambda c: c.session.viewing.scroll(-10),
        ("Shift+Up",),
        ("images back",),
        "Image",
        IMAGES,
    ),
    Command(
        "image.first",
        "First image",
        lambda c: c.session.viewing.scroll_to_end(False),
        ("Home",),
        ("image first",),
        "Image",
        IMAGES,
    ),
    Command(
        "image.last", "Last image", lambda c: c.session.viewing.scroll_to_end(True), ("End",), ("image last",), "Image", IMAGES
    ),
    Command("series.next", "Next series", lambda c: c.session.step_series(1), ("PgDown",), ("series next",), "Image", IMAGES),
    Command(
        "series.previous",
        "Previous series",
        lambda c: c.session.step_series(-1),
        ("PgUp",),
        ("series previous",),
        "Image",
        IMAGES,
    ),
    Command("series.list", "List of series", lambda c: c.shell.focus_series(), ("F9",), ("series list",), "Image"),
    # Images: window, geometry
    Command(
        "window.default",
        "Window as acquired",
        default_window,
        ("Ctrl+0",),
        ("window default",),
        "Window",
        IMAGES,
    ),
    *(
        Command(f"window.preset{key}", f"Window preset {key}", _preset(key), (key,), (f"window preset {word}",), "Window", IMAGES)
        for key, word in zip("123456789", ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"], strict=True)
    ),
    *WINDOWS,
    *DESK,
    Command("image.invert", "Invert", invert, ("I",), ("image invert",), "Image", IMAGES),
    Command(
        "image.flip_horizontal",
        "Flip left to right",
        lambda c: _toggle(c, "flipped_horizontally"),
        ("H",),
        ("image flip",),
        "Image",
        IMAGES,
    ),
    Command("image.flip_vertical", "Flip top to bottom", lambda c: _toggle(c, "flipped_vertically"), ("V",), (), "Image", IMAGES),
    Command(
        "image.rotate_right", "Rotate right", lambda c: c.session.viewing.rotate(90), ("R",), ("image rotate",), "Image", IMAGES
    ),
    Command("image.rotate_left", "Rotate left", lambda c: c.session.viewing.rotate(-90), ("Shift+R",), (), "Image", IMAGES),
    Command("image.zoom_in", "Zoom in", zoom_in, ("+", "="), ("zoom in",), "Image", IMAGES),
    Command("image.zoom_out", "Zoom out", zoom_out, ("-",), ("zoom out",), "Image", IMAGES),
    *SIZES,
    *MAMMOGRAPHY,
    *CINE,
    *DIMENSIONS,
    Command("image.fit", "Fit to the viewport", lambda c: c.session.viewing.fit(), ("F",), ("image fit",), "Image", IMAGES),
    Command("image.reset", "Reset the viewport", lambda c: c.session.viewing.reset(), ("Ctrl+R",), ("image reset",), "Image"),
    Command(
        "image.overlays",
        "Show or hide text and graphics",
        lambda c: c.session.viewing.toggle_overlays(),
        ("G",),
        ("overlays toggle",),
        "Image",
        IMAGES,
    ),
    *TOOLS,
    *DRAWINGS,
    *KEY_IMAGES,
    *PRESENTING,
    *LESIONS,
    *BY_KEYS,
    *PLANES,
    # Hanging
    *HANGING,
    *EXCHANGE,
    Command("hanging.next", "Next hanging stage", lambda c: c.session.hang_stage(1), (".",), ("stage next",), "Hanging", IMAGES),
    Command(
        "hanging.previous",
        "Previous hanging stage",
        lambda c: c.session.hang_stage(-1),
        (",",),
        ("stage previous",),
        "Hanging",
        IMAGES,
    ),
    Command(
        "hanging.three_planes",
        "Three planes",
        lambda c: c.session.viewing.show_three_planes(),
        ("Alt+6",),
        ("planes three",),
        "Hanging",
        IMAGES,
    ),
    *(Command(f"plane.{p.value}", title, _plane(p), (key,), (f"plane {p.value}",), "Hanging") for p, title, key in _PLANE_KEYS),
    Command(
        "viewport.next",
        "Next viewport",
        lambda c: c.session.viewing.step_active(1),
        ("Tab",),
        ("viewport next",),
        "Hanging",
        IMAGES,
    ),
    Command(
        "viewport.previous",
        "Previous viewport",
        lambda c: c.session.viewing.step_active(-1),
        ("Shift+Tab",),
        ("viewport previous",),
        "Hanging",
        IMAGES,
    ),
    Command(
        "viewport.maximise",
        "Maximise the viewport",
        begin_or_maximise,
        ("Return",),
        ("viewport maximise",),
        "Hanging",
        IMAGES,
    ),
    Command(
        "viewport.link",
        "Link by position",
        lambda c: c.session.viewing.toggle_linked(),
        ("L",),
        ("scrolling link",),
        "Hanging",
        IMAGES,
    ),
    *LINKS,
    *SCREENS,
    *REREADING,
    *FUSION,
    *SUBTRACTION,
    *SOLID,
    *(
        Command(
            f"layout.{rows}x{columns}",
            f"Layout {rows} × {columns}",
            _layout(rows, columns),
            (_LAYOUT_KEYS[rows, columns],) if (rows, columns) in _LAYOUT_KEYS else (),
            (f"layout {rows} by {columns}",),
            "Layout",
        )
        for rows in range(1, 5)
        for columns in range(1, 5)
    ),
    *REGISTRATION,
    *PRIORS,
    # Report
    Command("report.focus", "Write the report", lambda c: c.shell.focus_report(), ("F3",), ("report write",), "Report"),
    Command("report.images", "Back to the images", lambda c: c.shell.focus_images(), ("Esc",), ("images show",), "Report"),
    Command("report.next_section", "Next section", lambda c: c.shell.step_section(1), ("F7",), ("section next",), "Report"),
    Command(
        "report.previous_section",
        "Previous section",
        lambda c: c.shell.step_section(-1),
        ("F6",),
        ("section previous",),
        "Report",
    ),
    Command("report.remark", "Next remark", lambda c: c.shell.step_remark(1), ("Shift+F7",), ("remark next",), "Report"),
    Command(
        "report.dictate", "Start or stop dictation", lambda c: c.shell.toggle_dictation(), ("F4",), ("dictation stop",), "Report"
    ),
    Command(
        "report.take_over",
        "Take over history and comparison",
        lambda c: c.session.take_over_all(),
        ("Ctrl+H",),
        ("history take over",),
        "Report",
    ),
    *SPOKEN,
    *TEMPLATES,
    *DOCUMENTS,
    *LISTING,
    *FROM_IMAGE,
    *DICTATING,
    *SPEECH,
    Command(
        "report.sign_preliminary",
        "Sign as preliminary",
        _sign(ReportAction.SIGN_PRELIMINARY),
        ("Ctrl+Shift+Return",),
        (),
        "Report",
        EVERYWHERE,
        True,
    ),
    Command(
        "report.sign_final", "Sign as final", _sign(ReportAction.SIGN_FINAL), ("Ctrl+Return",), (), "Report", EVERYWHERE, True
    ),
    SIGN_AND_NEXT,
    *REPORT_LIFE,
    *OTHERS,
    Command(
        "report.deliveries", "Reports on their way", lambda c: c.shell.show_deliveries(), ("F8",), ("reports outgoing",), "Report"
    ),
    # Help
    Command("help.palette", "Find a command…", lambda c: c.shell.show_palette(), ("Ctrl+K",), ("commands find",), "Help"),
    Command("help.keys", "Keys", lambda c: c.shell.show_keys(), ("F1",), ("keys show",), "Help"),
    *KEYS,
    Command("help.fullscreen", "Full screen", lambda c: c.shell.toggle_fullscreen(), ("F11",), ("screen full",), "Help"),
    Command("help.about", "About Lyskasse", lambda c: c.shell.show_about(), (), ("about lyskasse",), "Help"),
)


def _toggle(context: Context, field: str) -> None:
    state = context.session.viewing.state()
    if state is not None:
        context.session.viewing.change(**{field: not getattr(state, field)})
