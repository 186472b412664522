from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.settings import SettingsError
from tests.unit.settings.test_peers import read

if TYPE_CHECKING:
    from pathlib import Path

PACS = """
[[dicom_destinations]]
name = "pacs"
ae_title = "PACS"
host = "10.1.2.30"
port = 2762
"""


def test_certificates_lie_beside_the_settings(tmp_path: Path) -> None:
    files = f'tls = true\nca = "ca.pem"\ncertificate = "{tmp_path}/own.pem"\nkey = "own.key"\n'
    (one,) = read(tmp_path, PACS + files).dicom_destinations

    assert (one.tls, one.ca) == (True, str(tmp_path / "ca.pem"))
    assert (one.certificate, one.key) == (str(tmp_path / "own.pem"), str(tmp_path / "own.key"))


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (PACS, "two have the same name"),
        ('ca = "ca.pem"', "ca, certificate, key and server_name of pacs need tls = true"),
        ('server_name = "pacs.example"', "of pacs need tls = true"),
        ('tls = true\ncertificate = "own.pem"', "certificate and key of pacs come together"),
        ('tls = "yes"', "tls must be"),
        ('send = ["images"]', "pacs cannot be sent images"),
    ],
)
def test_what_cannot_be_stops_the_start(tmp_path: Path, more: str, why: str) -> None:
    with pytest.raises(SettingsError, match=why):
        read(tmp_path, PACS + more)
