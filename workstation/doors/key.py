"""`key status|set-passphrase|use-keyring|erase`: the key of what is stored."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from workstation.at_rest.keys import PASSPHRASE_VARIABLE, KeyStatus, erase, set_passphrase, status, unlock, use_keyring
from workstation.doors.services import OpenCore
from workstation.errors import Refused

if TYPE_CHECKING:
    from workstation.doors import Commands

NEW_PASSPHRASE_VARIABLE = "LYSKASSE_NEW_PASSPHRASE"
SURE = "ERASE"


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "key",
        help="the key of what is stored here",
        description="What is stored is encrypted. status: how its key is kept. set-passphrase: set or change a passphrase, "
        f"read from {NEW_PASSPHRASE_VARIABLE} or asked for; the one that holds now is read from {PASSPHRASE_VARIABLE} or asked "
        "for. use-keyring: keep the key in the keyring of this computer. erase: destroy the key, so that nobody can read "
        "what is stored here any more, reports that were not delivered included.",
    )
    parser.add_argument("what", choices=("status", "set-passphrase", "use-keyring", "erase"))
    parser.add_argument("--yes", action="store_true", help="erase without asking")
    parser.add_argument("--json", action="store_true", help="write the result as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, open_core: OpenCore) -> int:
    """Raises Refused when the key cannot be opened, a passphrase is too short, or nobody confirms."""
    core = open_core()
    folders, settings = core.folders, core.settings
    ask = ask_in_terminal if _is_asked() else None
    try:
        if args.what == "erase":
            _make_sure(args.yes)
            return _tell(erase(folders), {"erased": True}, args.json)
        if args.what == "status":
            found = status(folders, settings.at_rest)
        else:
            unlock(folders, settings, ask)  # makes the key of a machine that has none yet
            found = use_keyring(folders, ask) if args.what == "use-keyring" else set_passphrase(folders, _new_passphrase(), ask)
        return _tell(found.words, _as_json(found), args.json)
    finally:
        core.close()


def ask_in_terminal(reason: str) -> str:
    """Empty when the user gives up."""
    import getpass

    try:
        return getpass.getpass(f"{reason}. Passphrase: ")
    except EOFError:
        return ""


def _new_passphrase() -> str:
    given = os.environ.get(NEW_PASSPHRASE_VARIABLE, "")
    if given or not _is_asked():
        return given
    first = ask_in_terminal("The new passphrase")
    if ask_in_terminal("The same again") != first:
        raise Refused("The two are not the same", "The passphrase was not changed", "Try again")
    return first


def _make_sure(is_sure: bool) -> None:
    if is_sure:
        return
    question = f"Nobody will be able to read what is stored here, undelivered reports included. Type {SURE} to go on: "
    if not _is_asked():
        raise Refused("Nothing was erased", "Nobody is there to confirm it", "Give --yes")
    print(question, end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip() != SURE:
        raise Refused("Nothing was erased", f"{SURE} was not typed")


def _is_asked() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _as_json(found: KeyStatus) -> dict[str, object]:
    return {"encrypts": found.is_sealing, "ways": list(found.ways)}


def _tell(words: Sequence[str], values: dict[str, object], as_json: bool) -> int:
    print(json.dumps({**values, "words": list(words)}, indent=1) if as_json else "\n".join(words))
    return 0
