"""Killed fifty times under load of all three doors, the gateway loses and doubles nothing."""

from __future__ import annotations

import gc
import http.client
import os
import random
import re
import threading
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from pynetdicom import AE

from gateway.errors import GatewayError
from gateway.mllp.client import Client
from tests.e2e.mailbox import Mailbox
from tests.e2e.process import GatewayProcess

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import EmailMessage
    from pathlib import Path

KILLS = int(os.environ.get("PASSERELLE_TEST_KILLS", "50"))
# Between two messages of one sender: enough for a kill to find all doors at work.
PAUSE = 0.04
# Before a sender tries again to reach a gateway that is starting.
AWAY = 0.1
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
RPPS = "10000023084"

REPORT = (
    "MSH|^~\\&|RIS|CENTRE|GW|GW|20260110101500||ORU^R01^ORU_R01|R{n}|P|2.5|||||FRA|UNICODE UTF-8\r"
    "PID|1||IPP{p}^^^RISNS^PI||DURAND^Zoé^^^^^L||19800101|F\r"
    "ORC|RE|PL{n}^EHR|FI{n}^RIS\r"
    "OBR|1|PL{n}^EHR|FI{n}^RIS|30620-9^CT rachis^LN|||20260110093000|||||||||"
    "10000023084^AGNES^Isabelle^^^^^^ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO^L^^^RPPS||ACC{n}||||"
    "20260110101400||CT|F\r"
    "OBX|1|TX|19005-8^Conclusion^LN||Pas de fracture ({n}).||||||F\r"
)


class Load:
    """Senders that behave as real ones: what was not acknowledged is sent again, unchanged."""

    def __init__(self, gateway: GatewayProcess) -> None:
        self.gateway = gateway
        self.stop = threading.Event()
        self.reports: list[int] = []
        self.patients: list[str] = []
        self.instances: list[str] = []
        self.study = generate_uid()
        self.series = generate_uid()
        self.faults: list[Exception] = []
        work = (lambda: self._send_reports(0), lambda: self._send_reports(1))
        self.threads = [
            threading.Thread(target=self._run, args=(one,), daemon=True)
            for one in (*work, self._create, self._store)
        ]

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as fault:  # noqa: BLE001 - told at the end, where the test can fail
            self.faults.append(fault)

    def _send_reports(self, first: int) -> None:
        number = first
        while not self.stop.is_set():
            try:
                with Client("127.0.0.1", self.gateway.mllp, 10) as client:
                    while not self.stop.is_set():
                        answer = client.send(REPORT.format(n=number, p=number % 7).encode())
                        assert answer.code == "AA", answer
                        self.reports.append(number)
                        number += 2
                        time.sleep(PAUSE)
            except (GatewayError, OSError):
                time.sleep(AWAY)

    def _create(self) -> None:
        number = 0
        while not self.stop.is_set():
            patient = {
                "resourceType": "Patient",
                "id": f"e2e-{number}",
                "name": [{"family": f"Martin{number}"}],
            }
            try:
                status, _ = self.gateway.send("PUT", f"/fhir/Patient/e2e-{number}", patient)
            except (urllib.error.URLError, http.client.HTTPException, OSError):
                # An answer cut short is no acknowledgement.
                time.sleep(AWAY)
                continue
            assert status in (200, 201)
            self.patients.append(f"e2e-{number}")
            number += 1
            time.sleep(PAUSE)

    def _store(self) -> None:
        client = AE()
        client.add_requested_context(SECONDARY_CAPTURE, ExplicitVRLittleEndian)
        instance = self._instance()
        while not self.stop.is_set():
            association = client.associate("127.0.0.1", self.gateway.dicom)
            if not association.is_established:
                time.sleep(AWAY)
                continue
            while not self.stop.is_set() and association.is_established:
                try:
                    status = association.send_c_store(instance)
                except (RuntimeError, ValueError):
                    break
                if "Status" in status and status.Status == 0:
                    self.instances.append(instance.SOPInstanceUID)
                    instance = self._instance()
                    time.sleep(PAUSE)
            association.abort()

    def _instance(self) -> Dataset:
        made = Dataset()
        made.file_meta = FileMetaDataset()
        made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        made.SOPClassUID = SECONDARY_CAPTURE
        made.SOPInstanceUID = generate_uid()
        made.StudyInstanceUID, made.SeriesInstanceUID = self.study, self.series
        made.PatientID, made.PatientName, made.Modality = "KILL", "KILL^TEST", "OT"
        made.Rows = made.Columns = 16
        made.BitsAllocated = made.BitsStored = 8
        made.HighBit, made.SamplesPerPixel, made.PixelRepresentation = 7, 1, 0
        made.PhotometricInterpretation = "MONOCHROME2"
        made.PixelData = bytes(256)
        return made


def delivered(gateway: GatewayProcess) -> bool:
    with urllib.request.urlopen(f"http://127.0.0.1:{gateway.http}/metrics", timeout=20) as answer:
        told = answer.read().decode()
    states = dict(re.findall(r'^gateway_deliveries\{state="(\w+)"\} (\S+)$', told, re.MULTILINE))
    return {state for state, number in states.items() if float(number)} == {"sent"}


# pynetdicom leaves its socket open when the peer is killed.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.timeout(900)
def test_every_acknowledged_thing_is_there_once_after_fifty_kills(tmp_path: Path) -> None:
    _play(tmp_path)
    # The sockets that pynetdicom left open are closed here, where that is no fault of ours.
    gc.collect()


def _play(tmp_path: Path) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")  # noqa: T201 - to play a failure again
    chance = random.Random(seed)
    with Mailbox() as mailbox:
        gateway = GatewayProcess(
            tmp_path / "data",
            {
                "GATEWAY_SMTP_URL": f"smtp://127.0.0.1:{mailbox.port}",
                "GATEWAY_MAIL_FROM": "gateway@centre.example",
            },
        )
        gateway.data.mkdir()
        (gateway.data / "gateway.toml").write_text(
            f'[recipients]\n"{RPPS}" = "dr.agnes@medecin.example"\n', "utf-8"
        )
        load = Load(gateway.start())
        for thread in load.threads:
            thread.start()
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.05, 0.9))
            gateway.kill()
            gateway.start()
        time.sleep(1)
        load.stop.set()
        for thread in load.threads:
            thread.join(30)
        _check(gateway, load, mailbox)
        assert gateway.stop() == 0


def _check(gateway: GatewayProcess, load: Load, mailbox: Mailbox) -> None:
    assert load.faults == []
    # Enough of each that kills found every door at work, however slow a reconnecting sender is.
    assert min(len(load.reports), len(load.patients), len(load.instances)) >= KILLS // 5
    for number in load.reports:
        found = gateway.get(
            f"/fhir/DiagnosticReport?identifier=urn:passerelle:namespace:RIS|FI{number}"
        )
        versions = [entry["resource"]["meta"]["versionId"] for entry in found["entry"]]
        assert versions == ["1"], number
    for patient in load.patients:
        assert gateway.get(f"/fhir/Patient/{patient}")["meta"]["versionId"] == "1"
    _wait(lambda: _held(gateway, load) >= set(load.instances), 60)
    _wait(lambda: delivered(gateway), 240)
    # One letter a report; a second copy only of what was under way at a kill.
    told = {number for mail in mailbox.mails for number in _told(mail)}
    assert told == set(load.reports)
    doubled = sum(count - 1 for count in mailbox.received.values())
    assert doubled <= KILLS * 4


def _told(mail: EmailMessage) -> list[int]:
    text = mail.get_body(("plain",))
    assert text is not None
    return [int(number) for number in re.findall(r"Pas de fracture \((\d+)\)", text.get_content())]


def _held(gateway: GatewayProcess, load: Load) -> set[str]:
    found = gateway.get(f"/fhir/ImagingStudy?identifier=urn:dicom:uid|urn:oid:{load.study}")
    listed = [
        instance["uid"]
        for entry in found.get("entry", [])
        for series in entry["resource"]["series"]
        for instance in series["instance"]
    ]
    assert len(listed) == len(set(listed))
    return set(listed)


def _wait(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.3)
