"""What an object holds, as a row for scripts and a line for people."""

from __future__ import annotations

from typing import Any

from rendering.objects.concepts import unit_text, value_name
from rendering.objects.facts import Finding, ObjectFacts
from rendering.objects.value_maps import unit_name


def row_of(facts: ObjectFacts) -> dict[str, Any]:
    """JSON-able: counts, names and values. Text is the object's own."""
    row: dict[str, Any] = {
        "sop_instance_uid": facts.sop_instance_uid,
        "kind": facts.kind.value,
        "label": facts.label,
        "creator": facts.creator,
        "made": facts.made,
        "images": len({one.sop_instance_uid for one in facts.images}),
        "holds": words_of(facts),
        "unread": list(facts.unread),
    }
    if facts.report is not None:
        row["title"] = facts.report.title.text
        row["lines"] = ["  " * line.depth + line.text for line in facts.report.lines]
        row["findings"] = [_finding(one) for one in facts.report.findings]
    if facts.key_objects is not None:
        row["rejects"] = facts.key_objects.rejects
    if facts.segmentation is not None:
        row["segments"] = [
            {
                "number": s.number,
                "label": s.label,
                "type": s.property_type.text,
                "colour": s.colour,
                "algorithm": s.algorithm_name,
            }
            for s in facts.segmentation.segments
        ]
    if facts.structure_set is not None:
        row["structures"] = [
            {"number": s.number, "name": s.name, "colour": s.colour, "contours": len(s.contours)}
            for s in facts.structure_set.structures
        ]
    return row


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "tracking": finding.tracking_id,
        "finding": finding.finding.text if finding.finding else "",
        "sites": [site.text for site in finding.sites],
        "values": [{"name": value_name(v.name), "value": v.value, "unit": unit_text(v.unit)} for v in finding.values],
        "regions": [region.kind for region in finding.regions],
    }


def words_of(facts: ObjectFacts) -> str:
    """One line: what is in it and how much."""
    parts = [facts.kind.value]
    if facts.presentation is not None:
        state = facts.presentation
        drawn = len(state.graphics) + len(state.texts)
        parts += [_counted(drawn, "drawing"), *(["inverted"] if state.inverse else []), *(["shutter"] if state.shutter else [])]
        parts += [f"turned {state.rotation}°"] if state.rotation else []
        parts += ["flipped"] if state.flipped else []
        parts += [f"window {w.center:g}/{w.width:g}" for one in state.windows[:1] for w in one.windows[:1]]
    elif facts.key_objects is not None:
        parts += [facts.key_objects.title.text, *([facts.key_objects.rejects] if facts.key_objects.rejects else [])]
    elif facts.report is not None:
        parts += [
            facts.report.title.text,
            _counted(len(facts.report.lines), "line"),
            _counted(len(facts.report.findings), "finding"),
        ]
    elif facts.segmentation is not None:
        parts += [facts.segmentation.kind.lower(), *(s.label or s.property_type.text for s in facts.segmentation.segments)]
    elif facts.value_mappings:
        parts += [f"{unit_name(one)} {one.slope:g}" if one.slope is not None else unit_name(one) for one in facts.value_mappings]
    elif facts.structure_set is not None:
        parts += [structure.name for structure in facts.structure_set.structures]
    return ", ".join(
        part for part in (*parts, "of " + _counted(len({i.sop_instance_uid for i in facts.images}), "image")) if part
    )


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
