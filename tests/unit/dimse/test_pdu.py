from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pynetdicom.pdu import A_ABORT_RQ, A_ASSOCIATE_AC, A_ASSOCIATE_RJ, A_RELEASE_RP

from gateway.dimse import pdu
from gateway.dimse.pdu import (
    AnsweredContext,
    AssociateRequest,
    ContextResult,
    DataValue,
    ProposedContext,
    Role,
    UserInformation,
)
from gateway.errors import Malformed

CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"


def item(kind: int, value: bytes) -> bytes:
    return bytes((kind, 0)) + len(value).to_bytes(2, "big") + value


REQUEST = (
    b"\x00\x01\x00\x00"
    + b"GATEWAY".ljust(16)
    + b"SCANNER".ljust(16)
    + bytes(32)
    + item(0x10, pdu.APPLICATION_CONTEXT.encode())
    + item(0x20, b"\x01\0\0\0" + item(0x30, CT.encode()) + item(0x40, EXPLICIT.encode() + b"\0"))
    + item(0x50, item(0x51, b"\0\0\x40\0"))
)


def test_an_association_request_is_read() -> None:
    assert pdu.read_request(REQUEST) == AssociateRequest(
        protocol_version=1,
        called="GATEWAY",
        calling="SCANNER",
        titles=b"GATEWAY".ljust(16) + b"SCANNER".ljust(16),
        application_context=pdu.APPLICATION_CONTEXT,
        contexts=(ProposedContext(1, CT, (EXPLICIT,)),),
        user=UserInformation(maximum_length=16384),
    )


def test_roles_and_extended_negotiation_are_read_and_agreed_to() -> None:
    asked = item(0x54, b"\0\x05" + b"1.2.3" + b"\x01\x01")
    asked += item(0x56, b"\0\x05" + b"1.2.4" + b"\x01\x01")
    request = pdu.read_request(REQUEST[:-12] + item(0x50, asked))
    answer = pdu.accept(
        request, (), maximum_length=131072, implementation=("2.25.1", "P"), user=request.user
    )

    assert request.user.roles == {"1.2.3": Role(scu=True, scp=True)}
    assert request.user.extended == {"1.2.4": b"\x01\x01"}
    assert asked[:13] in answer
    assert asked[13:] in answer


def test_pynetdicom_reads_the_acceptance() -> None:
    answer = pdu.accept(
        pdu.read_request(REQUEST),
        (
            AnsweredContext(1, ContextResult.ACCEPTED, EXPLICIT),
            AnsweredContext(3, ContextResult.ABSTRACT_SYNTAX, EXPLICIT),
        ),
        maximum_length=131072,
        implementation=("2.25.1", "PASSERELLE"),
    )
    read = A_ASSOCIATE_AC()
    read.decode(answer)
    user = read.user_information

    assert user is not None
    assert (user.maximum_length, user.implementation_class_uid) == (131072, "2.25.1")
    assert user.implementation_version_name == "PASSERELLE"
    assert [(one.context_id, one.result) for one in read.presentation_context] == [(1, 0), (3, 3)]
    assert read.presentation_context[0].transfer_syntax == EXPLICIT


def test_pynetdicom_reads_rejection_abort_and_release() -> None:
    rejected, aborted, released = A_ASSOCIATE_RJ(), A_ABORT_RQ(), A_RELEASE_RP()
    rejected.decode(pdu.reject(pdu.CALLING_NOT_RECOGNIZED))
    aborted.decode(pdu.abort(pdu.AbortReason.UNEXPECTED_PDU))
    released.decode(pdu.release_reply())

    assert (rejected.result, rejected.source, rejected.reason_diagnostic) == (1, 1, 3)
    assert (aborted.source, aborted.reason_diagnostic) == (2, 2)


def test_data_values_are_views_in_order() -> None:
    body = memoryview(b"\0\0\0\x04\x01\x03ab\0\0\0\x03\x01\x00c")

    assert list(pdu.data_values(body)) == [
        DataValue(1, is_command=True, is_last=True, content=memoryview(b"ab")),
        DataValue(1, is_command=False, is_last=False, content=memoryview(b"c")),
    ]


@pytest.mark.parametrize("body", [b"\0\0", b"\0\0\0\x01\x01\x00", b"\0\0\0\xff\x01\x00x"])
def test_data_values_that_do_not_fit_are_refused(body: bytes) -> None:
    with pytest.raises(Malformed):
        list(pdu.data_values(memoryview(body)))


@given(st.binary(max_size=300))
def test_a_request_of_noise_is_read_or_refused(noise: bytes) -> None:
    try:
        pdu.read_request(noise)
    except Malformed:
        return


@given(st.integers(0, len(REQUEST)))
def test_a_request_cut_anywhere_is_read_or_refused(cut: int) -> None:
    try:
        pdu.read_request(REQUEST[:cut])
    except Malformed:
        return
