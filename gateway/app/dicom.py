"""The services of the DICOM door beyond storage, built from the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.delivery.holdings import Holdings
from gateway.dimse.services import query_retrieve

if TYPE_CHECKING:
    from gateway.app.assembly import Foundation
    from gateway.dimse.services import Services


def dicom_services(base: Foundation) -> Services:
    """Return which service answers which command of which SOP class."""
    settings = base.settings
    return query_retrieve(
        Holdings(base.store, base.objects),
        settings.dicom_ae_title,
        settings.peers.dicom_destinations,
        settings.peers.dicom_charsets,
    )
