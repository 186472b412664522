"""`scripts/peers.py` says what is missing and how to install it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scripts import peers

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine on which nothing is installed."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("GATEWAY_SHARED", str(tmp_path))
    monkeypatch.setattr(peers, "_ELSEWHERE", ())
    monkeypatch.setattr(peers, "_POSTGRESQL", tmp_path)
    monkeypatch.setattr(peers, "CLIENTS", tmp_path / "venv" / "bin")
    monkeypatch.setattr(peers, "NODE_MODULES", tmp_path / "node_modules")
    monkeypatch.setattr(peers, "BROWSER_MODULES", tmp_path / "browser_modules")
    monkeypatch.setattr(peers, "NODE_HL7_MODULES", tmp_path / "node_hl7_modules")
    monkeypatch.setattr(peers, "NODE_DIMSE_MODULES", tmp_path / "node_dimse_modules")


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(("no_skip", "status"), [("", 0), ("1", 1)])
def test_what_is_missing_is_named_with_its_package(
    no_skip: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_NO_SKIP", no_skip)
    said: list[str] = []

    assert peers.main(said.append) == status
    assert said == [
        "initdb                    missing: apt-get install postgresql",
        "storescu                  missing: apt-get install dcmtk",
        "echoscu                   missing: apt-get install dcmtk",
        "storescp                  missing: apt-get install dcmtk",
        "dcmdump                   missing: apt-get install dcmtk",
        "dcmodify                  missing: apt-get install dcmtk",
        "Orthanc                   missing: apt-get install orthanc",
        "dciodvfy                  missing: apt-get install dicom3tools",
        "pdftotext                 missing: apt-get install poppler-utils",
        "chromium                  missing: apt-get install chromium",
        "node                      missing: apt-get install nodejs",
        "npm                       missing: apt-get install npm",
        "dicomweb_client (PyPI)    missing: make peers",
        "fhir_pyrate (PyPI)        missing: make peers",
        "fhirclient (PyPI)         missing: make peers",
        "fhirpy (PyPI)             missing: make peers",
        "pyrofile_validator (PyPI) missing: make peers",
        "schemathesis (PyPI)       missing: make peers",
        "sekmet_fhir (PyPI)        missing: make peers",
        "@medplum/core (npm)       missing: make peers",
        "fhir-kit-client (npm)     missing: make peers",
        "fhirclient (npm)          missing: make peers",
        "@medplum/hl7 (npm)        missing: make peers",
        "simple-hl7 (npm)          missing: make peers",
        "dcmjs-dimse (npm)         missing: make peers",
        "playwright-core (npm)     missing: make peers",
        "corpus                    missing: set GATEWAY_SHARED to the directory that holds corpus/",
    ]


def test_what_is_there_is_named_with_its_version(
    bare: None,  # noqa: ARG001 - only this program is installed
    tmp_path: Path,
) -> None:
    program = tmp_path / "storescu"
    program.write_text("#!/bin/sh\necho '$dcmtk: storescu v3.6.7 2022-04-22 $'\n", "utf-8")
    program.chmod(0o755)
    said: list[str] = []
    peers.main(said.append)

    assert said[1] == "storescu                  3.6.7"


def test_clients_that_are_there_are_named_with_their_version(
    bare: None,  # noqa: ARG001 - only these clients are installed
    tmp_path: Path,
) -> None:
    (tmp_path / "venv" / "lib" / "python3.11" / "site-packages" / "fhirpy-2.3.1.dist-info").mkdir(
        parents=True
    )
    package = tmp_path / "node_modules" / "fhirclient" / "package.json"
    package.parent.mkdir(parents=True)
    package.write_text('{"version": "2.6.3"}', "utf-8")
    said: list[str] = []
    peers.main(said.append)

    assert [line.split() for line in said if "missing" not in line] == [
        ["fhirpy", "(PyPI)", "2.3.1"],
        ["fhirclient", "(npm)", "2.6.3"],
    ]
