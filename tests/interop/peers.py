"""How a test calls a peer's program, and reads back from the gateway what came of it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

import pytest

from gateway.fhir.datatypes import stable_id
from scripts.peers import find, install

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.process import GatewayProcess

T = TypeVar("T")

HOST = "127.0.0.1"
SECONDS = 60.0
# What the doors of this path write.
TYPES = (
    "AllergyIntolerance",
    "Appointment",
    "Binary",
    "Communication",
    "Condition",
    "Consent",
    "Coverage",
    "DiagnosticReport",
    "DocumentReference",
    "Encounter",
    "Endpoint",
    "ImagingStudy",
    "Location",
    "Media",
    "MedicationAdministration",
    "Observation",
    "Organization",
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "Procedure",
    "Provenance",
    "RelatedPerson",
    "Schedule",
    "ServiceRequest",
    "Slot",
    "Task",
)


def program(name: str) -> str:
    """Return where a peer's program is; its test is skipped by name where it is not."""
    path = find(name)
    if path is None:
        pytest.skip(f"{name} is {install(name)}")
    return path


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def mllp_send(gateway: GatewayProcess, path: Path) -> list[list[str]]:
    """Send the message of a file with python-hl7 and return the segments of its answer."""
    sender = Path(sys.executable).with_name("mllp_send")
    # Without --loose it only takes files that are framed already.
    done = run(sender, "--loose", "--file", path, "--port", str(gateway.mllp), HOST)
    assert (done.returncode, done.stderr) == (0, "")
    # str.splitlines takes the frame (VT, FS) for ends of lines too.
    return [segment.split("|") for segment in done.stdout.splitlines() if segment.strip()]


def storescu(gateway: GatewayProcess, *paths: Path, proposing: str = "-xe") -> str:
    """Send files with DCMTK and return what it said; its exit status must be 0."""
    done = run(
        program("storescu"),
        "-v",
        "-R",
        proposing,
        "-aec",
        "GATEWAY",
        HOST,
        str(gateway.dicom),
        *paths,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def search(gateway: GatewayProcess, kind: str, **parameters: str) -> list[dict[str, Any]]:
    """Return what a FHIR search finds, as whole resources without what the store stamps."""
    asked = urlencode({name.replace("__", ":"): value for name, value in parameters.items()})
    bundle = gateway.get(f"/fhir/{kind}?_count=1000&{asked}")
    return [unstamped(entry["resource"]) for entry in portless(gateway, bundle).get("entry", [])]


def portless(gateway: GatewayProcess, bundle: dict[str, Any]) -> dict[str, Any]:
    """Return the bundle with one name for its DICOMweb endpoint, whatever port it is at."""
    address = f"http://{HOST}:{gateway.http}/dicom-web"
    name = stable_id("Endpoint", "urn:passerelle:endpoint", "dicom-web")
    told = json.dumps(bundle).replace(address, "http://gateway.example/dicom-web")
    replaced: dict[str, Any] = json.loads(told.replace(name, "dicom-web"))
    return replaced


def unstamped(resource: dict[str, Any]) -> dict[str, Any]:
    """Return a resource without its version and time, which are the store's."""
    stamps = ("versionId", "lastUpdated")
    meta = {name: part for name, part in resource["meta"].items() if name not in stamps}
    rest = {name: part for name, part in resource.items() if name != "meta"}
    return {**rest, "meta": meta} if meta else rest


def held(gateway: GatewayProcess) -> dict[str, dict[str, Any]]:
    """Return all that the gateway holds, by `Type/id`."""
    found = (one for kind in TYPES for one in search(gateway, kind))
    return {f"{one['resourceType']}/{one['id']}": one for one in found}


def versions(gateway: GatewayProcess) -> dict[str, str]:
    """Return the current version of all that the gateway holds, by `Type/id`."""
    bundles = (gateway.get(f"/fhir/{kind}?_count=1000") for kind in TYPES)
    resources = [entry["resource"] for bundle in bundles for entry in bundle.get("entry", [])]
    return {f"{one['resourceType']}/{one['id']}": one["meta"]["versionId"] for one in resources}


def eventually(look: Callable[[], T], seconds: float = 20.0) -> T:
    """Return what `look` gives once it gives something."""
    deadline = time.monotonic() + seconds
    while not (seen := look()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return seen
