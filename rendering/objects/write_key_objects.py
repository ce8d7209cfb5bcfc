"""Key Object Selection documents of ours (PS3.3 A.35.4, PS3.16 TID 2010)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pydicom.dataset import Dataset

from rendering.header import ImageHeader
from rendering.objects import content_items as items
from rendering.objects.facts import ObjectContext
from rendering.objects.references import Code
from rendering.objects.write_plan import FIRST, Author, Earlier, Joining, Written
from rendering.objects.writing import begin, checked, code_item, content, finish
from workstation.domain import key_image

KEY_OBJECT_SELECTION = "1.2.840.10008.5.1.4.1.1.88.59"
OF_INTEREST = Code(key_image.OF_INTEREST, "DCM", key_image.TITLES[key_image.OF_INTEREST])
TITLES = {meaning.lower(): Code(value, "DCM", meaning) for value, meaning in key_image.TITLES.items()}
"""Titles of CID 7010 that a reader may choose, by their meanings in small letters."""
REJECTED = Code("113001", "DCM", "Rejected for Quality Reasons")
TITLE_MODIFIER = Code("113011", "DCM", "Document Title Modifier")
# CID 7011 knows causes in scanners only, and this one.
REASON = Code("111220", "DCM", "Other failure")
TAKEN_BACK = "Taken back by the reader: not key images any more"
DESCRIPTION = Code("113012", "DCM", "Key Object Description")


def write_kos(
    context: ObjectContext,
    author: Author,
    images: Sequence[tuple[ImageHeader, tuple[int, ...]]],
    title: Code = OF_INTEREST,
    description: str = "",
    joining: Joining = FIRST,
) -> Written:
    """The selection of these images, each with its frames (1-based, empty for all). Raises Refused."""
    headers = tuple(header for header, _ in images)
    checked(headers, context)
    ds = _document(context, author, title, joining)
    items.set_evidence(ds, headers, context.study_uid)
    children = [items.code(items.HAS_MODIFIER, items.LANGUAGE, items.ENGLISH), *items.observer(author)]
    description = ", ".join(part for part in (description, joining.words) if part)
    if description:
        children.append(items.text(items.CONTAINS, DESCRIPTION, description))
    children += [items.image(items.CONTAINS, header, frames) for header, frames in images]
    ds.ContentSequence = children
    return finish(ds)


def write_withdrawal(context: ObjectContext, author: Author, earlier: Sequence[Earlier], joining: Joining) -> Written:
    """A rejection note for selections of ours that do not hold any more (IHE RAD IOCM, TID 2010).

    An archive that follows it shows them no more; programs that know nothing of it read why in its description.
    """
    ds = _document(context, author, REJECTED, joining)
    items.set_evidence_of(ds, earlier, context.study_uid)
    ds.ContentSequence = [
        items.code(items.HAS_MODIFIER, TITLE_MODIFIER, REASON),
        items.code(items.HAS_MODIFIER, items.LANGUAGE, items.ENGLISH),
        *items.observer(author),
        items.text(items.CONTAINS, DESCRIPTION, TAKEN_BACK),
        *(items.composite(items.CONTAINS, one) for one in earlier),
    ]
    return replace(finish(ds), is_empty=True)


def _document(context: ObjectContext, author: Author, title: Code, joining: Joining) -> Dataset:
    """What every selection begins with, without its evidence and its content tree."""
    ds = begin(context, author, "KO", KEY_OBJECT_SELECTION, "Key images", joining)
    content(ds, author)
    ds.ReferencedPerformedProcedureStepSequence = []
    ds.ValueType, ds.ContinuityOfContent = "CONTAINER", "SEPARATE"
    ds.ConceptNameCodeSequence = [code_item(title)]
    ds.ContentTemplateSequence = [items.template_item("2010")]
    return ds
