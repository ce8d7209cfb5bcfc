"""How severe each rule is here: `warn`, `block` or `off` by name, in `policy.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path

from workstation.colleague.colleague import NAMES
from workstation.colleague.facts import Severity
from workstation.errors import Refused
from workstation.site_file import read_site_text

FILE = "policy.toml"


def load_policy(site: Path | None = None) -> Mapping[str, Severity]:
    """The built-in policy, with what the site's file says in its place. Raises Refused, naming the key."""
    path = site / FILE if site is not None else None
    if path is None or not path.is_file():
        return _built_in()
    return {**_built_in(), **policy_of(read_site_text(path, _refused), path.name)}


def policy_of(content: str, name: str) -> dict[str, Severity]:
    try:
        table = tomllib.loads(content)["severity"]
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise _refused(name, str(error)) from None
    policy = {}
    for rule, value in table.items():
        if rule not in NAMES:
            raise _refused(name, f"there is no rule `{rule}`; the rules are {', '.join(NAMES)}")
        if value not in tuple(Severity):
            raise _refused(name, f"`{rule}` is {value}, not off, warn or block")
        policy[rule] = Severity(value)
    return policy


@cache
def _built_in() -> Mapping[str, Severity]:
    return policy_of((resources.files("resources") / "colleague" / FILE).read_text("utf-8"), FILE)


def _refused(name: str, reason: str) -> Refused:
    return Refused("The policy for checking reports is not usable", f"{name}: {reason}", "Mend or remove that file")
