from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.settings import Destination, Route, SettingsError
from gateway.settings.peers import Peers, read_peers

if TYPE_CHECKING:
    from pathlib import Path

RIS = '[[destinations]]\nname = "ris"\nhost = "ris.example"\n'


def read(folder: Path, text: str) -> Peers:
    file = folder / "gateway.toml"
    file.write_text(text, "utf-8")
    return read_peers(file)


def test_destinations_and_routes_are_read(tmp_path: Path) -> None:
    text = """
        [[destinations]]
        name = "ris"
        host = "10.1.2.3"
        port = 2576
        tls = true
        ca = "ris-ca.pem"
        application = "RIS"
        facility = "CENTRE"
        version = "2.3.1"
        charset = "8859/15"
        acknowledgement = "enhanced"
        confidentiality = ["N"]
        timeout = 12.5

        [[routes]]
        to = "ris"
        send = ["orders", "identity"]
        concerning = ["https://finess.esante.gouv.fr|750712184"]
        events = ["NW", "CA"]
    """
    peers = read(tmp_path, text)
    assert peers.destinations == (
        Destination(
            "ris",
            "10.1.2.3",
            2576,
            tls=True,
            ca="ris-ca.pem",
            application="RIS",
            facility="CENTRE",
            version="2.3.1",
            charset="8859/15",
            acknowledgement="enhanced",
            confidentiality=("N",),
            timeout=12.5,
        ),
    )
    assert peers.routes == (
        Route(
            "ris",
            ("orders", "identity"),
            ("https://finess.esante.gouv.fr|750712184",),
            ("NW", "CA"),
        ),
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[[destinations]]\nhost = "h"', "name must be letters"),
        ('[[destinations]]\nname = "r"', "host must be given"),
        ('[[destinations]]\nname = "a b"\nhost = "h"', "name must be letters"),
        (f"{RIS}port = 70000", "the port of ris must be between"),
        (f'{RIS}port = "x"', "port must be a number"),
        (f'{RIS}tls = "yes"', "tls must be true or false"),
        (f'{RIS}version = "2.2"', r"version must be one of 2\.3\.1"),
        (f'{RIS}profile = "fr"', "profile must be one of standard"),
        (f'{RIS}charset = "klingon"', "charset must be one of"),
        (f'{RIS}confidentiality = ["X"]', "confidentiality must be one of"),
        (f'{RIS}order_message = "OMG^O19"', "order_message must be one of"),
        (f"{RIS}{RIS}", "two have the same name"),
        ('[[routes]]\nto = "ris"\nsend = ["orders"]', "there is no destination ris"),
        (f'{RIS}[[routes]]\nto = "ris"', "send must be a list"),
        (f'{RIS}[[routes]]\nto = "ris"\nsend = ["images"]', "send must be one of"),
        (
            f'{RIS}profile = "lps"\n[[routes]]\nto = "ris"\nsend = ["reports"]',
            "has messages for documents only",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(
    text: str, sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match=rf"^gateway\.toml: .*{sentence}"):
        read(tmp_path, text)
