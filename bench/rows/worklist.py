"""Worklist queries among 10 000 entries, beside wlmscpfs of DCMTK over the same ones."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pynetdicom import AE

from bench.result import Row
from gateway.dicom.part10 import file_head
from gateway.dicom.sop_classes import WORKLIST
from gateway.dicom.writer import write_dataset
from gateway.dimse.server import DimseServer
from gateway.dimse.service_classes import worklist
from gateway.mapping.to_dicom.worklist import Planned, worklist_entries
from gateway.store.api import open_store
from gateway.store.migrate import migrate
from gateway.store.worklist import Step, Worklist, add_steps

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.plan import Plan
    from gateway.dicom.json_model import Model

_ENTRIES = 10_000
_QUERIES = 20
_DAYS = 28
DCM = "http://dicom.nema.org/resources/ontology/DCM"


def why_not() -> str:
    """Say what is missing, or nothing."""
    return "" if shutil.which("wlmscpfs") else "wlmscpfs (DCMTK) is not installed here."


def measure(plan: Plan) -> Iterator[Row]:
    """Yield a row a kind of query and server: milliseconds from association to release."""
    folder = plan.place / "worklist"
    count = _ENTRIES // plan.shorter
    entries = [entry for number in range(count) for entry in worklist_entries(_planned(number))]
    with _ours(folder, entries) as ours, _dcmtk(folder, entries) as dcmtk:
        for name, keys in _QUESTIONS.items():
            for server, port in (("gateway", ours), ("wlmscpfs", dcmtk)):
                row = Row("worklist", f"{name}, {count} entries: {server}", "ms")
                for _ in range(plan.repetitions):
                    row.values.append(_asked(port, keys, _QUERIES // plan.shorter))
                plan.say(row)
                yield row


def _planned(number: int) -> Planned:
    order: dict[str, Any] = {
        "resourceType": "ServiceRequest",
        "id": f"o{number}",
        "identifier": [{"value": f"D{number}"}],
        "status": "active",
        "intent": "order",
        "code": {"text": "Scanner thoracique"},
        "orderDetail": [{"coding": [{"system": DCM, "code": ("CT", "MR", "US")[number % 3]}]}],
        "occurrenceDateTime": f"2026-07-{1 + number % _DAYS:02d}T08:{number % 60:02d}:00+02:00",
    }
    patient: dict[str, Any] = {
        "identifier": [{"system": "urn:oid:1.2.250.1.999.1", "value": f"P{number}"}],
        "name": [{"family": f"DEMO{number:05d}", "given": ["Zoé"]}],
    }
    return Planned(order=order, patient=patient)


_STEP = "00400100"


def _step(**more: Any) -> dict[str, Any]:  # noqa: ANN401 - values of attributes
    return {_STEP: {"vr": "SQ", "Value": [more]}}


_QUESTIONS: dict[str, Model] = {
    "A patient id": {"00100020": {"vr": "LO", "Value": ["P4711"]}},
    "A name with a wildcard": {"00100010": {"vr": "PN", "Value": [{"Alphabetic": "demo0471*"}]}},
    "A day and a modality": _step(
        **{
            "00400002": {"vr": "DA", "Value": ["20260707"]},
            "00080060": {"vr": "CS", "Value": ["CT"]},
        }
    ),
}


def _asked(port: int, keys: Model, times: int) -> float:
    from pydicom.dataset import Dataset  # noqa: PLC0415 - pynetdicom speaks it

    asked = Dataset.from_json({"00100010": {"vr": "PN"}, **keys})
    began = time.perf_counter()
    for _ in range(times):
        caller = AE(ae_title="MODALITY")
        caller.add_requested_context(WORKLIST)
        association = caller.associate("127.0.0.1", port, ae_title="OFFIS")
        answers = list(association.send_c_find(asked, WORKLIST))
        association.release()
        if answers[-1][0].Status != 0:
            message = f"a worklist query was answered {answers[-1][0].Status:04X}"
            raise RuntimeError(message)
    return (time.perf_counter() - began) / times * 1000


@contextmanager
def _ours(folder: Path, entries: list[Model]) -> Iterator[int]:
    folder.mkdir(parents=True)
    url = f"sqlite:///{folder / 'gateway.db'}"
    migrate(url)
    store = open_store(url)
    with store.transaction() as tx:
        for number, entry in enumerate(entries):
            add_steps(tx, [Step(str(number), "", entry)])
    found = Worklist(store)
    services = worklist(
        lambda query, prepare: (entry for _, entry in found.find(query, prepare)), {}
    )
    server = DimseServer(
        "127.0.0.1",
        0,
        ae_title="OFFIS",
        spool=folder / "spool",
        receive=lambda _: 0xA700,
        services=services,
    )
    server.bind()
    stop = threading.Event()
    serving = threading.Thread(target=server.serve_until, args=(stop,), daemon=True)
    serving.start()
    try:
        yield server.port
    finally:
        stop.set()
        serving.join()
        server.drain(2.0)
        store.close()


@contextmanager
def _dcmtk(folder: Path, entries: list[Model]) -> Iterator[int]:
    database = folder / "worklists" / "OFFIS"
    database.mkdir(parents=True)
    (database / "lockfile").touch()
    for number, entry in enumerate(entries):
        head = file_head(WORKLIST, f"2.25.{number}", "1.2.840.10008.1.2.1")
        (database / f"{number}.wl").write_bytes(head + write_dataset(entry, explicit=True))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = ["wlmscpfs", "-dfr", "-dfp", str(database.parent), str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(1.0)
        yield port
    finally:
        server.terminate()
        server.wait(10)
