"""`gateway manifest`: the DRIM-M manifest of a study, for the report that it goes with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

    from gateway.settings import Settings


def add_commands(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type private
    """Add `manifest`."""
    making = commands.add_parser("manifest", help="DRIM-M manifest (KOS) of a study that is held")
    making.add_argument("report", type=Path, help="the CDA report that it goes with")
    making.add_argument("file", type=Path, help="the DICOM file to write")
    making.add_argument("--study", default="", metavar="UID", help="when the report names none")
    making.add_argument("--institution", required=True, help="who writes it")
    making.add_argument("--structure", default="", help="its FINESS number")
    making.add_argument("--location", required=True, metavar="OID", help="Retrieve Location UID")
    making.set_defaults(run=run)


def run(settings: Settings, given: argparse.Namespace) -> int:
    """Write the manifest; nothing is written when report and images do not agree."""
    from gateway.app import assembly  # noqa: PLC0415 - other commands need none
    from gateway.hl7v2.datetimes import PARIS  # noqa: PLC0415 - as above
    from gateway.ingest.manifest import study_manifest  # noqa: PLC0415 - as above
    from gateway.mapping.to_dicom.manifest import Site  # noqa: PLC0415 - as above

    base = assembly.found(settings)
    site = Site(
        settings.dicomweb_url,
        given.location,
        given.institution,
        given.structure,
        settings.dicom_ae_title,
    )
    try:
        content = study_manifest(
            base.store,
            base.objects,
            given.report.read_bytes(),
            site,
            assembly.now().astimezone(PARIS),
            study_uid=given.study,
        )
    finally:
        base.close()
    given.file.write_bytes(content)
    print(f"{given.file}: {len(content)} bytes")
    return 0
