from __future__ import annotations

import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pynetdicom.dsutils import decode, encode

from gateway.dimse.command import Command, read_command, response
from gateway.errors import Malformed

CT = "1.2.840.10008.5.1.4.1.1.2"
STORE = Command(1, 7, CT, "1.2.3", has_dataset=True)


def encoded(**elements: object) -> bytes:
    dataset = Dataset()
    for name, value in elements.items():
        setattr(dataset, name, value)
    raw = encode(dataset, is_implicit_vr=True, is_little_endian=True)
    assert raw is not None
    return bytes(raw)


def test_a_request_is_read() -> None:
    raw = encoded(
        CommandGroupLength=4,
        AffectedSOPClassUID=CT,
        CommandField=1,
        MessageID=7,
        Priority=0,
        CommandDataSetType=1,
        AffectedSOPInstanceUID="1.2.3",
    )

    assert replace(read_command(raw), elements={}) == STORE


def test_a_response_answers_the_message_with_its_uids_and_a_comment() -> None:
    raw = response(STORE, 0xA900, "The SOP Class UID is another." + "!" * 60)
    read = decode(io.BytesIO(raw), is_implicit_vr=True, is_little_endian=True)

    assert {element.keyword: element.value for element in read} == {
        "CommandGroupLength": len(raw) - 12,
        "AffectedSOPClassUID": CT,
        "CommandField": 0x8001,
        "MessageIDBeingRespondedTo": 7,
        "CommandDataSetType": 0x0101,
        "Status": 0xA900,
        "ErrorComment": ("The SOP Class UID is another." + "!" * 60)[:64],
        "AffectedSOPInstanceUID": "1.2.3",
    }


@pytest.mark.parametrize(
    "raw", [b"", b"\0\0\x02\0", b"\0\0\x02\0\xff\0\0\0ab", b"\x08\0\0\0\0\0\0\0"]
)
def test_what_is_no_command_is_refused(raw: bytes) -> None:
    with pytest.raises(Malformed):
        read_command(raw)


@given(st.binary(max_size=120))
def test_noise_is_read_or_refused(noise: bytes) -> None:
    try:
        read_command(noise)
    except Malformed:
        return
