from __future__ import annotations

import socket
import struct
import threading
import tracemalloc
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID
from pynetdicom import AE
from pynetdicom.dimse_messages import C_STORE_RQ
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.dsutils import encode

from gateway.access.callers import Callers
from gateway.dimse import pdu
from gateway.dimse.server import DimseServer
from gateway.errors import OutOfSpace
from gateway.settings import Caller
from tests.unit.dimse.test_pdu import REQUEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gateway.dicom.instance import ReceivedInstance

CT = "1.2.840.10008.5.1.4.1.1.2"
VERIFICATION = "1.2.840.10008.1.1"
EXPLICIT = "1.2.840.10008.1.2.1"


class Keeper:
    """Takes objects over as the ingest does, and answers with one status."""

    def __init__(self, directory: Path, status: int = 0) -> None:
        self.directory = directory
        self.status = status
        self.kept: list[ReceivedInstance] = []

    def receive(self, instance: ReceivedInstance) -> int:
        self.kept.append(instance)
        if self.status == 0:
            target = self.directory / instance.sha256
            if instance.content is None:
                instance.path.rename(target)
            else:
                target.write_bytes(instance.content)
        return self.status


@contextmanager
def a_door(
    spool: Path,
    receive: Callable[[ReceivedInstance], int],
    **settings: Any,  # noqa: ANN401 - the door's own settings
) -> Iterator[DimseServer]:
    given: dict[str, Any] = {"ae_title": "GATEWAY", **settings}
    server = DimseServer("127.0.0.1", 0, spool=spool, receive=receive, **given)
    server.bind()
    stop = threading.Event()
    serving = threading.Thread(target=server.serve_until, args=(stop,), daemon=True)
    serving.start()
    try:
        yield server
    finally:
        stop.set()
        serving.join()
        server.drain(2.0)


def associate(door: DimseServer, *contexts: str, calling: str = "SCANNER") -> Any:  # noqa: ANN401 - pynetdicom is untyped
    caller = AE(ae_title=calling)
    for sop_class in contexts or (CT, VERIFICATION):
        caller.add_requested_context(sop_class, EXPLICIT)
    return caller.associate("127.0.0.1", door.port, ae_title="GATEWAY")


def an_image(**more: object) -> Dataset:
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = UID(EXPLICIT)
    image.SOPClassUID = CT
    image.SOPInstanceUID = "1.2.3.1"
    image.StudyInstanceUID = "1.2.3"
    image.SeriesInstanceUID = "1.2.3.0"
    image.PatientName = "LEFEVRE^Zoe"
    for name, value in more.items():
        setattr(image, name, value)
    return image


def test_an_object_is_handed_over_whole_before_its_success(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path)
    with a_door(tmp_path / "spool", keeper.receive) as door:
        association = associate(door)
        statuses = [association.send_c_store(an_image()).Status, association.send_c_echo().Status]
        association.release()

    (kept,) = keeper.kept
    assert statuses == [0, 0]
    assert (kept.sop_class, kept.sop_instance) == (CT, "1.2.3.1")
    assert (kept.calling_ae, kept.called_ae, kept.peer) == ("SCANNER", "GATEWAY", "127.0.0.1")
    assert (kept.transfer_syntax, kept.header.study_uid) == (EXPLICIT, "1.2.3")
    assert (tmp_path / kept.sha256).stat().st_size == kept.size
    assert list((tmp_path / "spool").iterdir()) == []


def test_what_is_refused_leaves_nothing_behind(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path, status=0xA700)
    with a_door(tmp_path / "spool", keeper.receive) as door:
        association = associate(door)
        answer = association.send_c_store(an_image())
        association.release()

    assert answer.Status == 0xA700
    assert list((tmp_path / "spool").iterdir()) == []


def raising(fault: Exception) -> Callable[[ReceivedInstance], int]:
    def receive(_instance: ReceivedInstance) -> int:
        raise fault

    return receive


@pytest.mark.parametrize(
    ("fault", "status"), [(OutOfSpace("The disk is full."), 0xA700), (KeyError("x"), 0xC211)]
)
def test_a_fault_behind_the_door_is_a_status(tmp_path: Path, fault: Exception, status: int) -> None:
    with a_door(tmp_path, raising(fault)) as door:
        association = associate(door)
        answers = [association.send_c_store(an_image()).Status for _ in range(2)]
        association.release()

    assert answers == [status, status]


def test_an_object_without_study_cannot_be_understood(tmp_path: Path) -> None:
    image = an_image()
    del image.StudyInstanceUID
    with a_door(tmp_path, Keeper(tmp_path).receive) as door:
        association = associate(door)
        answer = association.send_c_store(image)
        association.release()

    assert (answer.Status, answer.ErrorComment) == (
        0xC000,
        "The object has no Study Instance UID.",
    )


def test_another_uid_in_the_request_than_in_the_object_does_not_match(tmp_path: Path) -> None:
    with a_door(tmp_path, Keeper(tmp_path).receive) as door:
        association = associate(door)
        answer = _store_as(association, an_image(SOPInstanceUID="1.2.3.2"), "1.2.3.9")
        association.release()

    assert answer == 0xA900


def _store_as(association: Any, image: Dataset, instance: str) -> int:  # noqa: ANN401 - untyped
    request = C_STORE()
    request.MessageID = 1
    request.AffectedSOPClassUID = CT
    request.AffectedSOPInstanceUID = instance
    request.Priority = 2
    request.DataSet = BytesIO(encode(image, is_implicit_vr=False, is_little_endian=True) or b"")
    context = next(one for one in association.accepted_contexts if one.abstract_syntax == CT)
    association._reactor_checkpoint.clear()
    association.dimse.send_msg(request, context.context_id)
    _, answer = association.dimse.get_msg(block=True)
    association._reactor_checkpoint.set()
    status: int = answer.Status
    return status


def test_an_unknown_caller_is_rejected(tmp_path: Path) -> None:
    with a_door(tmp_path, Keeper(tmp_path).receive, callers=Callers(titles=["SCANNER"])) as door:
        answer, friend = answer_to(door, request_of("STRANGER")), associate(door)
        established = friend.is_established
        friend.release()

    assert (answer, established) == (pdu.reject(pdu.CALLING_NOT_RECOGNIZED), True)


def test_an_address_that_is_not_listed_is_rejected(tmp_path: Path) -> None:
    callers = Callers(allow=["192.0.2.0/24"])
    with a_door(tmp_path, Keeper(tmp_path).receive, callers=callers) as door:
        answers = {answer_to(door, request_of("SCANNER")) for _ in range(100)}

    assert answers == {pdu.reject(pdu.NO_REASON_GIVEN)}


def test_a_rejection_is_read_by_who_sends_on_behind_the_request(tmp_path: Path) -> None:
    ahead = _data(bytes(1 << 17), last=False) * 8
    with a_door(tmp_path, Keeper(tmp_path).receive, callers=Callers(titles=["ECHO"])) as door:
        answers = {answer_to(door, request_of("SCANNER") + ahead) for _ in range(20)}

    assert answers == {pdu.reject(pdu.CALLING_NOT_RECOGNIZED)}


def request_of(calling: str, called: str = "GATEWAY") -> bytes:
    titles = called.encode().ljust(16) + calling.encode().ljust(16)
    body = REQUEST[:4] + titles + REQUEST[36:]
    return pdu.HEADER.pack(pdu.PduType.ASSOCIATE_RQ, len(body)) + body


def answer_to(door: DimseServer, sent: bytes) -> bytes:
    """Return all that comes until the door ends the connection: a reset is a fault.

    pynetdicom takes some rejections for aborts: it looks whether it is still connected before it
    looks at the answer.
    """
    with socket.create_connection(("127.0.0.1", door.port), timeout=10) as peer:
        peer.sendall(sent)
        return b"".join(iter(lambda: peer.recv(4096), b""))


def test_another_called_title_is_rejected_when_it_is_checked(tmp_path: Path) -> None:
    with a_door(tmp_path, Keeper(tmp_path).receive, check_called=True) as door:
        friend = associate(door)
        answer = answer_to(door, request_of("SCANNER", called="ARCHIVE"))
        established = friend.is_established
        friend.release()

    assert (answer, established) == (pdu.reject(pdu.CALLED_NOT_RECOGNIZED), True)


def test_a_title_has_so_many_associations_as_its_row_says(tmp_path: Path) -> None:
    callers = Callers(rows=[Caller("SCANNER", associations=1), Caller("ECHO")])
    with a_door(tmp_path, Keeper(tmp_path).receive, callers=callers) as door:
        first, other = associate(door), associate(door, calling="ECHO")
        second = answer_to(door, request_of("SCANNER"))
        outcome = (first.is_established, second, other.is_established)
        first.release()
        other.release()

    assert outcome == (True, pdu.reject(pdu.LOCAL_LIMIT_EXCEEDED), True)


def test_five_hundred_silent_peers_leave_room_for_another(tmp_path: Path) -> None:
    limits = {"max_associations": 8, "max_per_address": 4}
    before = set(threading.enumerate())
    with a_door(tmp_path, Keeper(tmp_path).receive, **limits) as door:
        silent = [socket.create_connection(("127.0.0.1", door.port)) for _ in range(500)]
        caller = AE(ae_title="SCANNER")
        caller.add_requested_context(VERIFICATION)
        other = caller.associate("127.0.0.1", door.port, bind_address=("127.0.0.2", 0))
        status = other.send_c_echo().Status if other.is_established else None
        threads = set(threading.enumerate()) - before
        other.release()
        for one in silent:
            one.close()

    assert status == 0
    assert len(threads) < 60


def test_one_association_too_many_is_rejected_and_room_comes_back(tmp_path: Path) -> None:
    with a_door(tmp_path, Keeper(tmp_path).receive, max_associations=1) as door:
        first = associate(door)
        second = answer_to(door, request_of("SCANNER"))
        first.release()
        # The place comes back when the door has seen the end.
        third = next(one for one in iter(lambda: associate(door), None) if one.is_established)
        outcome = (first.is_released, second, third.is_established)
        third.release()

    assert outcome == (True, pdu.reject(pdu.LOCAL_LIMIT_EXCEEDED), True)


def test_an_idle_association_is_ended(tmp_path: Path) -> None:
    with a_door(tmp_path, Keeper(tmp_path).receive, idle_seconds=0.1) as door:
        association = associate(door)
        association.join(3.0)
        aborted = association.is_aborted

    assert aborted is True


@pytest.mark.parametrize(
    "noise",
    [
        b"GET / HTTP/1.1\r\nHost: gateway\r\n\r\n",
        b"\x01\x00\xff\xff\xff\xff",
        b"\x01\x00\x00\x00\x00\x02\x00\x01",
        b"\x04\x00\x00\x00\x00\x00",
        bytes(4096),
        bytes(1 << 22),
    ],
)
def test_noise_is_answered_by_an_abort(tmp_path: Path, noise: bytes) -> None:
    with (
        a_door(tmp_path, Keeper(tmp_path).receive) as door,
        socket.create_connection(("127.0.0.1", door.port), timeout=3) as peer,
    ):
        peer.sendall(noise)
        answer = peer.recv(100)

    assert answer[:1] == b"\x07"


def test_a_large_object_takes_no_memory(tmp_path: Path) -> None:
    megabytes = 48
    image = an_image()
    head = encode(image, is_implicit_vr=False, is_little_endian=True) or b""
    pixels = struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OW", 0, megabytes << 20)
    sizes: list[int] = []

    def receive(instance: ReceivedInstance) -> int:
        sizes.append(instance.path.stat().st_size)
        return 0

    with a_door(tmp_path, receive) as door:
        association = associate(door, CT)
        peer = association.dul.socket.socket
        association._reactor_checkpoint.clear()
        tracemalloc.start()
        peer.sendall(_store_command())
        peer.sendall(_data(head + pixels, last=False))
        for number in range(megabytes * 8):
            peer.sendall(_data(bytes(1 << 17), last=number == megabytes * 8 - 1))
        _, answer = association.dimse.get_msg(block=True)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        association._reactor_checkpoint.set()
        association.release()

    assert (answer.Status, sizes[0] > megabytes << 20) == (0, True)
    assert peak < 6 << 20


def _store_command() -> bytes:
    request = C_STORE_RQ()
    command = request.command_set
    command.AffectedSOPClassUID, command.AffectedSOPInstanceUID = CT, "1.2.3.1"
    command.CommandField, command.MessageID, command.Priority = 1, 1, 2
    command.CommandDataSetType = 1
    body = encode(command, is_implicit_vr=True, is_little_endian=True) or b""
    whole = struct.pack("<HHLL", 0, 0, 4, len(body)) + body
    return _pdv(whole, flags=3)


def _data(content: bytes, *, last: bool) -> bytes:
    return _pdv(content, flags=2 if last else 0)


def _pdv(content: bytes, *, flags: int) -> bytes:
    value = struct.pack(">LBB", len(content) + 2, 1, flags) + content
    return struct.pack(">BxL", 4, len(value)) + value


def test_a_drained_door_ends_idle_associations(tmp_path: Path) -> None:
    with a_door(tmp_path, Keeper(tmp_path).receive) as door:
        association = associate(door)
    association.join(3.0)

    assert association.is_aborted is True


def test_an_object_on_its_way_is_answered_when_the_door_closes(tmp_path: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def receive(_instance: ReceivedInstance) -> int:
        begun.set()
        go_on.wait(5)
        return 0

    answers: list[int] = []
    with a_door(tmp_path, receive) as door:
        association = associate(door)
        sending = threading.Thread(
            target=lambda: answers.append(association.send_c_store(an_image()).Status)
        )
        sending.start()
        assert begun.wait(5)
        threading.Timer(0.2, go_on.set).start()
    sending.join(5)

    assert answers == [0]
