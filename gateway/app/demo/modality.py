"""What a modality does: C-STORE of a study over one association."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from gateway.app.demo.missing import Missing
from gateway.app.demo.phantom import CT_IMAGE_STORAGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydicom.dataset import Dataset

_TIMEOUT_SECONDS: Final = 10


def store(objects: Sequence[Dataset], host: str, port: int) -> None:
    """Store all objects; raises `Missing` when one is not taken."""
    from pynetdicom.ae import ApplicationEntity  # noqa: PLC0415 - half a second, the demo's alone

    # What it has to say is said below, in French.
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)
    modality = ApplicationEntity("SCANNER_ILL")
    modality.acse_timeout = modality.dimse_timeout = modality.network_timeout = _TIMEOUT_SECONDS
    modality.connection_timeout = _TIMEOUT_SECONDS
    modality.add_requested_context(CT_IMAGE_STORAGE, objects[0].file_meta.TransferSyntaxUID)
    association = modality.associate(host, port, ae_title="GATEWAY")
    if not association.is_established:
        message = f"DICOM : la passerelle n'accepte pas l'association sur {host}:{port}."
        raise Missing(message)
    try:
        for image in objects:
            _store(association, image)
    finally:
        association.release()


def _store(association: object, image: Dataset) -> None:
    answer = association.send_c_store(image)  # type: ignore[attr-defined]  # pynetdicom is untyped
    status = answer.Status if "Status" in answer else None
    if status != 0:
        said = "pas de réponse" if status is None else f"statut {status:04X}"
        message = f"DICOM : une image n'est pas prise, {said}."
        raise Missing(message)
