"""The bar over the images: who and what is open, tools, layout, hanging stage."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QLabel, QMenu, QSizePolicy, QToolButton, QWidget

from ui import icons, menus, plain, theme
from ui.elided_label import ElidedLabel
from ui.layout_picker import LayoutPicker
from ui.plain import core_text, tooltip
from ui.runner import Runner
from workstation.session.case import Case
from workstation.session.tool import Tool

if TYPE_CHECKING:
    from ui.seat import Seat

ICON = QSize(20, 20)
STAGE_WIDTH = 290
ON_BAR = (
    Tool.WINDOW,
    Tool.ZOOM,
    Tool.PAN,
    Tool.SCROLL,
    Tool.CROSSHAIR,
    Tool.LENGTH,
    Tool.ANGLE,
    Tool.ELLIPSE,
    Tool.PROBE,
    Tool.ARROW,
)


class ReadingBar(QFrame):
    """One row. The patient stands at the left in full, here and never in the title bar."""

    def __init__(self, core: Seat, runner: Runner) -> None:
        super().__init__()
        self.setObjectName("readingBar")
        self.setProperty("role", "bar")
        self._session = core.session
        self._viewing = core.session.viewing
        self._runner = runner
        self.patient = ElidedLabel()
        self.patient.setObjectName("patientLine")
        self._stage = ElidedLabel()
        self._stage.setProperty("role", "muted")
        self._tools: dict[Tool, QToolButton] = {}
        self._layout = LayoutPicker()
        self._build()
        self._layout.chosen.connect(lambda rows, columns: runner.run(f"layout.{rows}x{columns}"))
        self._session.case_changed.connect(self._show_case)
        self._viewing.tool_changed.connect(self._show_tool)
        self._viewing.arrangement_changed.connect(self._show_arrangement)
        self._viewing.active_changed.connect(lambda _: self._layout.show_layout(self._viewing.layout_here))
        self._viewing.overlays_changed.connect(self._show_switches)
        self._show_case(self._session.case)
        self._show_tool(self._viewing.tool)
        self._show_arrangement(None)

    def _build(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 4, 8, 4)
        row.setSpacing(3)
        row.addWidget(self._button("case.worklist", "worklist"))
        row.addSpacing(6)
        row.addWidget(self.patient, 3)
        row.addSpacing(10)
        group = QButtonGroup(self)
        group.setExclusive(True)
        for tool in ON_BAR:
            button = self._button(f"tool.{tool.value}", tool.value, partial(self._viewing.set_tool, tool))
            button.setCheckable(True)
            group.addButton(button)
            self._tools[tool] = button
            row.addWidget(button)
        self._more = self._more_tools()
        group.addButton(self._more)
        row.addWidget(self._more)
        row.addWidget(_rule())
        self._planes = self._button("hanging.three_planes", "planes")
        self._link = self._button("viewport.link", "link")
        self._text = self._button("image.overlays", "text")
        for switch in (self._link, self._text):
            switch.setCheckable(True)
            switch.setProperty("switch", True)
        for button in (self._planes, self._link, self._text):
            row.addWidget(button)
        self._layout.setProperty("flat", True)
        self._layout.setIconSize(ICON)
        self._layout.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        row.addWidget(self._layout)
        row.addWidget(_rule())
        self._previous = self._button("hanging.previous", "previous")
        self._next = self._button("hanging.next", "next")
        for button in (self._previous, self._next):  # tools keep their place from case to case
            policy = button.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            button.setSizePolicy(policy)
        row.addWidget(self._previous)
        # A share of the width, whatever it says: tools keep their place from case to case.
        self._stage.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._stage.setMaximumWidth(STAGE_WIDTH)
        row.addWidget(self._stage, 1)
        row.addWidget(self._next)

    def add(self, widget: QWidget) -> None:
        """Something that stands at the right end."""
        row = self.layout()
        assert row is not None
        row.addWidget(widget)

    def _more_tools(self) -> QToolButton:
        """The tools that are asked for less often, by name."""
        button = QToolButton()
        button.setObjectName("moreTools")
        button.setProperty("flat", True)
        button.setCheckable(True)
        button.setIcon(icons.icon("more"))
        button.setIconSize(ICON)
        button.setToolTip(tooltip(self.tr("More tools")))
        button.setAccessibleName(self.tr("More tools"))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(button)
        menus.context_menu(menu, [f"tool.{tool.value}" for tool in Tool if tool not in ON_BAR], self._runner)
        menu.aboutToHide.connect(lambda: self._show_tool(self._viewing.tool))
        button.setMenu(menu)
        return button

    def _button(self, command_id: str, name: str, click: Callable[[], object] | None = None) -> QToolButton:
        button = QToolButton()
        title = core_text(self._runner.commands[command_id].title)
        button.setObjectName(command_id)
        button.setProperty("flat", True)
        button.setIcon(icons.icon(name))
        button.setIconSize(ICON)
        button.setToolTip(tooltip(title, self._runner.keys_text(command_id)))
        button.setAccessibleName(title)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        act = click if click is not None else partial(self._runner.run, command_id)
        button.clicked.connect(lambda _: act())
        return button

    # ---- showing ---------------------------------------------------------------------

    def _show_case(self, case: Case | None) -> None:
        self.patient.set_parts(patient_parts(case) if case else [self.tr("No case is open")])

    def _show_tool(self, tool: Tool) -> None:
        button = self._tools.get(tool, self._more)
        button.setChecked(True)
        named = core_text(self._runner.commands[f"tool.{tool.value}"].title) if button is self._more else ""
        self._more.setToolTip(tooltip(self.tr("More tools"), named))

    def _show_arrangement(self, _: object) -> None:
        arrangement = self._viewing.arrangement
        self._layout.show_layout(self._viewing.layout_here)
        several = arrangement is not None and arrangement.stage_count > 1
        for button in (self._previous, self._next):
            button.setVisible(several)
        parts = []
        if arrangement is not None:
            parts = [core_text(arrangement.title), core_text(arrangement.stage_title)]
            if arrangement.tied_with:  # never silent; the reasons say what decided, Ctrl+F3 chooses
                parts[0] = self.tr("{0} (as well: {1})").format(parts[0], core_text(arrangement.tied_with))
            if several:
                parts.append(f"{arrangement.stage + 1}/{arrangement.stage_count}")
            self._stage.setToolTip(tooltip(*(core_text(reason) for reason in arrangement.reasons)))
        self._stage.set_parts([p for p in dict.fromkeys(parts) if p])
        self._show_switches(None)

    def _show_switches(self, _: object) -> None:
        self._link.setChecked(self._viewing.linked)
        self._text.setChecked(self._viewing.overlays)


def patient_parts(case: Case) -> list[str]:
    """The open case in words, most important first: the end is cut when room is short."""
    study, patient = case.study, case.study.patient
    born = " ".join(
        p for p in (plain.dicom_date(patient.birth_date), plain.age(patient.birth_date, study.study_date), patient.sex) if p
    )
    what = plain.plain(case.item.procedure if case.item and case.item.procedure else study.study_description)
    number = plain.plain(case.item.accession_number if case.item else study.accession_number)
    parts = [
        plain.person_name(patient.name) or core_text("No name"),
        plain.plain(patient.key.patient_id),
        plain.plain(born),
        what,
    ]
    return [p for p in (*parts, plain.dicom_date(study.study_date), number) if p]


def _rule() -> QLabel:
    rule = QLabel()
    rule.setFixedSize(1, 22)
    rule.setStyleSheet(f"background: {theme.LINE}; margin: 0 3px;")
    rule.setFixedWidth(9)
    rule.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return rule
