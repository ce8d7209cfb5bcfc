"""What a site says monitors are for: `screens.toml` in the configuration folder, read once. Its keys: resources/screens.toml.

The first rule that fits a monitor says its role; what the reader chose on this place goes before, and a monitor that no
rule fits is what it looks to be for. A file with a mistake is not used, nothing of it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ui.screens.monitors import Monitor
from ui.screens.roles import Role, guess
from workstation.errors import Refused
from workstation.site_file import read_site_text

FILE = "screens.toml"
ROLES = {"diagnostic": Role.DIAGNOSTIC, "side": Role.SIDE, "not used": Role.UNUSED}
_WORDS, _FLAGS = ("serial", "model", "plug"), ("portrait", "built_in")
_LIMITS = ("least_megapixels", "most_megapixels", "least_inches", "most_inches")


class ScreensFileRefused(Refused):
    """The site's file of screens is not used: nothing of it."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name} is not used", why, "Correct the file; until then screens are what they look to be for")


@dataclass(frozen=True, slots=True)
class Rule:
    """What a monitor must be for `role`; all of `wanted` must fit."""

    role: Role
    wanted: Mapping[str, Any]

    def fits(self, monitor: Monitor) -> bool:
        return all(_fits(monitor, key, value) for key, value in self.wanted.items())


Rules = tuple[Rule, ...]


def load(folder: Path) -> Rules:
    """No rules where there is no file. Raises ScreensFileRefused with the file's name, the rule, the key and the reason."""
    path = folder / FILE
    return parse(read_site_text(path, ScreensFileRefused)) if path.is_file() else ()


def parse(text: str, name: str = FILE) -> Rules:
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ScreensFileRefused(name, f"it is not TOML: {error}") from None
    for key in table.keys() - {"monitor"}:
        raise ScreensFileRefused(name, f"{key}: there is no such key; there is only [[monitor]]")
    rules = table.get("monitor", [])
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise ScreensFileRefused(name, "monitor: rules stand under [[monitor]], with two brackets")
    return tuple(_rule(rule, f"[[monitor]] {number}", name) for number, rule in enumerate(rules, start=1))


def role_of(monitor: Monitor, rules: Rules) -> Role | None:
    """None where no rule fits."""
    return next((rule.role for rule in rules if rule.fits(monitor)), None)


def proposed(present: Sequence[Monitor], rules: Rules) -> dict[str, Role]:
    """What monitors are for as long as the reader chose nothing."""
    guessed = guess(present)
    return {m.key: role_of(m, rules) or guessed[m.key] for m in present}


def _rule(table: dict[str, Any], where: str, name: str) -> Rule:
    wanted = {key: value for key, value in table.items() if key != "role"}
    if table.get("role") not in ROLES:
        raise ScreensFileRefused(name, f"{where} role: must be one of {', '.join(ROLES)}")
    if not wanted:
        raise ScreensFileRefused(name, f"{where}: a rule says which monitors it is for")
    for key, value in wanted.items():
        why = _why_not(key, value)
        if why:
            raise ScreensFileRefused(name, f"{where} {key}: {why}")
    return Rule(ROLES[table["role"]], wanted)


def _why_not(key: str, value: object) -> str:
    if key in _WORDS:
        return "" if isinstance(value, str) and value.strip() else "must be text in quotes"
    if key in _FLAGS:
        return "" if isinstance(value, bool) else "must be true or false"
    if key in _LIMITS:
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1000
        return "" if is_number else "must be a number above 0"
    return f"there is no such key; there are role, {', '.join((*_WORDS, *_FLAGS, *_LIMITS))}"


def _fits(monitor: Monitor, key: str, value: Any) -> bool:
    if key == "serial":
        return monitor.serial == str(value)
    if key in ("model", "plug"):
        return str(value).casefold() in (monitor.model if key == "model" else monitor.name).casefold()
    if key in _FLAGS:
        return bool(value) is (monitor.is_portrait if key == "portrait" else monitor.is_built_in)
    side, _, unit = key.partition("_")
    found = monitor.pixels / 1e6 if unit == "megapixels" else monitor.inches
    return bool(found > 0 and (found >= value if side == "least" else found <= value))
