from __future__ import annotations

import base64
import timeit
from functools import partial

import hl7
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Malformed
from gateway.hl7v2.delimiters import Delimiters
from gateway.hl7v2.message import Message

LINES = (
    (
        r"MSH|^~\&|RIS^1.2.250.1.999^ISO|IMAGERIE DU PORT|PASSERELLE|CPTS|20260305143000||"
        "ORU^R01^ORU_R01|MSG0042|P|2.5^FRA^2.11|||||FRA|UNICODE UTF-8"
    ),
    (
        "PID|1||275126900100123^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10&ISO^INS~"
        'P-17^^^RIS^PI||MOREAU^Léa^^^^^L~DURAND^Léa^^^^^M||19751202|F|||""'
    ),
    "ZZZ|inconnu",
    r"OBX|1|TX|19005-8^Conclusion^LN||Pas d'anomalie & pas d'épanchement ^ T \T\ M\.br\fin~2||",
    "OBX|2|ED|PDF||^AP^PDF^Base64^JVBERi0=",
)
REPORT = "".join(f"{line}\r" for line in LINES).encode()


def parsed(text: str) -> Message:
    return Message.parse(text.encode(), "utf-8")


def test_the_header_is_read_by_the_numbers_of_the_standard() -> None:
    message = Message.parse(REPORT)
    header = message.msh()
    assert (header.text(1), header.text(2), header.whole(2)) == ("|", "^~\\&", "^~\\&")
    assert header.values(2) == (header.value(2),)
    assert (message.code, message.event, message.structure) == ("ORU", "R01", "ORU_R01")
    assert (message.control_id, message.version) == ("MSG0042", "2.5")
    assert message.sender == "RIS|IMAGERIE DU PORT"
    assert (message.charset, message.warnings) == ("utf-8", ())
    assert message.delimiters == Delimiters()


def test_segments_are_all_there_in_order_and_counted() -> None:
    message = Message.parse(REPORT)
    places = [(each.name, each.index, each.sequence) for each in message.segments]
    assert places == [("MSH", 0, 1), ("PID", 1, 1), ("ZZZ", 2, 1), ("OBX", 3, 1), ("OBX", 4, 2)]
    assert message.all("OBX") == message.segments[3:]
    assert message.first("PID") is message.segments[1]
    assert (message.first("PV1"), message.all("PV1")) == (None, ())


def test_fields_give_their_repetitions_components_and_subcomponents() -> None:
    pid = Message.parse(REPORT).segments[1]
    ins, local = pid.values(3)
    assert [ins.text(1), ins.text(4, 2), ins.text(5), ins.component(4)] == [
        "275126900100123",
        "1.2.250.1.213.1.4.10",
        "INS",
        "ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10&ISO",
    ]
    assert (local.raw, local.text(4, 2), local.text(9)) == ("P-17^^^RIS^PI", "", "")
    assert [name.text(2) for name in pid.values(5)] == ["Léa", "Léa"]
    assert pid.text(5) == "MOREAU"
    assert pid.size == 11


def test_absent_and_null_are_two_things_and_both_read_as_nothing() -> None:
    pid = Message.parse(REPORT).segments[1]
    absent, null = pid.value(40), pid.value(11)
    assert (bool(absent), absent.is_null, absent.text(), pid.values(40)) == (False, False, "", ())
    assert (bool(null), null.is_null, null.text(), pid.whole(11)) == (True, True, "", "")
    assert (pid.raw_field(0), pid.text(99, 9, 9), absent.text(0)) == ("", "", "")


def test_a_text_is_read_whole_with_its_bare_delimiters() -> None:
    obx = Message.parse(REPORT).segments[3]
    assert obx.whole(5) == "Pas d'anomalie & pas d'épanchement ^ T & M\nfin~2"
    assert obx.raw_field(5).endswith(r"M\.br\fin~2")
    assert obx.value(3).text(2) == "Conclusion"


@pytest.mark.parametrize("ending", ["\r", "\n", "\r\n", "\r\r", "\n\n"])
def test_segments_may_end_in_any_way_that_is_seen(ending: str) -> None:
    message = Message.parse(REPORT.replace(b"\r", ending.encode()))
    assert [each.name for each in message.segments] == ["MSH", "PID", "ZZZ", "OBX", "OBX"]
    assert message.segments[1].text(8) == "F"


def test_a_line_that_is_no_segment_belongs_to_the_one_before() -> None:
    message = parsed(
        "MSH|^~\\&|RIS\rOBX|1|TX|||Conclusion :\r\rpas d'anomalie\nni lésion|||F\rNTE|1"
    )
    assert [each.name for each in message.segments] == ["MSH", "OBX", "NTE"]
    obx = message.segments[1]
    assert (obx.text(5), obx.text(8)) == ("Conclusion :\r\rpas d'anomalie\nni lésion", "F")
    assert message.warnings == (
        "a line that begins like no segment was read as part of the one before",
    )


def test_other_delimiters_are_those_of_the_message() -> None:
    message = parsed("MSH#*@!%#RIS%X*Y#LABO!F!RADIO\rPID#1##A*B@C")
    assert message.delimiters == Delimiters("#", "*", "@", "!", "%", "")
    assert (message.msh().text(1), message.msh().text(3, 1, 2)) == ("#", "X")
    assert message.msh().text(4) == "LABO#RADIO"
    assert [value.raw for value in message.segments[1].values(3)] == ["A*B", "C"]


def test_a_short_msh_2_leaves_the_rest_as_usual_and_a_fifth_is_truncation() -> None:
    assert parsed("MSH|^~\rPID|1").delimiters == Delimiters()
    assert parsed("MSH|^~\\&#|RIS").delimiters.truncation == "#"


@pytest.mark.parametrize(
    ("typed", "event"),
    [
        ("ADT^A28^ADT_A05", "A28"),
        ("ADT^ADT^A28", "A28"),
        ("ADT^ADT", "A31"),
        ("ADT", "A31"),
        ("ZAM^Z01^ZAM_Z01", "Z01"),
    ],
)
def test_the_event_is_found_where_senders_put_it(typed: str, event: str) -> None:
    assert parsed(f"MSH|^~\\&|SIH||||||{typed}|7|P|2.5\rEVN|A31|2026").event == event


def test_an_event_that_is_nowhere_is_as_typed() -> None:
    assert [parsed(f"MSH|^~\\&|||||||{typed}|7").event for typed in ("ACK", "ORU^X")] == ["", "X"]


def test_bytes_before_the_header_are_a_warning() -> None:
    for before in (b"\xef\xbb\xbf", b" \r\n", b"\x00\x0b"):
        message = Message.parse(before + REPORT)
        assert (message.raw, message.control_id) == (before + REPORT, "MSG0042")
        assert message.warnings == ("there were bytes before MSH",)


def test_the_charset_of_the_sender_may_be_set_against_msh_18() -> None:
    raw = "MSH|^~\\&|RIS||||||ADT^A28|7|P|2.5||||||8859/1\rPID|||||BŒUF".encode("cp1252")
    message = Message.parse(raw, "cp1252")
    assert (message.charset, message.segments[1].text(5)) == ("cp1252", "BŒUF")


def test_the_first_of_several_charsets_is_that_of_the_message() -> None:
    raw = "MSH|^~\\&|RIS||||||ADT^A28|7|P|2.5||||||8859/15~UNICODE UTF-8\rPID|||||LÉA"
    message = Message.parse(raw.encode("iso8859-15"))
    assert (message.charset, message.segments[1].text(5)) == ("iso8859-15", "LÉA")


@pytest.mark.parametrize(
    ("raw", "location"),
    [
        (b"", "MSH^1"),
        (b"GET / HTTP/1.1", "MSH^1"),
        (b"PID|1\rMSH|^~\\&|", "MSH^1"),
        (b"MSH", "MSH^1^1"),
        (b"MSH\rPID|1", "MSH^1^1"),
        (b"MSHA^~\\&A", "MSH^1^1"),
        (b"MSH||RIS", "MSH^1^2"),
        (b"MSH|RIS|X", "MSH^1^2"),
        (b"MSH|^^\\&|X", "MSH^1^2"),
        (b"MSH|^~\\&#*|X", "MSH^1^2"),
        (b"MSH|\r", "MSH^1^2"),
    ],
)
def test_without_a_readable_header_the_refusal_names_the_place(raw: bytes, location: str) -> None:
    with pytest.raises(Malformed) as caught:
        Message.parse(raw)
    assert caught.value.issues[0].location == location


@given(st.one_of(st.binary(), st.binary().map(lambda data: b"MSH|^~\\&|" + data)))
def test_any_bytes_are_a_message_or_malformed(raw: bytes) -> None:
    try:
        message = Message.parse(raw)
    except Malformed:
        return
    assert message.raw == raw
    for segment in message.segments:
        for number in range(segment.size + 2):
            assert isinstance(segment.whole(number) + segment.text(number, 2, 2), str)


fields = st.text(
    st.characters(codec="utf-8", exclude_characters="|\r\n", exclude_categories=["Cc", "Cs"]),
    max_size=12,
)
# Header segments count their fields in their own way.
names = st.from_regex(r"(?!MSH|FHS|BHS)[A-Z][A-Z0-9]{2}", fullmatch=True)
segments = st.tuples(names, st.lists(fields, min_size=1, max_size=6).map("|".join)).map("|".join)


@given(st.lists(segments, max_size=6), st.sampled_from(["\r", "\n", "\r\n"]))
def test_any_message_keeps_every_byte_and_every_field(lines: list[str], ending: str) -> None:
    sent = ["MSH|^~\\&|RIS||||||ORU^R01|1|P|2.5||||||UNICODE UTF-8", *lines]
    raw = ending.join(sent).encode()
    message = Message.parse(raw)
    assert message.raw == raw
    assert [segment.raw for segment in message.segments] == sent
    for segment, line in zip(message.segments[1:], lines, strict=True):
        typed = line.split("|")
        assert [segment.raw_field(number) for number in range(1, len(typed))] == typed[1:]


def test_another_reader_finds_the_same_in_every_field() -> None:
    oracle = hl7.parse(REPORT.decode())
    message = Message.parse(REPORT)
    for segment, other in zip(message.segments, oracle, strict=True):
        numbers = range(3 if segment.name == "MSH" else 1, segment.size + 1)
        assert [segment.raw_field(number) for number in numbers] == [
            str(other(number)) for number in numbers
        ]
    assert message.segments[1].values(3)[0].text(4, 2) == oracle.extract_field("PID", 1, 3, 1, 4, 2)


def test_nothing_of_the_patient_shows_in_a_representation() -> None:
    message = Message.parse(REPORT)
    shown = repr(message) + repr(message.segments) + repr(message.segments[1].value(5))
    assert "MOREAU" not in shown
    assert repr(message) == "<Message ORU^R01 MSG0042>"


def test_a_document_of_30_kilobytes_does_not_make_reading_slow() -> None:
    document = base64.b64encode(bytes(range(256)) * 90)
    big = REPORT.replace(b"JVBERi0=", document)
    assert len(big) > 30_000
    # Ten times what it takes alone, because other tests run beside this one.
    assert max(seconds_to_read(REPORT), seconds_to_read(big)) < 0.001


def seconds_to_read(raw: bytes) -> float:
    return min(timeit.repeat(partial(Message.parse, raw), number=50, repeat=5)) / 50
