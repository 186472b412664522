"""Orthanc on SQLite, as Debian ships it; every peer may store, files are flushed to the disk."""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench.process import HOST, Running, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

AE_TITLE: Final = "ORTHANC"
_PLUGINS: Final = Path("/usr/share/orthanc/plugins")


@dataclass(frozen=True, slots=True)
class Server:
    """The ports that it listens on, and its process."""

    dicom: int
    http: int
    pid: int

    @property
    def dicomweb(self) -> str:
        """The DICOMweb root."""
        return f"http://{HOST}:{self.http}/dicom-web"


def why_not() -> str:
    """Say why it cannot be started, or nothing."""
    return "" if shutil.which("Orthanc") else "Orthanc is not installed here."


@contextmanager
def serving(place: Path) -> Iterator[Server]:
    """Serve it with its files in `place`; the DICOMweb plugin is loaded where it is installed."""
    place.mkdir(parents=True)
    dicom, http = free_port(), free_port()
    settings = {
        "StorageDirectory": str(place / "storage"),
        "IndexDirectory": str(place / "storage"),
        "SyncStorageArea": True,
        "DicomPort": dicom,
        "DicomAet": AE_TITLE,
        "HttpPort": http,
        "AuthenticationEnabled": False,
        "Plugins": [str(one) for one in _PLUGINS.glob("*DicomWeb*.so")],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
        "ConcurrentJobs": 2,
    }
    written = place / "orthanc.json"
    written.write_text(json.dumps(settings), "utf-8")
    with Running(["Orthanc", str(written)], place / "orthanc.log") as running:
        running.wait_for(dicom, http)
        yield Server(dicom, http, running.pid)
