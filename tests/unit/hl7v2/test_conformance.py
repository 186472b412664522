from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.hl7v2.conformance import Finding, Report, validate

# hl7apy 1.3.5 opens its tables without closing them.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")

HEADER = "MSH|^~\\&|RIS|PORT|PASSERELLE|CPTS|20260305143000||ORU^R01^ORU_R01|7|P|2.5"
REST = (
    "PID|||P-17^^^RIS^PI||MOREAU^Lea",
    "OBR|1|||18748-4^CR^LN",
    "OBX|1|TX|19005-8^C^LN||RAS||||||F",
)


def message(*segments: str) -> bytes:
    return "\r".join((HEADER, *segments, "")).encode()


def test_a_message_of_the_standard_conforms() -> None:
    assert validate(message(*REST)).conforms


def test_a_segment_without_a_place_in_the_structure_is_named_and_not_dropped() -> None:
    findings = validate(message(*REST, "PRT|1|AD||SB^Sender^HL70912")).findings
    assert [each.location for each in findings if "without a place" in each.text] == ["PRT^1"]


def test_a_z_segment_is_a_warning() -> None:
    report = validate(message(*REST, "ZFA|ACTIF"))
    assert [
        each for each in report.findings if each.location == "ZFA^1" and each.severity == "error"
    ] == []


def test_a_missing_segment_is_an_error() -> None:
    assert not validate(message(REST[0])).conforms


def test_a_header_without_control_id_is_an_error_with_its_place() -> None:
    report = validate(message(*REST).replace(b"|7|P|", b"||P|"))
    assert Finding("error", "MSH-10 (control id) is required.", "MSH^1^10") in report.findings


def test_garbage_is_one_finding() -> None:
    expected = Finding("error", "The message does not begin with MSH.", "MSH^1")
    assert validate(b"GET / HTTP/1.1") == Report((expected,))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=40))
def test_any_text_after_a_header_is_reported_and_never_raised(text: str) -> None:
    raw = f"{HEADER}\r{text}".encode("utf-8", "replace")
    assert isinstance(validate(raw), Report)


def test_hl7apy_is_not_loaded_before_it_is_asked() -> None:
    code = "import sys, gateway.hl7v2.conformance; sys.exit('hl7apy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
