"""$plan-rcp, $prepare-rcp, $hold-rcp: a multi-professional meeting, step by step."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from gateway.errors import Malformed
from gateway.fhir.parameters import Input
from gateway.ingest.programmes.rcp import Discussion, Meetings, Todo
from gateway.ingest.programmes.sheets import Sheets
from gateway.programmes.agenda import PARIS
from gateway.programmes.words import say
from gateway.rest.operations.given import given, told, told_written
from gateway.rest.operations.programme_input import YEARS, language, programme_of
from gateway.rest.read import current

if TYPE_CHECKING:
    from gateway.fhir.parameters import Given
    from gateway.rest.answer import Answer
    from gateway.rest.call import Call

PLAN_INPUTS: Final = (
    Input("start", "dateTime", low=1),
    Input("participant", "string", high=0),
    Input("subject", "string", low=1, high=0),
    Input("location", "string"),
)
HOLD_INPUTS: Final = (
    Input("subject", "string", low=1),
    Input("present", "string", high=0),
    Input("question", "string", low=1),
    Input("elements", "string"),
    Input("decision", "string", low=1),
    Input("author", "string"),
    Input("organization", "string"),
    Input("date", "dateTime"),
    Input(
        "task",
        "",
        high=0,
        parts=(
            Input("description", "string", low=1),
            Input("owner", "string"),
            Input("due", "date"),
        ),
    ),
)


def plan_rcp(call: Call) -> Answer:
    """Answer 201 with the Appointment of a meeting and the patients on its list."""
    asked = given(call, *PLAN_INPUTS)
    written = _meetings(call).plan(
        programme_of(call, asked),
        start=_instant(call, asked, "start"),
        participants=asked.texts("participant"),
        patients=asked.texts("subject"),
        place=asked.text("location") or "",
    )
    return told_written(call, written)


def prepare_rcp(call: Call) -> Answer:
    """Answer a Bundle with a summary sheet for each patient on the list; nothing is written."""
    meeting = current(call).resource
    programme = _meetings(call).programme_of(meeting)
    sheets = Sheets(call.ports.store, _new_id, call.ports.clock().astimezone(PARIS), language(call))
    entries = [
        {"fullUrl": f"urn:uuid:{one['id']}", "resource": one}
        for one in sheets.of(programme, meeting)
    ]
    return told(
        {"resourceType": "Bundle", "type": "collection"} | ({"entry": entries} if entries else {})
    )


def hold_rcp(call: Call) -> Answer:
    """Answer 201 with the Encounter of a discussion, its documents and the changed CarePlan."""
    asked = given(call, *HOLD_INPUTS)
    discussion = Discussion(
        patient=asked.text("subject") or "",
        present=asked.texts("present"),
        question=asked.text("question") or "",
        decision=asked.text("decision") or "",
        elements=asked.text("elements") or "",
        author=asked.text("author") or "",
        organization=asked.text("organization") or "",
        at=_instant(call, asked, "date") if "date" in asked else None,
        todos=tuple(
            Todo(one.text("description"), one.text("owner") or "", one.text("due") or "")
            for one in asked.elements("task")
        ),
    )
    return told_written(call, _meetings(call).hold(call.id, discussion))


def _meetings(call: Call) -> Meetings:
    ports = call.ports
    return Meetings(
        ports.store,
        ports.write,
        _new_id,
        now=ports.clock(),
        lang=language(call),
        fhir_url=ports.settings.fhir_url,
    )


def _new_id() -> str:
    return str(uuid4())


def _instant(call: Call, asked: Given, name: str) -> datetime:
    """Return an instant that was given; one without a zone is in Paris. Raises `Malformed`."""
    text = asked.text(name) or ""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.year not in YEARS:
        raise Malformed(say(language(call), "bad-date", what=text[:32]), expression=name)
    return instant.replace(tzinfo=PARIS) if instant.tzinfo is None else instant
