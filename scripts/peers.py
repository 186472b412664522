"""Say which peers of `make interop` are here, one line each, and how to install the others.

The exit status is 0 even when a peer is missing, because its tests are then skipped by name;
with PASSERELLE_NO_SKIP=1, as CI runs it, what is missing makes it 1.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT: Final = Path(__file__).resolve().parent.parent
SECONDS: Final = 20
# Other people's FHIR clients: environments of their own, which `make peers` builds.
CLIENTS: Final = ROOT / ".venv-peers" / "bin"
NODE_MODULES: Final = ROOT / "tests" / "interop" / "clients" / "node" / "node_modules"
NODE_HL7_MODULES: Final = NODE_MODULES.parent.parent / "node-hl7" / "node_modules"
NODE_DIMSE_MODULES: Final = NODE_MODULES.parent.parent / "node-dimse" / "node_modules"
BROWSER_MODULES: Final = NODE_MODULES.parent.parent / "browser" / "node_modules"
OHIF: Final = ROOT / ".ohif"
INSTALL_CLIENTS: Final = "missing: make peers"
PYTHON_CLIENTS: Final = (
    "dicomweb_client",
    "fhir_pyrate",
    "fhirclient",
    "fhirpy",
    "pyrofile_validator",
    "schemathesis",
    "sekmet_fhir",
)
NODE_CLIENTS: Final = ("@medplum/core", "fhir-kit-client", "fhirclient")
BROWSER_CLIENTS: Final = ("playwright-core",)
NODE_HL7_CLIENTS: Final = ("@medplum/hl7", "simple-hl7")
NODE_DIMSE_CLIENTS: Final = ("dcmjs-dimse",)
# Debian keeps daemons and PostgreSQL's own programs outside the PATH of a user.
_ELSEWHERE: Final = ("/usr/sbin", "/usr/local/sbin")
_POSTGRESQL: Final = Path("/usr/lib/postgresql")


@dataclass(frozen=True, slots=True)
class Program:
    """A program of a Debian package, and what makes it tell its version."""

    name: str
    package: str
    asks: tuple[str, ...] = ("--version",)


PROGRAMS: Final = (
    Program("initdb", "postgresql"),
    Program("storescu", "dcmtk"),
    Program("echoscu", "dcmtk"),
    Program("storescp", "dcmtk"),
    Program("dcmdump", "dcmtk"),
    Program("dcmodify", "dcmtk"),
    Program("Orthanc", "orthanc"),
    Program("dciodvfy", "dicom3tools"),
    Program("pdftotext", "poppler-utils", ("-v",)),
    Program("chromium", "chromium"),
    Program("node", "nodejs"),
    Program("npm", "npm"),
)


def find(name: str) -> str | None:
    """Return the path of a peer's program, or None."""
    if name == "initdb":
        found = sorted(_POSTGRESQL.glob("*/bin/initdb"), key=_release)
        if found:
            return str(found[-1])
    return shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", ""), *_ELSEWHERE)))


def _release(path: Path) -> float:
    number = path.parts[-3]
    return float(number) if re.fullmatch(r"\d+(\.\d+)?", number) else 0.0


def install(name: str) -> str:
    """Return the words that say how to get a program."""
    package = next(program.package for program in PROGRAMS if program.name == name)
    return f"missing: apt-get install {package}"


def corpus() -> Path | None:
    """Return the directory of the sample messages and images, or None."""
    shared = Path(os.environ.get("GATEWAY_SHARED", ROOT.parent / "shared"))
    return shared / "corpus" if (shared / "corpus").is_dir() else None


def _version(path: str, asks: tuple[str, ...]) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - a program found above, asked for its version
            [path, *asks], capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return "there, but it does not tell its version"
    found = re.search(r"v?(\d+\.\d+(\.\d+)*)", done.stdout + done.stderr)
    return found.group(1) if found else "there"


def _programs() -> list[tuple[str, str | None, str]]:
    told = []
    for program in PROGRAMS:
        path = find(program.name)
        version = _version(path, program.asks) if path else None
        told.append((program.name, version, install(program.name)))
    return told


def _clients() -> list[tuple[str, str | None, str]]:
    told = []
    for name in PYTHON_CLIENTS:
        found = sorted(CLIENTS.parent.glob(f"lib/python*/site-packages/{name}-*.dist-info"))
        version = found[-1].name.split("-")[1].removesuffix(".dist") if found else None
        told.append((f"{name} (PyPI)", version, INSTALL_CLIENTS))
    npm = [(NODE_MODULES, name) for name in NODE_CLIENTS]
    npm += [(NODE_HL7_MODULES, name) for name in NODE_HL7_CLIENTS]
    npm += [(NODE_DIMSE_MODULES, name) for name in NODE_DIMSE_CLIENTS]
    npm += [(BROWSER_MODULES, name) for name in BROWSER_CLIENTS]
    for modules, name in npm:
        described = modules / name / "package.json"
        known = described.is_file()
        version = json.loads(described.read_text("utf-8"))["version"] if known else None
        told.append((f"{name} (npm)", version, INSTALL_CLIENTS))
    return told


def main(say: Callable[[str], None] = print) -> int:
    """Say one line a peer and return the exit status."""
    place = corpus()
    words = "missing: set GATEWAY_SHARED to the directory that holds corpus/"
    peers = [*_programs(), *_clients(), ("corpus", "there" if place else None, words)]
    for name, version, missing in peers:
        say(f"{name:<26}{missing if version is None else version}")
    complete = all(version is not None for _, version, _ in peers)
    return 0 if complete or os.environ.get("PASSERELLE_NO_SKIP") != "1" else 1


if __name__ == "__main__":
    sys.exit(main())
