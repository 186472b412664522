"""`gateway demo` as its user starts it: a process of its own, real ports, a real mailbox."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT, free_port

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("aiosmtpd", reason="aiosmtpd is not installed: it is in the extra `demo`")

_SECONDS = 100


def _environment(**given: str) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("GATEWAY_")}
    ports = {f"GATEWAY_{name}_PORT": str(free_port()) for name in ("HTTP", "MLLP", "DICOM")}
    return kept | ports | {"PYTHONUTF8": "1"} | given


def _play(**given: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gateway", "demo"],
        check=False,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=_SECONDS,
        cwd=ROOT,
        env=_environment(**given),
    )


def _words(line: str) -> list[str]:
    return line.split()


def test_the_story_arrives_whole_and_the_summary_table_says_so() -> None:
    played = _play(DEMO_EXIT="1")

    assert played.returncode == 0, played.stdout + played.stderr
    assert played.stderr == ""
    assert "\033" not in played.stdout
    lines = played.stdout.splitlines()
    table = lines[lines.index("En résumé") + 1 : lines.index("Vérifications") - 1]
    assert _words(table[0]) == ["étape", "porte", "réponse", "ms", "lien"]
    rows = [_words(line) for line in table[1:]]
    assert [[word for word in row[:-1] if not word.isdigit()] for row in rows] == [
        ["patiente", "HL7", "v2", "AA"],
        ["demande", "FHIR"],
        ["images", "DICOM"],
        ["compte", "rendu", "HL7", "v2", "AA"],
        ["synthèse", "courriel", "reçu"],
    ]
    assert "/fhir/DiagnosticReport/" in rows[3][-1]
    checks = lines[lines.index("Vérifications") + 1 : -2]
    assert len(checks) == 15
    assert {_words(line)[0] for line in checks} == {"ok"}
    assert lines[-1].startswith("L'histoire est arrivée entière")


def test_a_taken_port_is_replaced_by_another_with_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        played = _play(DEMO_EXIT="1", GATEWAY_MLLP_PORT=port, GATEWAY_DATA_DIR=str(tmp_path))

    assert played.returncode == 0, played.stdout + played.stderr
    assert played.stdout.startswith(f"Le port {port} (HL7 v2) est déjà pris : ")
    assert [mail.name for mail in (tmp_path / "courriels").glob("*.eml")] == ["1.eml"]


def test_it_stays_up_until_ctrl_c_and_ends_without_a_trace() -> None:
    environment = _environment()
    demo = subprocess.Popen(
        [sys.executable, "-m", "gateway", "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        env=environment,
        # A process group of its own: Ctrl-C of a terminal goes to all that runs in it.
        start_new_session=True,
    )
    assert demo.stdout is not None
    said = told = ""
    deadline = time.monotonic() + _SECONDS
    while "Ctrl-C" not in said and time.monotonic() < deadline:
        said = demo.stdout.readline()
        told += said
    with socket.create_connection(("127.0.0.1", int(environment["GATEWAY_HTTP_PORT"])), 5):
        os.killpg(demo.pid, signal.SIGINT)
    last, errors = demo.communicate(timeout=60)

    assert said.startswith("La passerelle reste ouverte")
    assert last.splitlines()[-1] == "La passerelle est arrêtée.", told + last
    assert errors == ""
    assert demo.returncode == 0
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(environment["GATEWAY_HTTP_PORT"]))) != 0


@pytest.mark.parametrize("name", ["cesoa", "equip-addict", "post-covid", "sec-pa"])
def test_the_story_of_each_programme_arrives_whole(name: str) -> None:
    played = _play(DEMO=name, DEMO_EXIT="1")

    assert played.returncode == 0, played.stdout + played.stderr
    assert played.stderr == ""
    assert "L'histoire est arrivée entière" in played.stdout


def test_an_unknown_story_is_refused_with_the_names_that_are_known() -> None:
    played = _play(DEMO="cardio")

    assert played.returncode == 2
    assert played.stderr == (
        "gateway: La démonstration 'cardio' n'existe pas. "
        "Les noms sont : cpts-imaging, cesoa, equip-addict, post-covid, sec-pa.\n"
    )


def test_what_did_not_arrive_is_named_with_its_step(tmp_path: Path) -> None:
    # The report with its PDF is larger than that, the admission is not.
    (tmp_path / "gateway.toml").write_text("mllp_max_bytes = 2000\n", "utf-8")

    played = _play(DEMO_EXIT="1", GATEWAY_DATA_DIR=str(tmp_path))

    assert played.returncode == 1
    assert played.stdout.splitlines()[-1].startswith(
        "L'histoire n'est pas arrivée entière. Il manque : étape 4 (compte rendu) : "
        "La passerelle a répondu AE : "
    )


def test_it_does_not_write_into_an_installation(tmp_path: Path) -> None:
    (tmp_path / "gateway.db").write_bytes(b"")

    played = _play(DEMO_EXIT="1", GATEWAY_DATA_DIR=str(tmp_path))

    assert played.returncode == 2
    assert "n'est pas une démonstration" in played.stderr
    assert sorted(file.name for file in tmp_path.iterdir()) == ["gateway.db"]
