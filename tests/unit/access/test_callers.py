from __future__ import annotations

import pytest

from gateway.access.callers import Callers
from gateway.access.decision import Request
from gateway.settings import Caller

CT = Caller("CT1", addresses=("10.1.2.0/24",), certificates=("ct1.test",), associations=2)


def association(
    title: str = "CT1", peer: str = "10.1.2.3", certificate: tuple[str, ...] = ("ct1.test",)
) -> Request:
    return Request("dimse", "A-ASSOCIATE", caller=title, peer=peer, certificate=certificate)


@pytest.mark.parametrize(
    ("callers", "request_", "permitted"),
    [
        (Callers(), association("ANY", "192.0.2.1", ()), True),
        (Callers(titles=["ANY"]), association("ANY", "192.0.2.1", ()), True),
        (Callers(titles=["ANY"]), association("OTHER"), False),
        (Callers(rows=[CT]), association(), True),
        (Callers(rows=[CT]), association("OTHER"), False),
        (Callers(rows=[CT]), association(peer="10.1.3.3"), False),
        (Callers(rows=[CT]), association(peer="::ffff:10.1.2.9"), True),
        (Callers(rows=[CT]), association(certificate=()), False),
        (Callers(rows=[CT]), association(certificate=("other.test",)), False),
        # What is narrowed by a row stays narrowed, and the list beside it still counts.
        (Callers(titles=["CT1", "US1"], rows=[CT]), association(peer="10.1.3.3"), False),
        (Callers(titles=["CT1", "US1"], rows=[CT]), association("US1", "192.0.2.1", ()), True),
        (
            Callers(rows=[CT, Caller("CT1", addresses=("10.9.0.0/16",))]),
            association(peer="10.9.1.1", certificate=()),
            True,
        ),
    ],
)  # fmt: skip - a case a line
def test_who_may_associate(callers: Callers, request_: Request, *, permitted: bool) -> None:
    assert callers.decide(request_).permitted is permitted


@pytest.mark.parametrize(("peer", "permitted"), [("10.1.2.3", True), ("10.2.0.1", False)])
def test_who_may_connect(peer: str, *, permitted: bool) -> None:
    callers = Callers(allow=["10.1.0.0/16"])

    assert callers.decide(Request("dimse", "connect", peer=peer)).permitted is permitted


def test_a_caller_has_its_own_limit() -> None:
    callers = Callers(rows=[CT])

    assert (callers.associations("CT1"), callers.associations("US1")) == (2, None)
