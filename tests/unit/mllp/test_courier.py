from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.delivery.failures import Unknown, Unreachable
from gateway.mllp.courier import MllpCourier
from gateway.settings import Destination
from tests.conftest import free_port
from tests.e2e.receiver import Arrived, Receiver

if TYPE_CHECKING:
    from pathlib import Path

MESSAGE = b"MSH|^~\\&|PASSERELLE||RIS|CENTRE|20260305143000||ORM^O01|P1|P|2.5.1\rORC|NW|A1\r"


def courier(port: int, folder: Path, **more: object) -> MllpCourier:
    given = {"name": "ris", "host": "127.0.0.1", "port": port, "timeout": 1.0, **more}
    return MllpCourier(Destination(**given), folder)  # type: ignore[arg-type]  # a test's choice


def test_answers_come_back_over_one_connection(tmp_path: Path) -> None:
    codes = iter(["AA", "AE", "AR"])
    with Receiver(lambda arrived: arrived.answer(next(codes))) as ris:
        sending = courier(ris.port, tmp_path)
        answers = [sending.send(MESSAGE, "P1") for _ in range(3)]
        sending.close()
    assert [(one.code, one.temporary) for one in answers] == [
        ("AA", False),
        ("AE", False),
        ("AR", True),
    ]
    assert ris.connections == 1
    assert sending.peer == f"127.0.0.1:{ris.port}"


def test_nobody_there_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match=r"^Cannot reach 127"):
        courier(free_port(), tmp_path).send(MESSAGE, "P1")


def _other(arrived: Arrived) -> bytes:
    return arrived.answer("AA", about="P0")


def _nonsense(arrived: Arrived) -> bytes:
    return arrived.raw


def _silence(_arrived: Arrived) -> bytes | None:
    return None


@pytest.mark.parametrize("behave", [_other, _nonsense, _silence])
def test_an_answer_that_is_none_leaves_it_open_whether_it_arrived(
    behave: object, tmp_path: Path
) -> None:
    with Receiver(behave) as ris:  # type: ignore[arg-type]  # one of the three above
        sending = courier(ris.port, tmp_path)
        with pytest.raises(Unknown):
            sending.send(MESSAGE, "P1")
        ris.behave = lambda arrived: arrived.answer("AA")
        assert sending.send(MESSAGE, "P1").code == "AA"
        sending.close()
    assert ris.connections == 2


def test_certificates_that_are_not_there_hold_the_messages_back(tmp_path: Path) -> None:
    sending = courier(free_port(), tmp_path, tls=True, ca="none.pem")
    with pytest.raises(Unreachable, match=r"^The certificates for 127"):
        sending.send(MESSAGE, "P1")
    sending.close()
