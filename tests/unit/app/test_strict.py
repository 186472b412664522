"""A strict channel refuses what breaks its profile; without profile, the standard decides."""

from __future__ import annotations

import pytest

from gateway.access.senders import Senders
from gateway.app.strict import Strictness
from gateway.hl7v2.message import Message
from gateway.settings import Sender

# hl7apy 1.3.5 opens its tables without closing them.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
SENDERS = Senders(senders=(Sender("RIS", "CENTRE", strict=True), Sender()))


def message(sender: str, kind: str, *segments: str) -> Message:
    header = f"MSH|^~\\&|{sender}|GW|GW|20260310||{kind}|1|P|2.5"
    return Message.parse("\r".join((header, *segments)).encode())


def told(strictness: Strictness, given: Message) -> set[str]:
    return {issue.err_code or "" for issue in strictness.breaches(given)}


def test_who_is_not_strict_may_send_anything() -> None:
    strictness = Strictness(SENDERS.is_strict, {})
    assert strictness.breaches(message("OLD|CENTRE", "ADT^A08")) == ()
    assert strictness.breaches(message("RIS|ELSEWHERE", "ADT^A08")) == ()


def test_the_country_of_the_sender_says_which_profile() -> None:
    strictness = Strictness(SENDERS.is_strict, {"RIS|CENTRE": "FRA"})
    assert told(strictness, message("RIS|CENTRE", "ADT^A08")) == {"201"}
    issues = strictness.breaches(message("RIS|CENTRE", "ADT^A28", "EVN||20260310"))
    assert [issue.location for issue in issues] == ["PID", "MSH^1^12"]
    assert issues[0].err_code == "101"


def test_without_a_profile_the_standard_decides() -> None:
    strictness = Strictness(SENDERS.is_strict, {})
    whole = ("PID|||P-17^^^RIS^PI||MOREAU^Lea", "OBR|1|||18748-4^CR^LN")
    assert strictness.breaches(message("RIS|CENTRE", "ORU^R01", *whole)) == ()
    assert strictness.breaches(message("RIS|CENTRE", "ORU^R01", whole[0])) != ()
