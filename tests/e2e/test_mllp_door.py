"""The MLLP door of a whole gateway: TLS, lists, files, crowds, and senders that know no better."""

from __future__ import annotations

import base64
import contextlib
import ssl
import time
from typing import TYPE_CHECKING

import pytest

from gateway.access.tls import client_context
from gateway.hl7v2.batch import split_messages
from gateway.mllp.client import Client
from tests.certificates import Authority
from tests.e2e.process import GatewayProcess
from tests.e2e.wire import connected, found, framed, heard, journal, read, report, run_here, tell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOML = """
mllp_folders = ["depot"]

[[mllp_senders]]
application = "RIS"
facility = "CENTRE"

[[mllp_senders]]
application = "VIEUX"
acknowledgement = "original"
"""
# Enough for a crowd: descriptors of this process, and of the gateway.
CROWD = 1000


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mllp-door")


@pytest.fixture(scope="module")
def gateway(place: Path) -> Iterator[GatewayProcess]:
    data = place / "data"
    data.mkdir()
    (data / "gateway.toml").write_text(TOML, "utf-8")
    made = GatewayProcess(data).start()
    yield made
    assert made.stop() == 0


@pytest.fixture(scope="module")
def authority(place: Path) -> Authority:
    return Authority(place)


@pytest.fixture(scope="module")
def secured(place: Path, authority: Authority) -> Iterator[GatewayProcess]:
    pair = authority.issue("gateway.test")
    files = {
        "GATEWAY_MLLP_TLS_CERT": str(pair.certificate),
        "GATEWAY_MLLP_TLS_KEY": str(pair.key),
        "GATEWAY_MLLP_TLS_CLIENT_CA": str(authority.file),
    }
    made = GatewayProcess(place / "secured", files).start()
    yield made
    assert made.stop() == 0


def test_a_sender_that_is_not_on_the_list_is_refused_and_its_message_kept(
    gateway: GatewayProcess,
) -> None:
    answer = tell(gateway.mllp, report("stranger").replace(b"|RIS|CENTRE|", b"|RIS|NORD|"))
    assert (answer.code, [one.code for one in answer.told]) == ("AE", ["207"])
    assert b"The application RIS of NORD is not on the list of senders." in answer.raw
    assert journal(gateway, "--limit", "1")[0]["state"] == "refused"
    assert found(gateway, "stranger") == []


def test_the_enhanced_mode_is_answered_twice_on_the_same_connection(
    gateway: GatewayProcess,
) -> None:
    raw = report("twice").replace(b"|P|2.5|||||", b"|P|2.5|||AL|AL|")
    with connected(gateway.mllp) as peer:
        peer.sendall(framed(raw))
        answers = heard(peer, 2)
    assert [(one.code, one.control_id) for one in answers] == [("CA", "Btwice"), ("AA", "Btwice")]
    assert len(found(gateway, "twice")) == 1


def test_a_sender_that_means_the_original_mode_gets_one_answer(gateway: GatewayProcess) -> None:
    raw = report("once").replace(b"|P|2.5|||||", b"|P|2.5|||AL|AL|")
    with connected(gateway.mllp) as peer:
        peer.sendall(framed(raw.replace(b"|RIS|CENTRE|", b"|VIEUX||")) + framed(report("next")))
        assert [one.code for one in heard(peer, 2)] == ["AA", "AA"]


def test_messages_come_over_tls_from_who_shows_a_certificate(
    secured: GatewayProcess, authority: Authority, place: Path
) -> None:
    ris = authority.issue("ris.test")
    context = client_context(authority.file, ris.certificate, ris.key)
    with Client("127.0.0.1", secured.mllp, tls=context) as client:
        assert client.send(report("tls")).code == "AA"
    message = place / "tls.hl7"
    message.write_bytes(report("tls2"))
    to = f"127.0.0.1:{secured.mllp}"
    sending = ("hl7", "send", str(message), "--to", to, "--tls-ca", str(authority.file))
    own = ("--tls-cert", str(ris.certificate), "--tls-key", str(ris.key))
    assert run_here(secured, *sending)[0] == 1
    status, printed = run_here(secured, *sending, *own)
    assert (status, b"MSA|AA|Btls2" in printed) == (0, True)
    assert b"peer did not return a certificate" in secured.log.read_bytes()


def test_a_plain_sender_on_the_tls_port_is_cut_at_once(secured: GatewayProcess) -> None:
    with connected(secured.mllp, 5) as peer:
        peer.sendall(framed(report("plain")))
        with contextlib.suppress(ConnectionResetError):
            assert peer.recv(1) == b""
    assert b"the peer does not speak TLS" in secured.log.read_bytes()


def test_a_tls_sender_on_the_plain_port_is_cut_at_once(gateway: GatewayProcess) -> None:
    context = ssl.create_default_context()
    with connected(gateway.mllp, 5) as peer, pytest.raises((ssl.SSLError, ConnectionError)):
        context.wrap_socket(peer, server_hostname="127.0.0.1")
    assert b"mllp.tls-on-plain-port" in gateway.log.read_bytes()


def test_certificates_that_cannot_be_used_stop_the_start(authority: Authority, place: Path) -> None:
    pair = authority.issue("autre.test")
    wrong = GatewayProcess(
        place / "wrong",
        {
            "GATEWAY_MLLP_TLS_CERT": str(authority.file),
            "GATEWAY_MLLP_TLS_KEY": str(pair.key),
        },
    )
    assert run_here(wrong, "serve", "--only", "mllp") == (2, b"")


def test_every_message_of_a_batch_is_sent_and_told_in_a_line(
    gateway: GatewayProcess, place: Path
) -> None:
    batch = place / "lot.hl7"
    bad = report("lot2").replace(b"OBR|1", b"NTE|1")
    lot = (
        b"FHS|^~\\&|RIS\rBHS|^~\\&|RIS\r"
        + report("lot1")
        + bad
        + report("lot3")
        + b"BTS|3\rFTS|1\r"
    )
    batch.write_bytes(lot.replace(b"\r", b"\r\n"))
    status, printed = run_here(gateway, "hl7", "send", str(batch), "--to", f"[::1]:{gateway.mllp}")
    assert status == 1
    status, printed = run_here(
        gateway, "hl7", "send", str(batch), "--to", f"127.0.0.1:{gateway.mllp}"
    )
    lines = [line.split(maxsplit=3) for line in printed.decode().splitlines()]
    assert status == 1
    assert [line[:3] for line in lines] == [
        ["1/3", "Blot1", "AA"],
        ["2/3", "Blot2", "AE"],
        ["3/3", "Blot3", "AA"],
    ]
    assert len(found(gateway, "lot3")) == 1


def test_a_file_in_a_watched_folder_is_processed_and_put_away(
    gateway: GatewayProcess,
) -> None:
    depot = gateway.data / "depot"
    draft = depot / "in" / ".lot.hl7"
    draft.write_bytes(report("file1") + report("file2"))
    draft.rename(depot / "in" / "lot.hl7")
    assert _comes(depot / "done" / "lot.hl7")
    answers = [read(raw) for raw in split_messages((depot / "done" / "lot.hl7.ack").read_bytes())]
    assert [(one.code, one.control_id) for one in answers] == [("AA", "Bfile1"), ("AA", "Bfile2")]
    assert len(found(gateway, "file2")) == 1
    assert list((depot / "in").iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "change", "code"),
    [
        ("cr", lambda raw: raw.rstrip(b"\r"), "AA"),
        ("msh2", lambda raw: raw.replace(b"|^~\\&|", b"|^~\\|", 1), "AA"),
        ("msh2b", lambda raw: raw.replace(b"|^~\\&|", b"||", 1), "AE"),
        ("type", lambda raw: raw.replace(b"ORU^R01^ORU_R01", b"ORU^ORU^R01"), "AA"),
        ("type2", lambda raw: raw.replace(b"ORU^R01^ORU_R01", b"ORU_R01"), "AE"),
        ("type3", lambda raw: raw.replace(b"ORU^R01^ORU_R01", b""), "AE"),
    ],
)
def test_headers_that_are_a_little_wrong_are_read_and_others_refused(
    gateway: GatewayProcess, kind: str, change: object, code: str
) -> None:
    assert callable(change)
    answer = tell(gateway.mllp, change(report(kind)))
    # Without delimiters there is no MSH-10 to answer to.
    assert (answer.code, answer.control_id) == (code, "" if kind == "msh2b" else f"B{kind}")


def test_a_block_without_its_last_cr_is_answered(gateway: GatewayProcess) -> None:
    with connected(gateway.mllp) as peer:
        peer.sendall(framed(report("nocr"))[:-1])
        assert heard(peer)[0].code == "AA"
        peer.sendall(framed(report("nocr2"))[:-1])
        assert heard(peer)[0].code == "AA"


@pytest.mark.parametrize("damage", [b"", b"\xe9\xe9", b"=A", b" "], ids=repr)
def test_a_document_of_820_kilobytes_is_taken_whole_and_a_damaged_one_told(
    gateway: GatewayProcess, damage: bytes
) -> None:
    pdf = b"%PDF-1.4\n" + b"\x00\x01\x02" * 205_000 + b"\n%%EOF"
    coded = base64.b64encode(pdf)
    coded = coded[:4001] + damage + coded[4001:]
    number = f"pdf{damage.hex()}"
    document = b"OBX|2|ED|PDF^Document^L||^application^pdf^Base64^" + coded + b"||||||F\r"
    assert len(document) > 820_000
    answer = tell(gateway.mllp, report(number) + document)
    # Whatever the document is, the report is not lost.
    assert answer.code == "AA"
    assert (answer.told != ()) is (damage.strip() != b"")
    assert len(found(gateway, number)) == 1


def test_a_crowd_of_senders_is_answered_and_the_others_do_not_wait(
    gateway: GatewayProcess,
) -> None:
    with contextlib.ExitStack() as senders:
        crowd = [senders.enter_context(connected(gateway.mllp)) for _ in range(CROWD)]
        crowd[0].sendall(b"\x0bMSH|^~\\&|half")
        begun = time.monotonic()
        assert tell(gateway.mllp, report("crowd")).code == "AA"
        assert time.monotonic() - begun < 5
        for number in (1, 500, 999):
            crowd[number].sendall(framed(report(f"crowd{number}")))
            assert heard(crowd[number])[0].code == "AA"


def _comes(file: Path, seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while not file.exists() and time.monotonic() < end:
        time.sleep(0.1)
    return file.exists()
