"""DCMTK sends every file of the corpus to the door; what is kept is what was sent."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import threading
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pynetdicom import AE
from pynetdicom.dimse_primitives import C_STORE

from gateway.dicom.header import InstanceHeader, read_header
from gateway.dicom.part10 import FileMeta, read_file_meta
from gateway.dimse.server import DimseServer
from gateway.errors import Malformed
from gateway.fhir.validation.typed import typed_model
from gateway.mapping.dicom.study import Context, StudyInstance, map_study
from gateway.mapping.entry import Key, Mapped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.dicom.instance import ReceivedInstance

SHARED = Path(os.environ.get("GATEWAY_SHARED", Path(__file__).parents[3] / "shared"))
CORPUS = SHARED / "corpus" / "dicom"
FILES = sorted(CORPUS.rglob("*.dcm"))

pytestmark = pytest.mark.skipif(not FILES, reason="the DICOM corpus is not here (GATEWAY_SHARED)")
needs_dcmtk = pytest.mark.skipif(
    shutil.which("storescu") is None, reason="DCMTK is not installed: apt-get install dcmtk"
)


DCM = "http://dicom.nema.org/resources/ontology/DCM"
V2_0203 = "http://terminology.hl7.org/CodeSystem/v2-0203"
PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
PERFORMER = {"coding": [{"system": PARTICIPATION, "code": "PRF"}]}
DEVICE = {"coding": [{"system": PARTICIPATION, "code": "DEV"}]}
CUSTODIAN = {"coding": [{"system": PARTICIPATION, "code": "CST"}]}
ROOT = "1.2.826.0.1.3680043.8.498.999.1"

# Transfer syntax -> the option with which storescu proposes it.
PROPOSALS = {
    "1.2.840.10008.1.2": "-xi",
    "1.2.840.10008.1.2.1": "-xe",
    "1.2.840.10008.1.2.1.99": "-xd",
    "1.2.840.10008.1.2.2": "-xb",
    "1.2.840.10008.1.2.4.50": "-xy",
    "1.2.840.10008.1.2.4.51": "-xx",
    "1.2.840.10008.1.2.4.70": "-xs",
    "1.2.840.10008.1.2.4.80": "-xt",
    "1.2.840.10008.1.2.4.90": "-xv",
    "1.2.840.10008.1.2.4.91": "-xw",
    "1.2.840.10008.1.2.5": "-xr",
}


def name_of(path: Path) -> str:
    return str(path.relative_to(CORPUS))


def meta_of(content: bytes) -> FileMeta | None:
    try:
        return read_file_meta(content)
    except Malformed:
        return None


def known(content: bytes) -> tuple[FileMeta, InstanceHeader]:
    """Return meta and header of a file that is an instance of a study."""
    meta = read_file_meta(content)
    return meta, read_header(content[meta.dataset_offset :], meta.transfer_syntax)


def is_instance(path: Path) -> bool:
    try:
        known(path.read_bytes())
    except Malformed:
        return False
    return True


def french(pattern: str) -> Mapped:
    """Map the objects of a study of the synthetic French corpus."""
    headers = (
        known(path.read_bytes())[1] for path in sorted((CORPUS / "synthetic_fr").glob(pattern))
    )
    study = [StudyInstance(header.attributes, "SCANNER") for header in headers]
    return map_study(study, Context("urn:site"))


def send_bytes(association: Any, header: InstanceHeader, dataset: bytes) -> int:  # noqa: ANN401 - pynetdicom is untyped
    """Send an encoded dataset as it is and return the status."""
    request = C_STORE()
    request.MessageID = 1
    request.AffectedSOPClassUID = header.sop_class
    request.AffectedSOPInstanceUID = header.sop_instance
    request.Priority = 2
    request.DataSet = BytesIO(dataset)
    association._reactor_checkpoint.clear()
    association.dimse.send_msg(request, association.accepted_contexts[0].context_id)
    _, answer = association.dimse.get_msg(block=True)
    association._reactor_checkpoint.set()
    status: int = answer.Status
    return status


SENDABLE = [path for path in FILES if is_instance(path)]


def is_for_storescu(path: Path) -> bool:
    """Whether storescu 3.6.7 can send the file at all; pynetdicom sends the others below.

    It proposes no Deflated Image Frame and later syntaxes, and does not read a cut dataset.
    """
    meta, _ = known(path.read_bytes())
    return meta.transfer_syntax in PROPOSALS and "truncated" not in path.name


FOR_STORESCU = [path for path in SENDABLE if is_for_storescu(path)]


class Door:
    """A door whose objects are kept under their SOP Instance UID."""

    def __init__(self, directory: Path) -> None:
        self.kept: dict[str, bytes] = {}
        self.server = DimseServer(
            "127.0.0.1",
            0,
            ae_title="GATEWAY",
            spool=directory,
            receive=self.receive,
        )
        self.server.bind()

    def receive(self, instance: ReceivedInstance) -> int:
        content = instance.content
        whole = instance.path.read_bytes() if content is None else content
        self.kept[instance.sop_instance] = whole
        return 0


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    opened = Door(tmp_path_factory.mktemp("spool"))
    stop = threading.Event()
    serving = threading.Thread(target=opened.server.serve_until, args=(stop,), daemon=True)
    serving.start()
    yield opened
    stop.set()
    serving.join()
    opened.server.drain(2.0)


def dcmtk(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@needs_dcmtk
def test_echoscu_is_answered(door: Door) -> None:
    done = dcmtk("echoscu", "-v", "127.0.0.1", str(door.server.port))

    assert (done.returncode, "Received Echo Response (Success)" in done.stderr) == (0, True)


@needs_dcmtk
@pytest.mark.parametrize("path", FOR_STORESCU, ids=name_of)
def test_storescu_sends_an_object_and_it_is_kept_as_it_was(path: Path, door: Door) -> None:
    content = path.read_bytes()
    meta, header = known(content)
    port = str(door.server.port)
    option = PROPOSALS[meta.transfer_syntax]
    done = dcmtk("storescu", "-v", "-R", option, "127.0.0.1", port, str(path))

    assert "Received Store Response (Success)" in done.stderr, done.stderr
    kept = door.kept[header.sop_instance]
    kept_meta = read_file_meta(kept)
    assert kept_meta.transfer_syntax == meta.transfer_syntax
    assert known(kept)[1] == header


@pytest.mark.parametrize("path", SENDABLE, ids=name_of)
def test_the_bytes_of_the_dataset_are_those_that_were_sent(path: Path, door: Door) -> None:
    content = path.read_bytes()
    meta, header = known(content)
    dataset = content[meta.dataset_offset :]
    caller = AE(ae_title="SCANNER")
    caller.add_requested_context(header.sop_class, meta.transfer_syntax)
    association = caller.associate("127.0.0.1", door.server.port)
    status = send_bytes(association, header, dataset)
    association.release()
    kept = door.kept[header.sop_instance]

    assert status == 0
    assert kept[read_file_meta(kept).dataset_offset :] == dataset
    assert read_file_meta(kept).transfer_syntax == meta.transfer_syntax


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_file_cut_anywhere_is_read_or_refused(path: Path) -> None:
    content = path.read_bytes()
    meta = meta_of(content) or FileMeta(0, "1.2.840.10008.1.2")
    dataset = content[meta.dataset_offset :]
    chance = random.Random(path.name)
    for cut in [len(dataset), *(chance.randrange(len(dataset)) for _ in range(40))]:
        try:
            header = read_header(dataset[:cut], meta.transfer_syntax)
        except Malformed:
            continue
        assert header.study_uid


@pytest.mark.parametrize("path", SENDABLE, ids=name_of)
def test_every_object_of_a_study_maps_to_fhir(path: Path) -> None:
    _, header = known(path.read_bytes())
    study = map_study([StudyInstance(header.attributes, "SCANNER")], Context("urn:site"))
    for entry in study.entries:
        typed_model(entry.resource)

    assert study.entries[-1].resource["numberOfInstances"] == 1


def test_the_french_ct_is_one_imaging_study() -> None:
    study = french("ct_CT_*.dcm")
    patient, practitioner, imaging = study.entries
    performed = [
        {"function": PERFORMER, "actor": {"display": "Anne RADIOLOGUE"}},
        {"function": PERFORMER, "actor": {"display": "Paul MANIP"}},
        {"function": DEVICE, "actor": {"type": "Device", "display": "SYNTH SynthBox"}},
        {
            "function": CUSTODIAN,
            "actor": {"type": "Organization", "display": "Centre d'imagerie Ambroise"},
        },
    ]

    assert patient.keys == (
        Key("urn:oid:1.2.250.1.213.1.4.10", "155999999999943"),
        Key("urn:oid:1.2.250.1.999.1.1.7898.2", "IPP000456"),
    )
    assert practitioner.keys[0] == Key("https://rpps.esante.gouv.fr", "99700000000")
    assert imaging.resource == {
        "resourceType": "ImagingStudy",
        "identifier": [
            {
                "type": {
                    "coding": [{"system": DCM, "code": "110180", "display": "Study Instance UID"}]
                },
                "system": "urn:dicom:uid",
                "value": f"urn:oid:{ROOT}.4",
            },
            {
                "type": {
                    "coding": [
                        {"system": V2_0203, "code": "ACSN"},
                        {"system": DCM, "code": "121022", "display": "Accession Number"},
                    ]
                },
                "system": "urn:oid:1.2.250.1.999.1.1.7898.4.21",
                "value": "SC20260004",
            },
        ],
        "status": "available",
        "modality": [{"system": DCM, "code": "CT"}],
        "subject": {"reference": patient.full_url},
        "started": "2026-09-15T09:15:00+02:00",
        "referrer": {"reference": practitioner.full_url, "display": "Traitant MÉDECIN"},
        "numberOfSeries": 1,
        "numberOfInstances": 6,
        "procedureCode": [
            {
                "coding": [
                    {
                        "system": "https://smt.esante.gouv.fr/terminologie-ccam",
                        "code": "ZBQK001",
                        "display": "Scanographie du thorax, sans injection",
                    }
                ],
                "text": "Scanographie du thorax, sans injection",
            }
        ],
        "reasonCode": [{"text": "Nodule pulmonaire à contrôler"}],
        "description": "SCANNER THORACIQUE",
        "series": [
            {
                "uid": f"{ROOT}.15",
                "number": 2,
                "modality": {"system": DCM, "code": "CT"},
                "description": "Axial 1mm",
                "numberOfInstances": 6,
                "bodySite": {
                    "system": "http://snomed.info/sct",
                    "code": "816094009",
                    "display": "Chest",
                },
                "started": "2026-09-15T09:15:00+02:00",
                "performer": performed,
                "instance": [
                    {
                        "uid": f"{ROOT}.{15 + number}",
                        "sopClass": {
                            "system": "urn:ietf:rfc:3986",
                            "code": "urn:oid:1.2.840.10008.5.1.4.1.1.2",
                            "display": "CT Image Storage",
                        },
                        "number": number,
                        "title": "ORIGINAL\\PRIMARY\\AXIAL",
                    }
                    for number in range(1, 7)
                ],
            }
        ],
    }


@pytest.mark.parametrize(
    ("pattern", "modality", "series", "patient"),
    [
        ("thorax_*.dcm", ["DX", "CR"], ["DX", "CR", "KO", "SR"], "299999999999934"),
        ("dxa_*.dcm", ["OT", "SR", "DOC"], ["OT", "DOC", "SR", "SR"], "260057599999996"),
        ("fluoro_*.dcm", ["RF", "XA"], ["RF", "XA", "DOC"], None),
        ("mg_*.dcm", ["MG"], ["MG", "MG", "MG", "MG", "KO", "DOC"], "299999999999934"),
        ("us_*.dcm", ["US"], ["US", "SR"], None),
    ],
)
def test_the_other_french_studies_have_their_series(
    pattern: str, modality: list[str], series: list[str], patient: str | None
) -> None:
    study = french(pattern)
    imaging = study.entries[-1].resource

    assert [item["code"] for item in imaging["modality"]] == modality
    assert sorted(item["modality"]["code"] for item in imaging["series"]) == sorted(series)
    assert patient is None or study.entries[0].keys[0].value == patient
    assert study.warnings == ()
