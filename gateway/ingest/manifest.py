"""The DRIM-M manifest of a study that is held, for the report it goes with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.cda.header import read_header
from gateway.errors import NotFound, RequiredMissing
from gateway.fhir.wire import loads
from gateway.ingest.study import documents_of, held
from gateway.mapping.dicom.holding import map_held
from gateway.mapping.dicom.study import Context
from gateway.mapping.to_dicom.manifest import manifest

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.mapping.to_dicom.manifest import Site
    from gateway.store.api import Store
    from gateway.store.objects import Objects


def study_manifest(  # noqa: PLR0913 - a flow with its ports
    store: Store, objects: Objects, report: bytes, site: Site, at: datetime, *, study_uid: str = ""
) -> bytes:
    """Return the manifest of the study of a CDA report, a Part 10 file.

    The study is `study_uid`, else the one that the report names. What a rejection note hides is not
    listed. Raises `NotFound` when nothing is held of it, `RequiredMissing` and `Conflict` as
    `manifest` does.
    """
    uid = study_uid or read_header(report).study
    if not uid:
        message = "The report names no Study Instance UID: say which study is meant."
        raise RequiredMissing(message, expression="ImagingStudy.identifier")
    with store.transaction() as tx:
        instances = held(tx, uid)
    if not instances:
        message = "No object of the study is held."
        raise NotFound(message)
    rejections = map_held(instances, documents_of(objects, instances), Context()).rejections
    hidden = {one for rejection in rejections for one in rejection.instances}
    models = [loads(one.header) for one in instances if one.sop_uid not in hidden]
    return manifest(models, report, site, at)
