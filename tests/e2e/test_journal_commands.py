"""`gateway journal`, `gateway codes` and strict channels, against a gateway that serves."""

from __future__ import annotations

import json
import sqlite3
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.process import GatewayProcess
from tests.e2e.wire import journal, report, run_here, tell

if TYPE_CHECKING:
    from collections.abc import Iterator

SETTINGS = """
[[mllp_senders]]
application = "STRICT"
strict = true

[[mllp_senders]]

[[journal_retention]]
types = ["ADT"]
original_days = 30
entry_days = 365
"""
LOCAL = "urn:passerelle:sender:RIS:CENTRE:L"


def identity(number: str, application: str = "RIS", event: str = "A28", more: str = "") -> bytes:
    header = f"MSH|^~\\&|{application}|CENTRE|GW|GW|20260310||ADT^{event}|J{number}|P|2.5^FRA^2.11"
    person = f"PID|1||J{number}^^^RISNS^PI||GARÇON^Zoé||19800101|F|||12 rue"
    segments = (f"{header}|||||FRA|UNICODE UTF-8", "EVN||20260310", person, f"PV1|1|N{more}")
    return "\r".join(segments).encode() + b"\r"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    made = GatewayProcess(tmp_path_factory.mktemp("journal") / "data")
    made.data.mkdir()
    (made.data / "gateway.toml").write_text(SETTINGS, "utf-8")
    made.start()
    assert tell(made.mllp, identity("one")).code == "AA"
    local = report("two").replace(b"30620-9^CT rachis^LN", b"GENOU^Radio^L")
    assert tell(made.mllp, local).code == "AA"
    yield made
    assert made.stop() == 0


def said(gateway: GatewayProcess, *arguments: str) -> tuple[int, str]:
    status, printed = run_here(gateway, *arguments)
    return status, printed.decode()


def numbers(gateway: GatewayProcess, *arguments: str) -> list[str]:
    return [one["control id"] for one in journal(gateway, *arguments)]


def test_entries_are_found_by_patient_type_sender_day_and_words_of_the_message(
    gateway: GatewayProcess,
) -> None:
    assert numbers(gateway, "--patient", "urn:passerelle:namespace:RISNS|Jone") == ["Jone"]
    found = gateway.get("/fhir/Patient?identifier=Jone")["entry"][0]["resource"]["id"]
    assert numbers(gateway, "--patient", f"Patient/{found}") == ["Jone"]
    assert numbers(gateway, "--type", "ADT", "--sender", "RIS") == ["Jone"]
    assert numbers(gateway, "--text", "garçon", "--type", "ADT^A28") == ["Jone"]
    today = datetime.now(UTC).astimezone().date().isoformat()
    assert "Jone" in numbers(gateway, "--day", today)
    assert numbers(gateway, "--until", "2020-01-01") == []
    assert said(gateway, "journal", "list", "--patient", "nobody")[0] == 1


def test_the_answer_is_known_to_have_left(gateway: GatewayProcess) -> None:
    deadline = time.monotonic() + 10
    found: list[dict[str, Any]] = []
    while not found and time.monotonic() < deadline:
        found = journal(gateway, "--control-id", "Jone", "--acknowledged", "sent")
    assert found[0]["answered"] == "sent"
    printed = said(gateway, "journal", "show", str(found[0]["number"]))[1]
    assert {"mapped", "committed", "left"} <= set(printed.split())


def test_a_day_is_replayed_in_order_after_a_look_at_it(gateway: GatewayProcess) -> None:
    today = datetime.now(UTC).astimezone().date().isoformat()
    before = gateway.get("/fhir/_history?_count=1")["entry"]
    chosen = ("--day", today, "--state", "processed", "--type", "ADT^A28")
    status, printed = said(gateway, "journal", "replay", *chosen, "--dry-run")
    assert status == 0
    (line,) = printed.splitlines()
    assert line.split()[3:6] == ["ADT^A28", "RIS|CENTRE", "Jone,"]
    assert len(journal(gateway, "--control-id", "Jone")) == 1

    status, printed = said(gateway, "journal", "replay", *chosen, "--reason", "the disk was full")

    assert (status, printed) == (0, f"{line.split(':')[0]}: processed\n")
    assert gateway.get("/fhir/_history?_count=1")["entry"] == before
    replayed = journal(gateway, "--control-id", "Jone")[0]
    shown = said(gateway, "journal", "show", str(replayed["number"]))[1]
    assert ": the disk was full" in shown


def test_a_replay_of_nothing_in_particular_is_refused(gateway: GatewayProcess) -> None:
    assert said(gateway, "journal", "replay") == (1, "")


def test_a_local_code_is_given_a_standard_one_and_its_messages_again(
    gateway: GatewayProcess,
) -> None:
    listed = [json.loads(line) for line in said(gateway, "codes", "list", "--json")[1].splitlines()]
    (code,) = [one for one in listed if one["code"] == "GENOU"]
    assert (code["system"], code["sender"], code["field"]) == (LOCAL, "RIS|CENTRE", "OBR-4")
    standard = ("http://loinc.org", "24806-2", "RX genou")
    status, printed = said(gateway, "codes", "map", code["sender"], LOCAL, "GENOU", *standard)
    assert status == 0
    assert "/fhir/ConceptMap/" in printed
    assert "GENOU" not in said(gateway, "codes", "list")[1]
    assert said(gateway, "journal", "replay", "--code", "GENOU")[0] == 0
    found = gateway.get("/fhir/DiagnosticReport?code=http://loinc.org|24806-2")
    assert len(found["entry"]) == 1
    # The door knows it a second later.
    time.sleep(1.1)
    late = report("three").replace(b"30620-9^CT rachis^LN", b"GENOU^Radio^L")
    assert tell(gateway.mllp, late).code == "AA"
    found = gateway.get("/fhir/DiagnosticReport?code=http://loinc.org|24806-2")
    assert len(found["entry"]) == 2


def test_a_strict_channel_refuses_with_all_that_is_wrong(gateway: GatewayProcess) -> None:
    wrong = identity("strict", "STRICT", "A01").replace(b"|F|", b"|F||race|", 1)
    assert tell(gateway.mllp, wrong.replace(b"STRICT", b"LENIENT")).code == "AA"
    answer = tell(gateway.mllp, wrong)
    assert answer.code == "AE"
    (entry,) = journal(gateway, "--control-id", "Jstrict", "--state", "refused")
    shown = said(gateway, "journal", "show", str(entry["number"]))[1]
    assert "asks for ZBE" in shown
    assert "PID-10 (race) must be empty." in shown
    number = str(entry["number"])
    assert [one["number"] for one in journal(gateway, "--unseen")] == [entry["number"]]
    assert said(gateway, "journal", "seen", number)[0] == 0
    assert journal(gateway, "--unseen") == []


def test_originals_are_forgotten_by_rule_and_the_rest_stays(gateway: GatewayProcess) -> None:
    assert tell(gateway.mllp, identity("old")).code == "AA"
    (entry,) = journal(gateway, "--control-id", "Jold")
    with sqlite3.connect(gateway.data / "gateway.db") as connection:
        connection.execute(
            "UPDATE journal SET received = received - 60 * 86400000000 WHERE id = ?",
            (entry["number"],),
        )
    connection.close()
    expected = "1 originals and 0 entries would be forgotten.\n"
    assert said(gateway, "journal", "prune", "--dry-run") == (0, expected)
    assert said(gateway, "journal", "prune")[0] == 0
    number = str(entry["number"])
    assert run_here(gateway, "journal", "show", number, "--raw") == (0, b"")
    assert "forgotten by rule" in said(gateway, "journal", "show", number)[1]
    assert said(gateway, "journal", "replay", number)[0] == 1
