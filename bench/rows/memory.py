"""Resident memory of each door's process, after the start and after load."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from bench import http_load, mllp_load
from bench.installation import DOORS, Installation
from bench.mail import Mailbox
from bench.messages import pdf_report_message
from bench.result import Aim, Row
from bench.rows import dimse, http
from bench.rows.mllp import introduce

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.plan import Plan

_AIM = Aim(below=120)
_AIM_LARGE = Aim(below=150)
_MEGABYTES, _ASSOCIATIONS = 200, 4


def measure(plan: Plan) -> Iterator[Row]:
    """Yield two rows a door; RSS counts what the doors share in each of them, PSS once."""
    place = plan.place / "memory"
    place.mkdir()
    with Mailbox() as mailbox, Installation(place / "gateway", smtp_port=mailbox.port) as gateway:
        before = gateway.memory()
        _load(plan, gateway)
        after = gateway.memory()
        if not dimse.why_not():
            yield _large(plan, gateway)
    for door in DOORS:
        for moment, measured in (("after start", before), ("after load", after)):
            rss, pss = measured[door]
            remark = f"PSS {pss:.0f} MB"
            row = Row("memory", f"Memory, {door}, {moment}", "MB RSS", _AIM, [rss], remark=remark)
            plan.say(row)
            yield row


def _large(plan: Plan, gateway: Installation) -> Row:
    """Send one large multi-frame object on each of four associations at the same time."""
    megabytes = _MEGABYTES // plan.shorter
    seconds = dimse.send_large(gateway.dicom, plan.place / "memory", megabytes, _ASSOCIATIONS)
    name = f"Memory, dimse, {_ASSOCIATIONS} associations send {megabytes} MB each, peak"
    peak = gateway.peak("dimse")
    remark = f"{megabytes * _ASSOCIATIONS / seconds:.0f} MB/s"
    row = Row("memory", name, "MB RSS", _AIM_LARGE, [peak], remark=remark)
    plan.say(row)
    return row


def _load(plan: Plan, gateway: Installation) -> None:
    """Use every door for a moment, several connections at once."""
    place = plan.place / "memory"
    introduce(gateway.mllp)
    mllp_load.rate(
        gateway.mllp, pdf_report_message, itertools.count(), connections=8, seconds=plan.seconds
    )
    http.fill(gateway.http)
    for work, _ in http.works(place, "load").values():
        http_load.rate(gateway.http, work, connections=16, seconds=plan.seconds)
    if not dimse.why_not():
        dimse.load(gateway.dicom, place, plan.shorter)
