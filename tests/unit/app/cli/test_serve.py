from __future__ import annotations

import argparse
import socket
from dataclasses import replace

import pytest

from gateway.app.cli.serve import _doors, addresses, require_address
from gateway.app.doors import DOORS
from gateway.errors import Unavailable
from gateway.settings import Settings


@pytest.mark.parametrize(
    ("text", "doors"), [("http", ("http",)), ("mllp, dimse,", ("mllp", "dimse"))]
)
def test_some_doors_are_chosen_by_name(text: str, doors: tuple[str, ...]) -> None:
    assert _doors(text) == doors


@pytest.mark.parametrize("text", ["", ",", "https", "http,smtp"])
def test_a_door_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="choose among http, mllp"):
        _doors(text)


def test_an_address_in_use_is_refused_and_one_that_was_in_use_is_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = replace(Settings(), mllp_port=taken.getsockname()[1])
        with pytest.raises(Unavailable, match=r"set GATEWAY_MLLP_PORT\.$"):
            require_address(settings, "mllp")
    require_address(settings, "mllp")


def test_what_listens_nowhere_needs_no_address() -> None:
    require_address(Settings(), "delivery")


def test_the_addresses_are_told_without_the_password_of_the_mail_server() -> None:
    settings = replace(Settings(), smtp_url="smtps://user:secret@mail.example:465")
    assert addresses(settings, DOORS) == [
        "FHIR      http://127.0.0.1:8080/fhir",
        "HL7 v2    mllp://127.0.0.1:2575",
        "DICOM     GATEWAY@127.0.0.1:11112",
        "Mail      mail.example:465",
    ]
