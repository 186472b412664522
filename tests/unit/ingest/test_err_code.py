from __future__ import annotations

import pytest

from gateway.errors import Forbidden, GatewayError, Invalid, Issue, UnknownReference
from gateway.hl7v2.message import Message
from gateway.ingest.err_code import err_code
from gateway.mapping.hl7v2.faults import UnsupportedVersion

ISSUE = Issue("x")


def message(profile: str) -> Message:
    return Message.parse(f"MSH|^~\\&|A|B|||20260101||ORU^R01|1|P|2.5{'|' * 9}{profile}\r".encode())


@pytest.mark.parametrize(
    ("refusal", "french", "standard"),
    [
        (UnsupportedVersion("x"), "900", "203"),
        (Forbidden("x"), "901", Forbidden.err_code),
        (UnknownReference("x"), "902", UnknownReference.err_code),
        (GatewayError("x"), "906", "207"),
        (Invalid("x"), Invalid.err_code, Invalid.err_code),
    ],
)
def test_each_refusal_has_its_code_in_the_words_of_the_guide(
    refusal: GatewayError, french: str, standard: str
) -> None:
    assert err_code(message("2.1^CISIS_CDA_HL7_V2"), refusal, ISSUE) == french
    assert err_code(message(""), refusal, ISSUE) == standard
    assert err_code(None, refusal, ISSUE) == standard


def test_a_version_that_the_guide_does_not_know_is_900() -> None:
    unknown = Issue("MSH-12 (version) must be 2.6 in MDM.", err_code="203")
    refusal = Invalid(unknown.text, issues=(unknown,))
    assert err_code(message("2.1^CISIS_CDA_HL7_V2"), refusal, unknown) == "900"
    assert err_code(message(""), refusal, unknown) == "203"
