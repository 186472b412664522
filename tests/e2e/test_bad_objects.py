"""What is wrong over DICOM has its status; nothing half received stays, nothing is dropped."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, Any

import pytest
from pydicom import dcmread
from pydicom.uid import generate_uid

from tests.e2e.modality import associated, image, request, status_of, stored
from tests.e2e.process import GatewayProcess
from tests.e2e.wire import journal, original, run_here

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom.dataset import Dataset

# pynetdicom leaves sockets to the collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    made = GatewayProcess(tmp_path_factory.mktemp("bad-objects") / "data").start()
    yield made
    assert made.stop() == 0


def study(gateway: GatewayProcess, one: Dataset) -> dict[str, Any]:
    """Return the ImagingStudy of an object, once its study has been quiet."""
    deadline = time.monotonic() + 20
    address = f"/fhir/ImagingStudy?identifier=urn:dicom:uid|urn:oid:{one.StudyInstanceUID}"
    while time.monotonic() < deadline:
        entries = gateway.get(address).get("entry", [])
        if entries:
            found: dict[str, Any] = entries[0]["resource"]
            return found
        time.sleep(0.1)
    raise AssertionError(one.StudyInstanceUID)


def spooled(gateway: GatewayProcess) -> list[str]:
    return sorted(path.name for path in (gateway.data / "objects" / "spool").iterdir())


def test_an_image_without_patient_id_is_accepted_with_a_warning(gateway: GatewayProcess) -> None:
    nobody = image(PatientID=None)

    assert stored(gateway, nobody) == [0]

    kept = study(gateway, nobody)
    assert kept["subject"]["reference"].startswith("Patient/")
    (entry,) = journal(gateway, "--text", nobody.StudyInstanceUID)
    _, printed = run_here(gateway, "journal", "show", str(entry["number"]))
    assert entry["state"] == "processed"
    assert "The images name no patient (0010,0020)" in printed.decode()


def test_another_uid_than_the_request_says_does_not_match(gateway: GatewayProcess) -> None:
    assert status_of(gateway, request(image(), uid=generate_uid())) == 0xA900
    assert spooled(gateway) == []


@pytest.mark.parametrize(
    "content",
    [b"\xff" * 300, b"not a dataset, but longer than a header", b"\x08\x00"],
    ids=["impossible tags", "text", "half a tag"],
)
def test_what_is_no_dataset_cannot_be_understood(content: bytes, gateway: GatewayProcess) -> None:
    assert status_of(gateway, request(image(), content=content)) == 0xC000
    assert spooled(gateway) == []


def test_an_object_without_study_cannot_be_understood(gateway: GatewayProcess) -> None:
    status = stored(gateway, image(StudyInstanceUID=None))[0]
    assert status in (0xA900, 0xC000)
    assert spooled(gateway) == []


def test_what_follows_a_refused_object_on_its_association_is_stored(
    gateway: GatewayProcess,
) -> None:
    refused, kept = image(StudyInstanceUID=None), image()
    assert [status == 0 for status in stored(gateway, refused, kept)] == [False, True]
    assert study(gateway, kept)["numberOfInstances"] == 1


@pytest.mark.parametrize("how", ["aborted", "cut"])
def test_an_association_that_ends_inside_an_object_leaves_nothing(
    how: str, gateway: GatewayProcess
) -> None:
    large = image(PixelData=bytes(4 << 20), Rows=2048, Columns=2048)
    association = associated(gateway)
    (context,) = association.accepted_contexts
    pieces = list(_pieces(request(large), context.context_id))
    peer = association.dul.socket.socket
    # Half of the object is on its way.
    for piece in pieces[: len(pieces) // 2]:
        peer.sendall(piece)
    deadline = time.monotonic() + 10
    while not spooled(gateway) and time.monotonic() < deadline:
        time.sleep(0.02)
    begun = spooled(gateway)
    if how == "aborted":
        association.abort()
    else:
        peer.shutdown(socket.SHUT_RDWR)
        association.kill()
    while spooled(gateway) and time.monotonic() < deadline:
        time.sleep(0.02)

    assert len(begun) == 1
    assert spooled(gateway) == []
    assert stored(gateway, large) == [0]


def _pieces(asked: Any, context_id: int) -> Iterator[bytes]:  # noqa: ANN401 - pynetdicom is untyped
    from pynetdicom.dimse_messages import C_STORE_RQ  # noqa: PLC0415 - here alone
    from pynetdicom.pdu import P_DATA_TF  # noqa: PLC0415 - here alone

    message = C_STORE_RQ()
    message.primitive_to_message(asked)
    for primitive in message.encode_msg(context_id, 65536):
        unit = P_DATA_TF()
        unit.from_primitive(primitive)
        yield unit.encode()


def test_two_objects_under_one_uid_are_both_kept_and_the_second_is_reported(
    gateway: GatewayProcess,
) -> None:
    first = image(PixelData=b"\x01" * 256)
    second = image(
        SOPInstanceUID=first.SOPInstanceUID,
        StudyInstanceUID=first.StudyInstanceUID,
        SeriesInstanceUID=first.SeriesInstanceUID,
        PixelData=b"\x02" * 256,
    )

    assert stored(gateway, first, first, second, second) == [0, 0, 0, 0]

    kept = study(gateway, first)
    uids = [one["uid"] for series in kept["series"] for one in series["instance"]]
    assert uids == [first.SOPInstanceUID]
    reported = journal(gateway, "--text", first.SOPInstanceUID)
    assert [(one["door"], one["kind"], one["state"]) for one in reported] == [
        ("dimse", "C-STORE", "refused")
    ]
    # Small objects go to the object store behind the commit.
    deadline = time.monotonic() + 20
    while len(held := _held(gateway, first.SOPInstanceUID)) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert held == [b"\x01" * 256, b"\x02" * 256]
    assert b"\x02" * 256 in original(gateway, reported[0])


def _held(gateway: GatewayProcess, uid: str) -> list[bytes]:
    """Return the pixels of the objects that are held under a UID."""
    files = (gateway.data / "objects").glob("??/*")
    return sorted(dcmread(one).PixelData for one in files if uid.encode() in one.read_bytes())


def test_an_object_that_was_refused_for_its_uid_is_in_the_journal_with_its_bytes(
    gateway: GatewayProcess,
) -> None:
    refused = image()
    named = generate_uid()
    status_of(gateway, request(refused, uid=named))

    (entry,) = journal(gateway, "--text", named)
    assert (entry["door"], entry["state"]) == ("dimse", "refused")
    assert refused.SOPInstanceUID.encode() in original(gateway, entry)
