"""How the settings become a DICOM listener."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.access.callers import Callers
from gateway.app.certificates import certificates_of
from gateway.dimse.server import DimseServer

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.dimse.service_classes import Services
    from gateway.dimse.storage import Receive
    from gateway.settings import Settings


def open_server(
    settings: Settings, spool: Path, receive: Receive, services: Services
) -> DimseServer:
    """Return the listener, not yet bound; raises `SettingsError` for a bad certificate."""
    peers = settings.peers
    certificates = certificates_of(settings, "dicom")
    return DimseServer(
        settings.dicom_host,
        settings.dicom_port,
        ae_title=settings.dicom_ae_title,
        spool=spool,
        receive=receive,
        callers=Callers(peers.dicom_allow, settings.dicom_peers, peers.dicom_callers),
        max_associations=peers.dicom_associations,
        max_per_address=peers.dicom_associations_per_address,
        check_called=peers.dicom_check_called,
        idle_seconds=peers.dicom_idle_seconds,
        stall_seconds=peers.dicom_stall_seconds,
        services=services,
        tls=certificates.context if certificates else None,
        shared=settings.dicom_workers > 1,
    )
