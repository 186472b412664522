"""What no service expects: a status, and a door that goes on."""

from __future__ import annotations

import socket
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pynetdicom import AE
from pynetdicom.dimse_primitives import C_FIND

from gateway.dicom.document import read_dataset
from gateway.dicom.query import unreadable_key
from gateway.dicom.writer import write_dataset
from gateway.dimse.query_retrieve import STUDY_ROOT_FIND, query_of
from gateway.dimse.service_classes import query_retrieve
from gateway.errors import GatewayError
from tests.dicom_door import EXPLICIT, Place, a_door, a_place, an_image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.dimse.server import DimseServer
    from gateway.store.api import Store

SCRIPT = "<script>alert(1)</script>"
IDENTIFIER = {
    "00080052": {"vr": "CS", "Value": ["STUDY"]},
    "00080020": {"vr": "DA", "Value": ["20260101-20261231"]},
    "00100010": {"vr": "PN", "Value": [{"Alphabetic": "LEF*"}]},
    "00400275": {"vr": "SQ", "Value": [{"00401001": {"vr": "SH", "Value": ["F1"]}}]},
}


@pytest.fixture
def place(sqlite_store: Store, tmp_path: Path) -> Place:
    made = a_place(sqlite_store, tmp_path)
    made.hold(an_image(StudyDescription=SCRIPT))
    return made


@pytest.fixture
def door(place: Place) -> Iterator[DimseServer]:
    with a_door(place, query_retrieve(place.holdings, "GATEWAY", [], {})) as opened:
        yield opened


def ask(door: DimseServer, identifier: bytes) -> list[Any]:
    """Send an identifier as it is, and return every response."""
    caller = AE()
    caller.add_requested_context(STUDY_ROOT_FIND, EXPLICIT)
    association: Any = caller.associate("127.0.0.1", door.port)
    request = C_FIND()
    request.MessageID, request.Priority = 1, 2
    request.AffectedSOPClassUID = STUDY_ROOT_FIND
    request.Identifier = BytesIO(identifier)
    association._reactor_checkpoint.clear()
    association.dimse.send_msg(request, association.accepted_contexts[0].context_id)
    found: list[Any] = []
    while not found or found[-1].Status in (0xFF00, 0xFF01):
        _, answer = association.dimse.get_msg(block=True)
        assert answer is not None
        found.append(answer)
    association._reactor_checkpoint.set()
    association.release()
    return found


@pytest.mark.parametrize(
    "identifier",
    [
        b"\xff" * 40,
        b"\x08\x00\x52\x00CS\xff\xffSTUDY ",
        b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 100",
        write_dataset({"00080052": {"vr": "CS", "Value": ["GALAXY"]}}, explicit=True),
        write_dataset({"00080052": {"vr": "CS", "Value": [SCRIPT]}}, explicit=True),
    ],
)
def test_an_identifier_that_says_nothing_is_refused(door: DimseServer, identifier: bytes) -> None:
    (answer,) = ask(door, identifier)

    assert answer.Status in (0xA900, 0xC000, 0xC001)
    assert ask(door, write_dataset(IDENTIFIER, explicit=True))[-1].Status == 0


def test_a_script_in_a_text_is_a_text(door: DimseServer) -> None:
    keys = {**IDENTIFIER, "00081030": {"vr": "LO", "Value": [SCRIPT]}}
    keys.pop("00400275")
    match, last = ask(door, write_dataset(keys, explicit=True))

    said = read_dataset(match.Identifier.getvalue(), EXPLICIT).model
    assert said["00081030"]["Value"] == [SCRIPT]
    assert last.Status == 0


def test_a_peer_that_goes_inside_its_request_leaves_the_door_open(door: DimseServer) -> None:
    with socket.create_connection(("127.0.0.1", door.port)) as peer:
        peer.sendall(b"\x01\x00\x00\x00\x00\xff")

    assert ask(door, write_dataset(IDENTIFIER, explicit=True))[-1].Status == 0


WHOLE = write_dataset(IDENTIFIER, explicit=True)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_whatever_becomes_of_an_identifier_there_is_a_query_or_a_refusal(data: Any) -> None:  # noqa: ANN401 - Hypothesis
    at = data.draw(st.integers(0, len(WHOLE)))
    more = data.draw(st.binary(max_size=8))
    cut = data.draw(st.booleans())
    changed = WHOLE[:at] + more + (b"" if cut else WHOLE[at + len(more) :])
    try:
        keys = read_dataset(changed, EXPLICIT).model
        if not unreadable_key(keys):
            query_of(keys, patient_root=False).matches(IDENTIFIER)
    except GatewayError:
        return
