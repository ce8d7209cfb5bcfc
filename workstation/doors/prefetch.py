"""`prefetch [--plan] [--once]`: what the worklist will need, and why; fetch it."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from workstation.archives.prefetch_plan import Plan
from workstation.archives.prefetch_state import PrefetchState
from workstation.cache.names import shown
from workstation.doors.services import OpenCore

if TYPE_CHECKING:
    from workstation.doors import Commands


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "prefetch",
        help="fetch what the worklist will need",
        description="Without an option: say what would be fetched, from which archive and why (as --plan). "
        "With --once: fetch it now, one study at a time. The rules are in prefetch.toml.",
    )
    parser.add_argument("--plan", action="store_true", help="say what would be fetched, and why")
    parser.add_argument("--once", action="store_true", help="fetch it, then end")
    parser.add_argument("--json", action="store_true", help="write JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, open_core: OpenCore) -> int:
    """0 when all that is due is here or could be planned, 1 when an archive was silent or a fetch failed."""
    with closing(open_core()) as core:
        prefetcher = core.prefetcher
        if core.settings_problem is not None:
            print(f"prefetch: {shown(str(core.settings_problem))}", file=sys.stderr)
        plan = prefetcher.plan() if args.plan or not args.once else None
        if plan is not None:
            print(json.dumps(_plan_json(plan), indent=1) if args.json else "\n".join(map(shown, plan.explain())))
        state = prefetcher.run_once() if args.once else prefetcher.state
        problems = prefetcher.problems
    if args.once:
        print(json.dumps(_state_json(state), indent=1) if args.json else _summary(state))
    for problem in problems:
        print(f"prefetch: {shown(problem)}", file=sys.stderr)
    return 1 if problems or state.failed or state.left else 0


def _summary(state: PrefetchState) -> str:
    words = f"{state.done} studies fetched, {state.failed} not whole, {state.left} left"
    return f"{words}: {shown(state.why)}" if state.left and state.why else words


def _state_json(state: PrefetchState) -> dict[str, Any]:
    return asdict(state) | {"phase": state.phase.value, "next_at": state.next_at.isoformat() if state.next_at else None}


def _plan_json(plan: Plan) -> dict[str, Any]:
    return {
        "rows": len(plan.rows),
        "studies": [
            {
                "study_uid": one.study_instance_uid,
                "archive": one.archive,
                "role": one.role.value,
                "row": one.row,
                "points": round(one.points, 2),
                "reasons": list(one.reasons),
            }
            for one in plan.studies
        ],
        "passed_over": [
            {"study_uid": p.found.study_instance_uid, "archive": p.found.archive, "why": p.why} for p in plan.passed_over
        ],
    }
