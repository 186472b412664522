from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.app.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files lie where the command is called."""
    monkeypatch.setenv("GATEWAY_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)


def checked(tmp_path: Path, body: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    file = tmp_path / "resource"
    file.write_text(body, "utf-8")
    status = main(["fhir", "validate", str(file)])
    return status, capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    "body",
    [
        '{"resourceType": "Patient", "active": true}',
        '<Patient xmlns="http://hl7.org/fhir"><active value="true"/></Patient>',
    ],
)
def test_a_good_resource_conforms(
    body: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert checked(tmp_path, body, capsys) == (0, ["conforms to R4"])


def test_faults_are_told_and_what_typed_models_cannot_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = '{"resourceType": "Patient", "active": "true", "birthDate": "12/08/1956"}'
    status, told = checked(tmp_path, body, capsys)
    assert (status, told[-1]) == (1, "does not conform to R4")
    assert [line.partition(":")[0] for line in told[:-1]] == [
        "error       Patient.active",
        "error       Patient.birthDate",
        # It takes text for a boolean: it is not the judge.
        "information birthDate",
    ]


@pytest.mark.parametrize("body", ["", "{", "[1]", "<Patient", "3"])
def test_what_is_no_resource_is_refused(
    body: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _ = checked(tmp_path, body, capsys)
    assert status == 1
