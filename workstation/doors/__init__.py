"""The core's commands for scripts: `import`, `worklist`, `hang`, `archive`, `prefetch`, `doctor`, `key`, `template`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def register(commands: Commands) -> None:
    """Add this room's commands. Each sets `run(args, open_core) -> exit status`."""
    from workstation.doors import archive, doctor, hanging, importing, key, listing, prefetch, templating

    for door in (importing, listing, hanging, archive, prefetch, doctor, key, templating):
        door.register(commands)
