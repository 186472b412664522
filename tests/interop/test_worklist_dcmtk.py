"""Worklist queries of DCMTK's examples: the same matches as DCMTK's own server gives."""

from __future__ import annotations

import shutil
import subprocess
import time
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pynetdicom import AE

from gateway.dicom.document import read_document
from gateway.dimse.service_classes import worklist
from gateway.store.worklist import Step, Worklist, add_steps
from tests.conftest import SHARED, free_port
from tests.dicom_door import a_door, a_place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gateway.dicom.json_model import Model
    from gateway.dicom.query import Query
    from gateway.store.api import Store

EXAMPLES = SHARED / "corpus" / "dicom" / "dcmtk_worklist"
ENTRIES = sorted(EXAMPLES.glob("wlistdb/OFFIS/*.dump"))
QUERIES = sorted(EXAMPLES.glob("wlistqry/*.dump"))
MWL = "1.2.840.10008.5.1.4.31"

pytestmark = [
    pytest.mark.skipif(not ENTRIES, reason="the worklist corpus is not here (GATEWAY_SHARED)"),
    pytest.mark.skipif(
        shutil.which("wlmscpfs") is None, reason="DCMTK is not installed: apt-get install dcmtk"
    ),
]


def converted(dump: Path, target: Path) -> Path:
    subprocess.run(["dump2dcm", "-g", str(dump), str(target)], check=True, capture_output=True)
    return target


def ask(port: int, keys: Dataset) -> list[Dataset]:
    caller = AE(ae_title="MODALITY")
    caller.add_requested_context(MWL)
    for _ in range(100):
        association = caller.associate("127.0.0.1", port, ae_title="OFFIS")
        if association.is_established:
            break
        time.sleep(0.1)
    answers = list(association.send_c_find(keys, MWL))
    association.release()
    assert answers[-1][0].Status == 0, answers[-1]
    return [match for _, match in answers if match is not None]


def names(found: list[Dataset]) -> list[str]:
    return sorted(str(one.PatientName) for one in found)


@pytest.fixture
def oracle(tmp_path: Path) -> Iterator[int]:
    """DCMTK's worklist server over its own example database."""
    folder = tmp_path / "worklists" / "OFFIS"
    folder.mkdir(parents=True)
    (folder / "lockfile").touch()
    for dump in ENTRIES:
        converted(dump, folder / f"{dump.stem}.wl")
    port = free_port()
    command = ["wlmscpfs", "-dfr", "-dfp", str(folder.parent), str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield port
    finally:
        server.terminate()
        server.wait(10)


@contextmanager
def ours(store: Store, directory: Path) -> Iterator[int]:
    """The gateway's door with the same entries."""
    with store.transaction() as tx:
        for dump in ENTRIES:
            entry = read_document(converted(dump, directory / f"{dump.stem}.dcm").read_bytes())
            add_steps(tx, [Step(dump.stem, "Patient/x", entry.model)])

    def entries(query: Query, prepare: Callable[[Model], Model]) -> Iterator[Model]:
        return (entry for _, entry in Worklist(store).find(query, prepare))

    with a_door(a_place(store, directory), worklist(entries, {})) as door:
        yield door.port


def test_every_query_has_the_matches_that_dcmtk_gives(
    oracle: int, sqlite_store: Store, tmp_path: Path
) -> None:
    expected, found = {}, {}
    with ours(sqlite_store, tmp_path) as port:
        for dump in QUERIES:
            keys = dcmread(converted(dump, tmp_path / f"{dump.stem}.dcm"), force=True)
            expected[dump.stem] = names(ask(oracle, keys))
            found[dump.stem] = names(ask(port, keys))

    assert found == expected
    assert len(QUERIES) == 13
    assert sum(map(len, expected.values())) > 20


VARIANTS: list[tuple[str, Callable[[Dataset, Dataset], Any]]] = [
    ("a star in a name", lambda keys, _: setattr(keys, "PatientName", "V*")),
    ("question marks", lambda keys, _: setattr(keys, "PatientName", "VIVALDI^ANTONI?")),
    ("a patient id", lambda keys, _: setattr(keys, "PatientID", "AV35674")),
    ("an accession number", lambda keys, _: setattr(keys, "AccessionNumber", "00000")),
    ("a modality", lambda _, step: setattr(step, "Modality", "MR")),
    ("a station", lambda _, step: setattr(step, "ScheduledStationAETitle", "AA33")),
    ("a day", lambda _, step: setattr(step, "ScheduledProcedureStepStartDate", "19951015")),
    ("days", lambda _, step: setattr(step, "ScheduledProcedureStepStartDate", "19950101-19961231")),
    (
        "from a day on",
        lambda _, step: setattr(step, "ScheduledProcedureStepStartDate", "19960101-"),
    ),
    ("up to a day", lambda _, step: setattr(step, "ScheduledProcedureStepStartDate", "-19951231")),
    ("hours", lambda _, step: setattr(step, "ScheduledProcedureStepStartTime", "080000-120000")),
    ("nobody", lambda keys, _: setattr(keys, "PatientID", "NOBODY")),
]


@pytest.mark.filterwarnings("ignore:Invalid value for VR DA")
def test_queries_of_every_kind_have_the_matches_that_dcmtk_gives(
    oracle: int, sqlite_store: Store, tmp_path: Path
) -> None:
    expected, found = {}, {}
    with ours(sqlite_store, tmp_path) as port:
        for name, change in VARIANTS:
            keys, step = Dataset(), Dataset()
            keys.PatientName = keys.PatientID = keys.AccessionNumber = ""
            step.Modality = step.ScheduledProcedureStepStartDate = ""
            step.ScheduledStationAETitle = step.ScheduledProcedureStepStartTime = ""
            change(keys, step)
            keys.ScheduledProcedureStepSequence = [step]
            expected[name] = names(ask(oracle, keys))
            found[name] = names(ask(port, keys))

    assert found == expected


def test_findscu_reads_the_answers(sqlite_store: Store, tmp_path: Path) -> None:
    with ours(sqlite_store, tmp_path) as port:
        command = ["findscu", "-W", "-aec", "OFFIS", "-X", "-od", str(tmp_path), "127.0.0.1"]
        keys = ["-k", "0010,0010=VIV*", "-k", "0040,0100[0].0008,0060="]
        subprocess.run([*command, str(port), *keys], check=True, capture_output=True, timeout=60)

    answers = sorted(tmp_path.glob("rsp*.dcm"))
    found = [dcmread(BytesIO(one.read_bytes()), force=True) for one in answers]
    assert found
    assert {str(one.PatientName) for one in found} == {"VIVALDI^ANTONIO"}
    assert "MR" in {one.ScheduledProcedureStepSequence[0].Modality for one in found}
