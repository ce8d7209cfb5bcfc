"""The core's commands for scripts: `import`, `worklist`, `hang`, `hanging-protocol`, `lead-times`, `archive`, `prefetch`,
`doctor`, `key`, `template`.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def register(commands: Commands) -> None:
    """Add this room's commands. Each sets `run(args, open_core) -> exit status`."""
    from workstation.doors import (
        archive,
        doctor,
        hanging,
        hanging_protocol,
        importing,
        key,
        lead_times,
        listing,
        prefetch,
        templating,
    )

    for door in (importing, listing, hanging, hanging_protocol, lead_times, archive, prefetch, doctor, key, templating):
        door.register(commands)
