"""The services of the DICOM door beyond storage, built from the settings."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from gateway.app.assembly import now
from gateway.delivery.dicom_outgoing import DicomOutgoing
from gateway.delivery.holdings import Holdings
from gateway.delivery.schedule import Schedule
from gateway.dimse.service_classes import commitment, procedure_steps, query_retrieve, worklist
from gateway.ingest.procedure_step import ProcedureStepIngest
from gateway.ingest.worklist import WorklistIngest
from gateway.store.catalogue import Catalogue

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.app.assembly import Foundation
    from gateway.dimse.service_classes import Services

# Listed at a time while the door is idle; who asks earlier has it listed for himself.
_STUDIES: Final = 20
_RESTED: Final = timedelta(seconds=2)


def dicom_services(base: Foundation) -> Services:
    """Return which service answers which command of which SOP class."""
    peers, title = base.settings.peers, base.settings.dicom_ae_title
    catch_up = planning(base).catch_up
    outgoing = going_out(base)
    steps = ProcedureStepIngest(
        base.store,
        base.linking,
        accession_system=peers.accession_system,
        catch_up=catch_up,
        announce=outgoing.announce,
    )
    return {
        **query_retrieve(
            Holdings(base.store, base.objects),
            title,
            peers.dicom_destinations,
            peers.dicom_charsets,
        ),
        **worklist(Schedule(base.store, catch_up).entries, peers.dicom_charsets),
        **procedure_steps(steps),
        **commitment(outgoing),
    }


def going_out(base: Foundation) -> DicomOutgoing:
    """Return what queues deliveries by DICOM."""
    return DicomOutgoing(base.store, base.objects, base.settings.peers.dicom_destinations)


def planning(base: Foundation) -> WorklistIngest:
    """Return the flow of orders to the worklist."""
    return WorklistIngest(base.store, base.settings.peers.dicom_modalities)


def keep_current(base: Foundation) -> Callable[[], None]:
    """Return what an idle door does, so that nobody who asks must wait for it."""
    catalogue, planned = Catalogue(base.store), planning(base)

    def work() -> None:
        catalogue.catch_up(_STUDIES, rested=now() - _RESTED)
        planned.catch_up()

    return work
