"""What is wrong over MLLP has a defined answer, is kept, and costs nothing that was accepted."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.process import GatewayProcess
from tests.e2e.wire import (
    Told,
    connected,
    found,
    framed,
    heard,
    journal,
    original,
    report,
    run_here,
    tell,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    made = GatewayProcess(tmp_path_factory.mktemp("bad-input") / "data").start()
    yield made
    assert made.stop() == 0


def newest(gateway: GatewayProcess) -> tuple[dict[str, object], bytes]:
    entry = journal(gateway, "--limit", "1")[0]
    kept = {name: entry[name] for name in ("door", "control id", "state", "answer")}
    return kept, original(gateway, entry)


def entry_of(control: str, state: str, answer: str) -> dict[str, object]:
    return {"door": "mllp", "control id": control, "state": state, "answer": answer}


def without(segment: bytes, message: bytes) -> bytes:
    lines = message.split(b"\r")
    return b"\r".join(line for line in lines if not line.startswith(segment))


REFUSED = {
    "garbage in a block": (
        b"\x00\xff not a message at all",
        ("AE", "", (Told("100", "MSH^1", "E"),)),
        ("", "unreadable"),
    ),
    "an unknown message type": (
        report("type").replace(b"ORU^R01^ORU_R01", b"ZZZ^Z99^ZZZ_Z99"),
        ("AE", "Btype", (Told("200", "MSH^1^9", "E"),)),
        ("Btype", "refused"),
    ),
    "an unknown event": (
        report("event").replace(b"ORU^R01^ORU_R01", b"ORU^R99^ORU_R99"),
        ("AE", "Bevent", (Told("201", "MSH^1^9", "E"),)),
        ("Bevent", "refused"),
    ),
    "no PID": (
        without(b"PID", report("nopid")),
        ("AE", "Bnopid", (Told("101", "PID", "E"),)),
        ("Bnopid", "refused"),
    ),
    "a PID without identifier": (
        report("noid").replace(b"BADnoid^^^RISNS^PI", b""),
        ("AE", "Bnoid", (Told("101", "PID^1^3", "E"),)),
        ("Bnoid", "refused"),
    ),
    "an empty MSH-10": (
        report("noctl", control=""),
        ("AE", "", (Told("101", "MSH^1^10", "E"),)),
        ("", "refused"),
    ),
}


@pytest.mark.parametrize("name", list(REFUSED))
def test_what_cannot_be_accepted_is_refused_in_its_own_words_and_kept(
    name: str, gateway: GatewayProcess
) -> None:
    message, (code, acknowledged, told), (control, state) = REFUSED[name]
    before = gateway.get("/fhir/_history?_count=1")["entry"] if _any(gateway) else []

    answer = tell(gateway.mllp, message)

    assert (answer.code, answer.control_id, answer.told) == (code, acknowledged, told)
    assert newest(gateway) == (entry_of(control, state, code), message)
    after = gateway.get("/fhir/_history?_count=1")["entry"] if _any(gateway) else []
    assert after == before


def _any(gateway: GatewayProcess) -> bool:
    return bool(gateway.get("/fhir/_history?_count=1").get("entry"))


def test_stray_bytes_are_kept_and_do_not_cost_the_message_behind_them(
    gateway: GatewayProcess,
) -> None:
    with connected(gateway.mllp) as peer:
        peer.sendall(b"GET / HTTP/1.1\r\n\r\n" + framed(report("stray")))
        answers = heard(peer)

    assert [(one.code, one.control_id, one.told) for one in answers] == [("AA", "Bstray", ())]
    entries = journal(gateway, "--limit", "2")
    assert [entry["state"] for entry in entries] == ["processed", "unreadable"]
    assert original(gateway, entries[1]).strip() == b"GET / HTTP/1.1"


def test_a_message_cut_by_the_next_one_is_refused_and_never_processed(
    gateway: GatewayProcess,
) -> None:
    # Cut where a segment ends: what is left reads well, and says something else.
    cut = report("cut").partition(b"OBX")[0]
    with connected(gateway.mllp) as peer:
        peer.sendall(b"\x0b" + cut + framed(report("behind")))
        answers = heard(peer, 2)

    assert [(one.code, one.control_id, one.told) for one in answers] == [
        ("AR", "Bcut", (Told("100", "", "E"),)),
        ("AA", "Bbehind", ()),
    ]
    assert found(gateway, "cut") == []
    assert original(gateway, journal(gateway, "--text", "Bcut")[0]) == cut
    # The whole of it, later, is no second message under its control id.
    assert tell(gateway.mllp, report("cut")).told == ()
    assert [one["status"] for one in found(gateway, "cut")] == ["final"]


def test_a_connection_cut_inside_a_block_leaves_the_piece_in_the_journal_only(
    gateway: GatewayProcess,
) -> None:
    piece = report("lost").partition(b"OBX")[0]
    with connected(gateway.mllp) as peer:
        peer.sendall(b"\x0b" + piece)
    entries: list[dict[str, object]] = []
    deadline = time.monotonic() + 10
    while not entries and time.monotonic() < deadline:
        entries = journal(gateway, "--text", "Blost")

    assert [(one["state"], one["answer"]) for one in entries] == [("refused", "AR")]
    assert original(gateway, entries[0]) == piece
    assert found(gateway, "lost") == []
    assert tell(gateway.mllp, report("lost")).code == "AA"


def test_a_message_of_200_megabytes_is_refused_without_being_held(gateway: GatewayProcess) -> None:
    head = report("huge")[:-1]
    with connected(gateway.mllp, 60) as peer:
        peer.sendall(b"\x0b" + head)
        for _ in range(200):
            peer.sendall(b"A" * MEGABYTE)
        peer.sendall(b"\x1c\r")
        answer = heard(peer)[0]

    size = len(head) + 200 * MEGABYTE
    assert (answer.code, answer.control_id, answer.told) == (
        "AE",
        "Bhuge",
        (Told("207", "", "E"),),
    )
    assert f"{size} bytes".encode() in answer.raw
    entry = journal(gateway, "--text", "Bhuge")[0]
    assert (entry["state"], entry["bytes"]) == ("refused", size)
    assert original(gateway, entry) == (head + b"A" * 65536)[:65536]
    assert peak_megabytes(gateway) < 400
    assert tell(gateway.mllp, report("after-huge")).code == "AA"
    assert found(gateway, "huge") == []


def peak_megabytes(gateway: GatewayProcess) -> float:
    """Return what the largest process of the gateway ever held in memory."""
    assert gateway.process is not None
    peaks = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text("utf-8")
        except OSError:
            continue
        if f"\nPPid:\t{gateway.process.pid}\n" in text:
            peak = re.search(r"VmHWM:\s+(\d+) kB", text)
            peaks += [int(peak[1]) / 1024] if peak else []
    if not peaks:
        pytest.skip("no /proc here: memory is not looked at")
    return max(peaks)


@pytest.mark.parametrize(
    ("declared", "codec"),
    [("8859/1", "utf-8"), ("UNICODE UTF-8", "latin-1"), ("BROKEN", "utf-8")],
    ids=["UTF-8 said to be Latin 1", "Latin 1 said to be UTF-8", "a charset nobody knows"],
)
def test_a_wrong_charset_is_read_as_what_it_is_with_a_warning(
    declared: str, codec: str, gateway: GatewayProcess
) -> None:
    number = f"set-{declared[:4].strip()}-{codec}".replace("/", "")
    message = report(number, charset=declared, text="Œdème écarté." if codec == "utf-8" else "é")
    message = message.decode().encode(codec)

    answer = tell(gateway.mllp, message)

    assert (answer.code, {one.severity for one in answer.told}) == ("AA", {"W"})
    assert newest(gateway) == (entry_of(f"B{number}", "processed", "AA"), message)
    patients = gateway.get(f"/fhir/Patient?family=DURAND{number}")["entry"]
    assert [one["resource"]["name"][0]["given"] for one in patients] == [["Zoé"]]


def test_line_feeds_between_segments_are_understood(gateway: GatewayProcess) -> None:
    message = report("lf").replace(b"\r", b"\n")

    answer = tell(gateway.mllp, message)

    assert (answer.code, answer.control_id) == ("AA", "Blf")
    assert newest(gateway) == (entry_of("Blf", "processed", "AA"), message)
    assert [one["conclusion"] for one in found(gateway, "lf")] == ["Pas de fracture."]


def test_the_very_same_message_gets_the_very_same_answer_and_changes_nothing(
    gateway: GatewayProcess,
) -> None:
    first = tell(gateway.mllp, report("twice"))
    again = tell(gateway.mllp, report("twice"))

    assert first.code == "AA"
    assert again.raw == first.raw
    assert newest(gateway) == (entry_of("Btwice", "duplicate", "AA"), report("twice"))
    assert [one["meta"]["versionId"] for one in found(gateway, "twice")] == ["1"]


def test_a_control_id_used_twice_is_processed_twice_with_a_warning(
    gateway: GatewayProcess,
) -> None:
    tell(gateway.mllp, report("reuse-1", control="REUSED"))

    answer = tell(gateway.mllp, report("reuse-2", control="REUSED"))

    assert (answer.code, answer.control_id, answer.told) == (
        "AA",
        "REUSED",
        (Told("0", "MSH^1^10", "W"),),
    )
    assert len(found(gateway, "reuse-1")) == len(found(gateway, "reuse-2")) == 1


def test_a_message_corrected_after_a_refusal_is_no_reuse_of_its_control_id(
    gateway: GatewayProcess,
) -> None:
    refused = tell(gateway.mllp, report("mend").replace(b"BADmend^^^RISNS^PI", b""))
    mended = tell(gateway.mllp, report("mend"))

    assert (refused.code, mended.code, mended.told) == ("AE", "AA", ())


def test_an_older_report_is_accepted_with_a_warning_and_changes_nothing(
    gateway: GatewayProcess,
) -> None:
    tell(gateway.mllp, report("older", control="NEW", status="C", text="Corrigé."))

    lower = tell(gateway.mllp, report("older", control="LOWER", status="P", text="Provisoire."))
    earlier = report("older", control="EARLIER", status="C", issued="20260109101400", text="Hier.")
    before = tell(gateway.mllp, earlier)

    for answer in (lower, before):
        assert (answer.code, answer.told) == ("AA", (Told("0", "", "W"),))
    assert newest(gateway) == (entry_of("EARLIER", "superseded", "AA"), earlier)
    kept = [(one["conclusion"], one["meta"]["versionId"]) for one in found(gateway, "older")]
    assert kept == [("Corrigé.", "1")]


def test_a_report_for_an_unknown_order_is_accepted_and_makes_the_order_known(
    gateway: GatewayProcess,
) -> None:
    answer = tell(gateway.mllp, report("orphan"))

    assert (answer.code, answer.told) == ("AA", ())
    (stored,) = found(gateway, "orphan")
    (based_on,) = stored["basedOn"]
    order = gateway.get(f"/fhir/{based_on['reference']}")
    numbers = {(one["type"]["coding"][0]["code"], one["value"]) for one in order["identifier"]}
    assert ("PLAC", "BPLorphan") in numbers
    assert order["status"] == "completed"


def test_a_refusal_is_shown_with_its_reason_and_place(gateway: GatewayProcess) -> None:
    tell(gateway.mllp, report("shown").replace(b"BADshown^^^RISNS^PI", b""))
    entry = journal(gateway, "--text", "Bshown", "--state", "refused")[0]

    status, printed = run_here(gateway, "journal", "show", str(entry["number"]))

    assert status == 0
    assert re.search(r"^error +PID\^1\^3 \S+", printed.decode(), re.MULTILINE)
