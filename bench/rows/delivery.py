"""From the AA that the sender of a report received to the mail that the SMTP server took."""

from __future__ import annotations

import importlib.util
import itertools
import re
import time
from typing import TYPE_CHECKING

from bench import mllp_load
from bench.installation import Installation
from bench.messages import accession, pdf_report_message
from bench.people import PHYSICIANS, mailbox, rpps
from bench.plan import percentile
from bench.result import Aim, Row
from bench.rows.mllp import introduce

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.mail import Mailbox
    from bench.plan import Plan

_REPORTS = 200
_A_SECOND = 20
_PATIENCE_SECONDS = 30.0
_SHARES = (50, 95, 99)


def why_not() -> str:
    """Say what is missing, or nothing."""
    found = importlib.util.find_spec("aiosmtpd")
    return "" if found else "aiosmtpd is not installed here."


def measure(plan: Plan) -> Iterator[Row]:
    """Yield a row for each percentile of the waiting time."""
    from bench.mail import Mailbox  # noqa: PLC0415 - only where aiosmtpd is

    rows = [_row(share) for share in _SHARES]
    place = plan.place / "delivery"
    _list_physicians(place / "gateway")
    with Mailbox() as taken, Installation(place / "gateway", smtp_port=taken.port) as gateway:
        introduce(gateway.mllp)
        numbers = itertools.count(1)
        _wait(gateway.mllp, numbers, taken, 20)
        for _ in range(plan.repetitions):
            waited = _wait(gateway.mllp, numbers, taken, _REPORTS // plan.shorter)
            for row, share in zip(rows, _SHARES, strict=True):
                row.values.append(percentile(waited, share))
    for row in rows:
        plan.say(row)
        yield row


def _row(share: int) -> Row:
    name = f"Mail after the AA, percentile {share}, {_A_SECOND} reports/s"
    return Row("delivery", name, "s", Aim(below=1) if share == max(_SHARES) else None)


def _wait(port: int, numbers: Iterator[int], taken: Mailbox, count: int) -> list[float]:
    """Send `count` reports at an even pace and return how long each letter took, in seconds."""
    taken.letters.clear()
    line = mllp_load.Line(port)
    acknowledged: dict[str, float] = {}
    began = time.monotonic()
    for place, number in enumerate(itertools.islice(numbers, count)):
        time.sleep(max(0.0, began + place / _A_SECOND - time.monotonic()))
        line.send(pdf_report_message(number))
        acknowledged[accession(number)] = time.monotonic()
    line.close()
    end = time.monotonic() + _PATIENCE_SECONDS
    while len(taken.letters) < count:
        if time.monotonic() > end:
            message = f"{len(taken.letters)} letters of {count} arrived"
            raise RuntimeError(message)
        time.sleep(0.02)
    return _waited(acknowledged, taken)


def _waited(acknowledged: dict[str, float], taken: Mailbox) -> list[float]:
    arrived = {_about(letter): moment for moment, letter in taken.letters}
    return [arrived[name] - moment for name, moment in acknowledged.items()]


def _about(letter: bytes) -> str:
    from bench.mail import text_of  # noqa: PLC0415 - as above

    found = re.search(r"Dossier (B\d+)", text_of(letter))
    return found[1] if found else ""


def _list_physicians(place: Path) -> None:
    place.mkdir(parents=True)
    listed = (f'"{rpps(number)}" = "{mailbox(number)}"' for number in range(PHYSICIANS))
    (place / "gateway.toml").write_text("\n".join(["[recipients]", *listed, ""]), "utf-8")
