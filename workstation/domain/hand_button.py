"""The buttons of hand microphones and the pedals of foot controls, whatever their maker prints on them."""

from __future__ import annotations

from enum import StrEnum


class HandButton(StrEnum):
    """Each by the name that stands in `keys.toml` and `hand_devices.toml`."""

    RECORD = "record"
    STOP = "stop"
    PLAY = "play"
    FORWARD = "forward"
    REWIND = "rewind"
    TAB_FORWARD = "tab_forward"
    TAB_BACKWARD = "tab_backward"
    EOL = "eol"
    INSERT = "insert"
    INSTRUCT = "instruct"
    COMMAND = "command"
    ENTER = "enter"
    TRANSCRIBE = "transcribe"
    CUSTOM_LEFT = "custom_left"
    CUSTOM_RIGHT = "custom_right"
    F1 = "f1"
    F2 = "f2"
    F3 = "f3"
    F4 = "f4"
    PEDAL_LEFT = "pedal_left"
    PEDAL_MIDDLE = "pedal_middle"
    PEDAL_RIGHT = "pedal_right"
    PEDAL_TOP = "pedal_top"
