"""Objects other than images, by their kind: what becomes of them besides their place in a study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.dicom import attributes as tag
from gateway.dicom.document import read_document
from gateway.dicom.json_model import text
from gateway.dicom.sop_classes import ObjectKind, kind_of
from gateway.errors import Issue
from gateway.mapping.dicom.encapsulated import map_encapsulated
from gateway.mapping.dicom.key_objects import map_key_objects
from gateway.mapping.dicom.sr.densitometry import densities, is_densitometry
from gateway.mapping.dicom.sr.dose import dose_observations, is_dose_report
from gateway.mapping.dicom.sr.measurements import MOST, measurements
from gateway.mapping.dicom.sr.report import report_entry
from gateway.mapping.dicom.sr.source import Source
from gateway.mapping.entry import Mapped

if TYPE_CHECKING:
    from collections.abc import Callable

    Mapper = Callable[[Source, bytes], Mapped]


def is_document(sop_class: str) -> bool:
    """Whether objects of this class are read whole, and mapped besides their study."""
    return kind_of(sop_class) in _MAPPERS


def map_document(file: bytes, subject: str, study: str) -> Mapped:
    """Map one object, a Part 10 file; `subject` and `study` are the full urls of their entries.

    Raises `Malformed` when it cannot be read.
    """
    source = Source(read_document(file), subject, study)
    mapper = _MAPPERS.get(kind_of(text(source.model, tag.SOP_CLASS_UID)))
    return mapper(source, file) if mapper else Mapped()


def _structured_report(source: Source, _file: bytes) -> Mapped:
    if is_dose_report(source.root):
        found = dose_observations(source)
        return Mapped(entries=tuple(found[:MOST]), warnings=_too_many(len(found)))
    find = densities if is_densitometry(source.root) else measurements
    results = find(source)[:MOST]
    report, page = report_entry(source, results)
    return Mapped(
        entries=(*source.mentions(), *results, report),
        objects=(page,),
        report=report.full_url,
        warnings=_too_many(len(results) + 1),
    )


def _too_many(count: int) -> tuple[Issue, ...]:
    if count <= MOST:
        return ()
    sentence = f"The document holds more than {MOST} measurements: the others are left out."
    return (Issue(sentence, "Observation", severity="warning", code="too-long"),)


def _encapsulated(source: Source, _file: bytes) -> Mapped:
    return map_encapsulated(source)


_MAPPERS: Final[dict[ObjectKind, Mapper]] = {
    ObjectKind.STRUCTURED_REPORT: _structured_report,
    ObjectKind.KEY_OBJECTS: map_key_objects,
    ObjectKind.PDF: _encapsulated,
    ObjectKind.CDA: _encapsulated,
}
