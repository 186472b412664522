"""Everything that is held of one study, to FHIR: the study, its documents, what was rejected."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from gateway.dicom import attributes as tag
from gateway.dicom.document import read_document
from gateway.dicom.json_model import text
from gateway.dicom.sop_classes import ObjectKind, kind_of
from gateway.errors import GatewayError, Issue
from gateway.fhir.wire import loads
from gateway.mapping.dicom.documents import map_document
from gateway.mapping.dicom.key_objects import (
    REJECTIONS,
    SeriesFacts,
    description,
    is_manifest,
    library,
    references_of,
)
from gateway.mapping.dicom.sr.source import Source
from gateway.mapping.dicom.study import Context, Manifest, StudyInstance, map_study
from gateway.mapping.entry import Entry, Mapped, Write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.mapping.dicom.study import HeldInstance

# What a French manifest says of a series in (113012): "Série-<uid> : CT @ : Axial".
_FRENCH_SERIES: Final = re.compile(r"S.rie-([0-9.]+) : ?(\w*) ?@ ?:? ?([^\n]*)")


@dataclass(frozen=True, slots=True)
class Rejection:
    """A rejection note, and the objects that nobody shall see any more, itself among them."""

    note: str
    instances: tuple[str, ...]
    # What the study is when nothing else is left of it.
    status: str


@dataclass(frozen=True, slots=True)
class MappedStudy:
    """The study, then each of its documents; the entries of a document refer to those of it."""

    study: Mapped
    documents: tuple[Mapped, ...] = ()
    rejections: tuple[Rejection, ...] = ()


def map_held(
    instances: Sequence[HeldInstance], files: Mapping[str, bytes], context: Context
) -> MappedStudy:
    """Map a study; `files` are the documents among its objects, by SOP Instance UID."""
    selections = _selections(instances, files)
    rejections = tuple(found for one in selections if (found := _rejection(one)))
    hidden = {uid for one in rejections for uid in one.instances}
    seen = [one for one in instances if one.sop_uid not in hidden]
    manifests = [_manifest(one) for one in selections if is_manifest(one.root)]
    status = rejections[-1].status if rejections and not seen else ""
    study = map_study(
        [StudyInstance(loads(one.header), one.calling_ae) for one in seen or instances],
        replace(context, manifests=tuple(manifests), emptied=status),
    )
    documents = [
        _document(files[one.sop_uid], study, rejected=one.sop_uid in hidden)
        for one in instances
        if one.sop_uid in files
    ]
    return MappedStudy(study, tuple(documents), rejections)


def _selections(instances: Sequence[HeldInstance], files: Mapping[str, bytes]) -> list[Source]:
    found = []
    for one in instances:
        if kind_of(one.sop_class) is ObjectKind.KEY_OBJECTS and one.sop_uid in files:
            try:
                found.append(Source(read_document(files[one.sop_uid]), "", ""))
            except GatewayError:
                # Said where the document is mapped.
                continue
    return found


def _rejection(note: Source) -> Rejection | None:
    status = REJECTIONS.get(note.root.term)
    if status is None:
        return None
    uid = text(note.model, tag.SOP_INSTANCE_UID)
    rejected = [one.sop_instance for one in references_of(note.model)]
    return Rejection(uid, (*rejected, uid), status)


def _manifest(source: Source) -> Manifest:
    said = {
        uid: SeriesFacts(modality=code, description=words.strip())
        for uid, code, words in _FRENCH_SERIES.findall(description(source.root))
    }
    return Manifest(tuple(references_of(source.model)), {**said, **library(source.root)})


def _document(file: bytes, study: Mapped, *, rejected: bool) -> Mapped:
    try:
        mapped = map_document(file, study.subject or "", study.study or "")
    except GatewayError as refusal:
        issue = Issue(f"A document is held and not mapped: {refusal.text}", severity="warning")
        return Mapped(warnings=(replace(issue, code="structure"),))
    if not rejected:
        return mapped
    entries = tuple(_withdrawn(one) for one in mapped.entries if "status" in one.resource)
    return replace(mapped, entries=entries, objects=())


def _withdrawn(entry: Entry) -> Entry:
    """Return a resource of a rejected document as what it has become: said in error."""
    resource = {**entry.resource, "status": "entered-in-error"}
    return replace(entry, resource=resource, write=Write.ASSERT)
