from __future__ import annotations

import pytest

from gateway.dimse import pdu
from gateway.dimse.negotiation import negotiate, refuse
from gateway.dimse.pdu import AnsweredContext, AssociateRequest, ContextResult, ProposedContext

CT = "1.2.840.10008.5.1.4.1.1.2"
WORKLIST = "1.2.840.10008.5.1.4.31"
IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
BIG, JPEG = "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.4.70"
PRIVATE = "1.3.46.670589.33.1.4.1"


def a_request(
    *contexts: ProposedContext,
    version: int = 1,
    called: str = "GATEWAY",
    calling: str = "SCANNER",
    application: str = pdu.APPLICATION_CONTEXT,
) -> AssociateRequest:
    return AssociateRequest(version, called, calling, b"", application, contexts)


@pytest.mark.parametrize(
    ("abstract", "offered", "result", "chosen"),
    [
        (CT, (IMPLICIT, EXPLICIT, BIG), ContextResult.ACCEPTED, EXPLICIT),
        (CT, (BIG, IMPLICIT), ContextResult.ACCEPTED, IMPLICIT),
        (CT, (BIG,), ContextResult.ACCEPTED, BIG),
        (CT, (JPEG, EXPLICIT), ContextResult.ACCEPTED, JPEG),
        (CT, (PRIVATE,), ContextResult.ACCEPTED, PRIVATE),
        ("1.3.12.2.1107.5.9.1", (IMPLICIT,), ContextResult.ACCEPTED, IMPLICIT),
        ("1.2.840.10008.1.1", (IMPLICIT,), ContextResult.ACCEPTED, IMPLICIT),
        (WORKLIST, (IMPLICIT,), ContextResult.ABSTRACT_SYNTAX, IMPLICIT),
        ("", (IMPLICIT,), ContextResult.ABSTRACT_SYNTAX, IMPLICIT),
        (CT, (), ContextResult.TRANSFER_SYNTAX, IMPLICIT),
    ],
)
def test_every_storage_class_is_taken_in_what_is_offered(
    abstract: str, offered: tuple[str, ...], result: ContextResult, chosen: str
) -> None:
    request = a_request(ProposedContext(5, abstract, offered))

    assert negotiate(request) == (AnsweredContext(5, result, chosen),)


@pytest.mark.parametrize(
    ("request_", "called", "permitted", "rejection"),
    [
        (a_request(), "", True, None),
        (a_request(called="OTHER"), "", True, None),
        (a_request(called="OTHER"), "GATEWAY", True, pdu.CALLED_NOT_RECOGNIZED),
        (a_request(), "GATEWAY", True, None),
        (a_request(), "", False, pdu.CALLING_NOT_RECOGNIZED),
        (a_request(application="1.2.3"), "", True, pdu.NO_APPLICATION_CONTEXT),
        (a_request(version=2), "", True, pdu.PROTOCOL_VERSION),
    ],
)
def test_an_association_is_rejected_with_its_reason(
    request_: AssociateRequest, called: str, *, permitted: bool, rejection: pdu.Rejection | None
) -> None:
    assert refuse(request_, called=called, permitted=permitted) == rejection
