from __future__ import annotations

from datetime import datetime

import pytest

from gateway.hl7v2.acknowledgement import AckError, build_ack
from gateway.hl7v2.datetimes import PARIS
from gateway.hl7v2.message import Message

NOW = datetime(2026, 3, 5, 14, 30, 8, tzinfo=PARIS)


def received(
    *,
    version: str = "2.5^FRA^2.11",
    charset: str = "UNICODE UTF-8",
    accept: str = "",
    application: str = "",
) -> Message:
    header = (
        r"MSH|^~\&|RIS^1.2.250.1.999^ISO|IMAGERIE DU PORT|PASSERELLE|CPTS|20260305143000||"
        f"ORU^R01^ORU_R01|MSG\\T\\42|T|{version}|||{accept}|{application}|FRA|{charset}\rPID|1\r"
    )
    return Message.parse(header.encode())


def answer(message: Message | None, code: str, *errors: AckError) -> str:
    return build_ack(message, code, control_id="A1", now=NOW, errors=errors).decode()


def test_an_acceptance_goes_back_to_where_the_message_came_from() -> None:
    assert answer(received(), "AA") == (
        r"MSH|^~\&|PASSERELLE|CPTS|RIS^1.2.250.1.999^ISO|IMAGERIE DU PORT|20260305143008+0100||"
        "ACK^R01^ACK|A1|T|2.5^FRA^2.11|||||FRA|UNICODE UTF-8\r"
        "MSA|AA|MSG\\T\\42\r"
    )


def test_every_error_has_its_segment_with_place_code_severity_and_sentence() -> None:
    errors = (
        AckError("101", "PID-3 est requis : aucun identifiant | ni INS", "PID^1^3"),
        AckError("0", "PID-32 n'est pas VALI", severity="warning"),
    )
    assert answer(received(), "AE", *errors).split("\r")[1:] == [
        "MSA|AE|MSG\\T\\42",
        (
            r"ERR||PID^1^3|101^Required field missing^HL70357|E||||"
            r"PID-3 est requis : aucun identifiant \F\ ni INS"
        ),
        "ERR|||0^Message accepted^HL70357|W||||PID-32 n'est pas VALI",
        "",
    ]


def test_before_version_2_5_the_sentence_is_in_the_msa_and_the_place_in_err_1() -> None:
    errors = (AckError("101", "PID-3 manque", "PID^1^3"), AckError("207", "trop tard"))
    assert answer(received(version="2.3.1"), "AE", *errors).split("\r")[1:] == [
        "MSA|AE|MSG\\T\\42|PID-3 manque",
        (
            "ERR|PID^1^3^101&Required field missing&HL70357|PID^1^3|"
            "101^Required field missing^HL70357|E||||PID-3 manque"
        ),
        (
            "ERR|^^^207&Application internal error&HL70357||"
            "207^Application internal error^HL70357|E||||trop tard"
        ),
        "",
    ]


def test_the_codes_of_the_ci_sis_are_application_errors() -> None:
    lines = answer(received(), "AE", AckError("904", "INS", "OBX^1^5")).split("\r")
    assert lines[2] == (
        "ERR||OBX^1^5|205^Duplicate key identifier^HL70357|E|"
        "904^INS différente de celle du patient^applicationErrorCondition|||INS"
    )


def test_an_acknowledgement_can_ask_not_to_be_acknowledged() -> None:
    raw = build_ack(received(), "AA", control_id="A1", now=NOW, final=True)
    assert Message.parse(raw).msh().text(15) == Message.parse(raw).msh().text(16) == "NE"


def test_garbage_is_answered_all_the_same() -> None:
    assert answer(None, "AE", AckError("100", "no MSH", "MSH^1")) == (
        "MSH|^~\\&|PASSERELLE||||20260305143008+0100||ACK|A1|P|2.5\r"
        "MSA|AE\r"
        "ERR||MSH^1|100^Segment sequence error^HL70357|E||||no MSH\r"
    )


@pytest.mark.parametrize(
    ("charset", "written", "name"),
    [
        ("UNICODE UTF-8", "requis é".encode(), b"UNICODE UTF-8"),
        ("8859/15", b"requis \xe9", b"8859/15"),
        ("8859/1", b"requis \xe9", b"8859/1"),
        ("ASCII", b"requis e", b"ASCII"),
        ("", b"requis e", b""),
    ],
)
def test_the_answer_is_in_the_charset_of_the_question(
    charset: str, written: bytes, name: bytes
) -> None:
    raw = build_ack(
        received(charset=charset),
        "AE",
        control_id="A1",
        now=NOW,
        errors=[AckError("101", "requis é")],
    )
    header, _, rest = raw.partition(b"\r")
    assert header.endswith(b"|FRA|" + name if name else b"|FRA")
    assert rest.endswith(b"|E||||" + written + b"\r")


def test_a_minimal_header_gets_a_whole_answer_in_its_own_delimiters() -> None:
    message = Message.parse(b"MSH#*@!%#RIS\rPID#1")
    assert answer(message, "AE") == "MSH#*@!%###RIS##20260305143008+0100##ACK#A1#P#2.5\rMSA#AE\r"
