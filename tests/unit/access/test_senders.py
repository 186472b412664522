from __future__ import annotations

import pytest

from gateway.access.decision import Decision, Request
from gateway.access.senders import Senders
from gateway.settings import Sender

YES = Decision(permitted=True, reason="on the list")
LISTED = Senders(
    ["10.0.0.0/8", "fd00::/8", "127.0.0.1"],
    [
        Sender("RIS", "PORT", ("10.1.0.0/16",)),
        Sender("RIS", "PORT", ("fd00::7",), acknowledgement="original"),
        Sender("LGC", addresses=("10.2.0.1",), certificates=("lgc.test",)),
        Sender("GAM", acknowledgement="enhanced"),
    ],
)


def asked(caller: str, peer: str, *certificate: str) -> Decision:
    return LISTED.decide(
        Request("mllp", "ORU^R01", caller=caller, peer=peer, certificate=certificate)
    )


@pytest.mark.parametrize(
    ("peer", "permitted"),
    [
        ("10.1.2.3:4000", True),
        ("127.0.0.1:4000", True),
        ("127.0.0.2:4000", False),
        ("192.168.0.1:4000", False),
        ("[fd00::7]:4000", True),
        ("[fe80::1%eth0]:4000", False),
        ("[::ffff:10.1.2.3]:4000", True),
    ],
)
def test_a_connection_is_taken_by_its_address(peer: str, *, permitted: bool) -> None:
    assert LISTED.decide(Request("mllp", "connect", peer=peer)).permitted is permitted


@pytest.mark.parametrize(
    ("caller", "peer", "certificate", "reason"),
    [
        ("RIS|PORT", "10.1.2.3:1", (), ""),
        ("RIS|PORT", "[fd00::7]:1", (), ""),
        (
            "RIS|PORT",
            "10.3.0.1:1",
            (),
            "The application RIS of PORT may not send from this address.",
        ),
        (
            "RIS|NORD",
            "10.1.2.3:1",
            (),
            "The application RIS of NORD is not on the list of senders.",
        ),
        (
            "|",
            "10.1.2.3:1",
            (),
            "The application (none) of (no facility) is not on the list of senders.",
        ),
        ("LGC|ANY", "10.2.0.1:1", ("other", "lgc.test"), ""),
        (
            "LGC|ANY",
            "10.2.0.1:1",
            ("other",),
            "The application LGC of ANY may not send with this certificate.",
        ),
        ("GAM|", "127.0.0.1:1", (), ""),
    ],
)
def test_a_message_is_taken_from_who_is_listed(
    caller: str, peer: str, certificate: tuple[str, ...], reason: str
) -> None:
    expected = Decision(permitted=False, reason=reason) if reason else YES
    assert asked(caller, peer, *certificate) == expected


def test_a_connection_that_no_listed_sender_could_make_is_not_taken() -> None:
    senders = Senders(senders=[Sender("RIS", addresses=("10.1.0.0/16",))])
    assert senders.decide(Request("mllp", "connect", peer="10.2.0.1:1")) == Decision(
        permitted=False, reason="No sender on the list has this address."
    )


def test_without_a_list_everybody_may_send() -> None:
    requests = [
        Request("mllp", "connect", peer="10.1.2.3:1"),
        Request("mllp", "ORU^R01", caller="X|Y", peer="10.1.2.3:1"),
    ]
    assert [Senders().decide(request) for request in requests] == [YES, YES]


@pytest.mark.parametrize(
    ("sender", "mode"),
    [("RIS|PORT", "original"), ("GAM|NORD", "enhanced"), ("LGC|", ""), ("X|Y", "")],
)
def test_the_acknowledgement_mode_may_be_agreed_with_a_sender(sender: str, mode: str) -> None:
    assert LISTED.acknowledgement_mode(sender) == mode
