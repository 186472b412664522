"""Every command of `gateway`, against a gateway that serves."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING

import pytest

from tests.e2e.modality import image, stored
from tests.e2e.process import GatewayProcess
from tests.e2e.wire import RPPS, deliveries, found, journal, report, run_here, tell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# pynetdicom leaves sockets to the collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
PDF = b"%PDF-1.4 Compte rendu"


def with_pdf(number: str) -> bytes:
    """Return a report whose document is large enough to lie in the object store."""
    content = (PDF + b"\x00" * 300_000).hex().encode()
    document = b"OBX|2|ED|18782-3^CR^LN||^application^pdf^Hex^" + content + b"||||||F\r"
    return report(number) + document


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    made = GatewayProcess(tmp_path_factory.mktemp("commands") / "data")
    made.data.mkdir()
    (made.data / "gateway.toml").write_text(
        f'[recipients]\n"{RPPS}" = "dr.agnes@medecin.example"\n', "utf-8"
    )
    made.start()
    assert tell(made.mllp, with_pdf("first")).code == "AA"
    assert tell(made.mllp, report("wrong").replace(b"BADwrong^^^RISNS^PI", b"")).code == "AE"
    yield made
    assert made.stop() == 0


def said(gateway: GatewayProcess, *arguments: str) -> tuple[int, str]:
    status, printed = run_here(gateway, *arguments)
    return status, printed.decode()


def here(place: Path) -> GatewayProcess:
    """Return an installation that does not serve."""
    return GatewayProcess(place / "data")


def test_a_process_of_its_own_answers_for_help(gateway: GatewayProcess) -> None:
    asked = gateway.command("--help")
    assert (asked.returncode, asked.stderr) == (0, "")
    for command in ("serve", "init", "check", "backup", "restore", "hl7", "journal", "deliveries"):
        assert f"    {command} " in asked.stdout or f"    {command}\n" in asked.stdout


@pytest.mark.parametrize(
    "arguments",
    [("serve",), ("journal", "list"), ("deliveries", "retry"), ("hl7", "send"), ("backup",)],
    ids=" ".join,
)
def test_each_command_explains_itself(
    arguments: tuple[str, ...], gateway: GatewayProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run_here(gateway, *arguments, "--help")
    assert ended.value.code == 0
    assert capsys.readouterr().err == ""


def test_init_and_migrate_make_a_database_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    installation = here(tmp_path)
    assert said(installation, "init") == (0, "The database is ready.\n")
    assert said(installation, "migrate") == (0, "The database was ready already.\n")
    assert said(installation, "journal", "list") == (0, "Nothing has come in yet.\n")
    nothing = "There is nothing like that in the journal.\n"
    assert said(installation, "journal", "list", "--door", "mllp-out") == (0, nothing)
    assert said(installation, "deliveries", "list") == (0, "Nothing is to be delivered.\n")
    assert capsys.readouterr().err == "GATEWAY_SMTP_URL is not set: mail waits.\n"


def test_check_says_a_line_a_part(gateway: GatewayProcess) -> None:
    status, printed = said(gateway, "check")
    assert status == 0
    assert [line.split()[:2] for line in printed.splitlines()] == [
        [part, "ok"]
        for part in ("settings", "database", "objects", "packages", "http", "mllp", "dimse", "smtp")
    ]
    assert f"127.0.0.1:{gateway.http} answers" in printed


def test_check_fails_with_the_part_that_does_not_work(tmp_path: Path) -> None:
    installation = here(tmp_path)
    installation.more["GATEWAY_SMTP_URL"] = "smtp://127.0.0.1:1"
    said(installation, "init")
    status, printed = said(installation, "check")
    assert status == 1
    assert [line.split()[0] for line in printed.splitlines() if " FAILS " in line] == ["smtp"]


def test_the_journal_is_listed_and_shown(gateway: GatewayProcess) -> None:
    entry = journal(gateway, "--text", "Bfirst")[-1]
    assert {name: entry[name] for name in ("door", "kind", "sender", "state", "answer")} == {
        "door": "mllp",
        "kind": "ORU^R01",
        "sender": "RIS|CENTRE",
        "state": "processed",
        "answer": "AA",
    }
    assert [one["control id"] for one in journal(gateway, "--state", "refused")] == ["Bwrong"]
    assert [one["door"] for one in journal(gateway, "--door", "dimse")] == []
    number = str(entry["number"])
    assert run_here(gateway, "journal", "show", number, "--raw") == (0, with_pdf("first"))
    status, printed = said(gateway, "journal", "show", number)
    assert status == 0
    assert "MSA|AA|Bfirst" in printed
    assert f"resource    http://127.0.0.1:{gateway.http}/fhir/DiagnosticReport/" in printed
    status, table = said(gateway, "journal", "list", "--limit", "1")
    assert (status, table.split()[:3]) == (0, ["number", "received", "door"])


def test_a_replay_changes_nothing(gateway: GatewayProcess) -> None:
    entry = journal(gateway, "--text", "Bfirst", "--state", "processed")[-1]
    before = gateway.get("/fhir/_history?_count=1")["entry"]

    assert said(gateway, "journal", "replay", str(entry["number"])) == (
        0,
        f"{entry['number']}: processed\n",
    )

    assert gateway.get("/fhir/_history?_count=1")["entry"] == before
    assert [one["meta"]["versionId"] for one in found(gateway, "first")] == ["1"]
    assert len([one for one in deliveries(gateway) if one["what"]]) == len(deliveries(gateway))
    # The replay is in the journal, and shows the original that it replayed.
    replayed = journal(gateway, "--text", "Bfirst")[0]
    assert replayed["number"] > entry["number"]
    assert run_here(gateway, "journal", "show", str(replayed["number"]), "--raw")[1] == with_pdf(
        "first"
    )


def test_a_replay_of_what_is_refused_again_says_so(gateway: GatewayProcess) -> None:
    entry = journal(gateway, "--text", "Bwrong")[-1]
    status, printed = said(gateway, "journal", "replay", str(entry["number"]))
    assert (status, printed) == (1, f"{entry['number']}: refused\n")


def test_deliveries_are_listed_shown_and_tried_again(gateway: GatewayProcess) -> None:
    (listed,) = deliveries(gateway)
    assert (listed["state"], listed["attempts"]) == ("waiting", 0)
    assert listed["recipient"].startswith("Practitioner/")

    status, printed = said(gateway, "deliveries", "show", listed["id"])
    facts = dict(line.split(maxsplit=1) for line in printed.splitlines() if len(line.split()) > 1)
    assert (status, facts["id"], facts["state"]) == (0, listed["id"], "waiting")
    assert said(gateway, "deliveries", "retry", listed["id"]) == (0, f"{listed['id']}: waiting\n")
    assert [one["id"] for one in deliveries(gateway)] == [listed["id"]]


def test_what_is_not_there_is_said_in_a_sentence(
    gateway: GatewayProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments, sentence in {
        ("journal", "show", "99999"): "There is no journal entry 99999.",
        ("deliveries", "show", "nothing"): "There is no delivery nothing.",
        ("deliveries", "retry", "nothing"): "There is no delivery nothing.",
        ("hl7", "send", "/no/file", "--to", "127.0.0.1:1"): ("/no/file: No such file or directory"),
    }.items():
        assert run_here(gateway, *arguments) == (1, b"")
        assert capsys.readouterr().err == f"gateway: {sentence}\n"


def test_a_message_in_a_file_is_sent(
    gateway: GatewayProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = tmp_path / "good.hl7", tmp_path / "bad.hl7"
    good.write_bytes(report("file").replace(b"\r", b"\n"))
    bad.write_bytes(report("badfile").replace(b"BADbadfile^^^RISNS^PI", b""))
    address = f"127.0.0.1:{gateway.mllp}"

    accepted, answer = said(gateway, "hl7", "send", str(good), "--to", address)
    refused, reason = said(gateway, "hl7", "send", str(bad), "--to", address)

    assert (accepted, answer.splitlines()[1]) == (0, "MSA|AA|Bfile")
    assert (refused, reason.splitlines()[1]) == (1, "MSA|AE|Bbadfile")
    assert len(found(gateway, "file")) == 1
    assert run_here(gateway, "hl7", "send", str(good), "--to", "127.0.0.1:1") == (1, b"")
    assert capsys.readouterr().err.startswith("gateway: cannot reach 127.0.0.1:1: ")


def test_a_message_in_a_file_is_validated(gateway: GatewayProcess, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.hl7", tmp_path / "bad.hl7"
    good.write_bytes(report("valid"))
    bad.write_bytes(report("invalid").replace(b"OBR|", b"ZZZ|"))

    assert said(gateway, "hl7", "validate", str(good))[1].splitlines()[-1] == "conforms"
    status, printed = said(gateway, "hl7", "validate", str(bad))
    assert (status, printed.splitlines()[-1]) == (1, "does not conform")
    both = tmp_path / "both.hl7"
    both.write_bytes(b"FHS|^~\\&|RIS\r" + good.read_bytes() + bad.read_bytes() + b"FTS|1\r")
    status, printed = said(gateway, "hl7", "validate", str(both))
    assert status == 1
    assert [line for line in printed.splitlines() if line.startswith(("1/2", "2/2", "conf"))][
        1
    ] == ("conforms")


def test_a_backup_made_while_serving_is_readable_where_it_is_restored(
    gateway: GatewayProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = image()
    assert stored(gateway, picture) == [0]
    file = tmp_path / "saved.tar"

    status, printed = said(gateway, "backup", str(file))
    objects = len(list((gateway.data / "objects").glob("??/*")))
    assert (status, printed) == (0, f"{file}: the database and {objects} objects.\n")
    # What comes after the backup is not in it.
    assert tell(gateway.mllp, report("later")).code == "AA"

    elsewhere = here(tmp_path)
    assert said(elsewhere, "restore", str(file)) == (
        0,
        f"{elsewhere.data}: the database and {objects} objects.\n",
    )
    listed = journal(elsewhere, "--text", "Bfirst", "--state", "processed")
    number = str(listed[-1]["number"])
    assert run_here(elsewhere, "journal", "show", number, "--raw") == (0, with_pdf("first"))
    # A second time it would overwrite something.
    assert run_here(elsewhere, "restore", str(file)) == (1, b"")
    assert "a backup is brought back into an empty data directory" in capsys.readouterr().err
    elsewhere.start()
    try:
        (kept,) = found(elsewhere, "first")
        assert kept == found(gateway, "first")[0]
        address = f"http://127.0.0.1:{elsewhere.http}/fhir/{kept['presentedForm'][-1]['url']}"
        with urllib.request.urlopen(address) as document:
            assert document.read().startswith(PDF)
        assert found(elsewhere, "later") == []
        assert tell(elsewhere.mllp, report("later")).code == "AA"
    finally:
        assert elsewhere.stop() == 0


def test_before_its_database_is_made_a_command_says_how_to_make_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    installation = here(tmp_path)
    installation.data.mkdir()
    assert run_here(installation, "journal", "list") == (1, b"")
    assert capsys.readouterr().err == (
        "gateway: The database has no tables yet: `gateway migrate` makes them. "
        "What does not work: `gateway check`.\n"
    )


def test_a_database_that_is_not_there_is_said_in_words_for_the_operator(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_here(here(tmp_path), "deliveries", "list") == (1, b"")
    assert capsys.readouterr().err.endswith("What does not work: `gateway check`.\n")


@pytest.mark.parametrize("content", [b"", b"certainly no archive"], ids=["empty", "text"])
def test_what_is_no_backup_is_refused_and_leaves_the_directory_empty(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "no.tar"
    file.write_bytes(content)
    assert run_here(here(tmp_path), "restore", str(file)) == (1, b"")
    assert "is not a backup of the gateway" in capsys.readouterr().err
    assert not (tmp_path / "data" / "gateway.db").exists()


def test_a_backup_of_nothing_is_refused_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_here(here(tmp_path), "backup", str(tmp_path / "x.tar")) == (1, b"")
    assert "there is nothing to save" in capsys.readouterr().err
    assert list(tmp_path.glob("x.tar*")) == []


def test_the_list_as_json_is_one_object_a_line(gateway: GatewayProcess) -> None:
    asked = gateway.command("journal", "list", "--json", "--limit", "2")
    assert (asked.returncode, asked.stderr) == (0, "")
    assert [sorted(json.loads(line))[:2] for line in asked.stdout.splitlines()] == [
        ["answer", "answered"],
        ["answer", "answered"],
    ]
