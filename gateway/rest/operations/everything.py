"""$everything of a patient, of all patients and of an encounter.

https://hl7.org/fhir/R4/patient-operation-everything.html,
https://hl7.org/fhir/R4/encounter-operation-everything.html
"""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlencode

from gateway.errors import Malformed
from gateway.fhir.bundle import Found
from gateway.fhir.definitions import resource_types
from gateway.fhir.parameters import Input
from gateway.fhir.search.query import parse_search
from gateway.rest.operations.given import given, told_found
from gateway.rest.operations.record import Place, Record, Window
from gateway.rest.read import current

if TYPE_CHECKING:
    from gateway.fhir.parameters import Given
    from gateway.rest.answer import Answer
    from gateway.rest.call import Call
    from gateway.store.records import Stored

_COMMON: Final = (
    Input("_since", "instant"),
    Input("_type", "code", high=0),
    Input("_count", "integer"),
    # This server's own: what its next links carry.
    Input("_cursor", "string"),
)
ENCOUNTER_INPUTS: Final = _COMMON
PATIENT_INPUTS: Final = (*_COMMON, Input("start", "date"), Input("end", "date"))
_DEFAULT_COUNT: Final = 100
_MAX_COUNT: Final = 1000


class _State(NamedTuple):
    """Where the next page begins: the patients behind `patients`, after the rest of `patient`.

    All of it strings: this is what an opaque cursor holds.
    """

    patients: str = ""
    patient: str = ""
    type: str = ""
    cursor: str = ""


def patient_everything(call: Call) -> Answer:
    """Answer a page of one patient's record, or of everybody's."""
    return _answer(call, given(call, *PATIENT_INPUTS))


def encounter_everything(call: Call) -> Answer:
    """Answer a page of what belongs to an encounter."""
    return _answer(call, given(call, *ENCOUNTER_INPUTS))


def _answer(call: Call, asked: Given) -> Answer:
    count = _count(asked)
    window = _window(asked)
    state = _read_cursor(asked.text("_cursor"))
    if call.id:
        current(call)
        members, referred, following = _one(call, call.id, window, state, count)
    else:
        members, referred, following = _all(call, window, state, count)
    found = [Found(one.type, one.id, one.content) for one in members]
    found += [Found(one.type, one.id, one.content, "include") for one in referred]
    return told_found(call, found, _links(call, asked, following))


_Page = tuple[list["Stored"], list["Stored"], _State | None]


def _one(call: Call, patient: str, window: Window, state: _State, count: int) -> _Page:
    bases = (call.ports.settings.fhir_url,)
    record = Record(call.ports.store, (call.type, patient), window, bases)
    members, place = record.page(Place(state.type, state.cursor), count)
    following = None
    if place is not None:
        following = _State(state.patients, patient, place.type, place.cursor)
    return members, record.referred(members), following


def _all(call: Call, window: Window, state: _State, count: int) -> _Page:
    """Return a page of the records of all patients, one after the other."""
    members: list[Stored] = []
    referred: dict[str, Stored] = {}
    at: _State | None = state if state.patient else _next_patient(call, state.patients)
    while at is not None and len(members) < count:
        some, more, following = _one(call, at.patient, window, at, count - len(members))
        members += some
        referred |= {one.reference: one for one in more}
        if following is None and at.patients:
            following = _next_patient(call, at.patients)
        at = following
    own = {one.reference for one in members}
    return members, [one for name, one in referred.items() if name not in own], at


def _next_patient(call: Call, cursor: str) -> _State | None:
    """Return the first patient behind the store's cursor; `patients` is empty for the last one."""
    pairs = [("_count", "1")] + ([("_cursor", cursor)] if cursor else [])
    page = call.ports.store.search(parse_search(call.type, pairs))
    if not page.matches:
        return None
    return _State(page.next or "", page.matches[0].id)


def _count(asked: Given) -> int:
    count = asked.integer("_count")
    if count is not None and count < 1:
        message = "_count must be 1 or more."
        raise Malformed(message, expression="_count")
    return min(count or _DEFAULT_COUNT, _MAX_COUNT)


def _window(asked: Given) -> Window:
    names = [name for text in asked.texts("_type") for name in text.split(",")]
    for name in names:
        if name not in resource_types():
            message = f"_type: {name[:64]} is not a resource type of FHIR R4."
            raise Malformed(message, expression="_type")
    since = asked.text("_since")
    return Window(
        frozenset(names), _instant(since) if since else None, asked.text("start"), asked.text("end")
    )


def _instant(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        message = "_since is an instant outside what can be compared."
        raise Malformed(message, expression="_since") from None


def _links(call: Call, asked: Given, following: _State | None) -> list[tuple[str, str]]:
    place = "/".join(part for part in (call.type, call.id, "$everything") if part)
    url = f"{call.ports.settings.fhir_url}/{place}"
    kept = [(name, str(value)) for name, values in asked.values.items() for value in values]
    links = [("self", _url(url, kept))]
    if following is not None:
        shape = [pair for pair in kept if pair[0] != "_cursor"]
        shape += [pair for pair in call.parameters if pair[0] in ("_format", "_pretty")]
        links.append(("next", _url(url, [*shape, ("_cursor", _write_cursor(following))])))
    return links


def _url(url: str, pairs: list[tuple[str, str]]) -> str:
    return f"{url}?{urlencode(pairs)}" if pairs else url


def _write_cursor(state: _State) -> str:
    return urlsafe_b64encode(json.dumps(state, separators=(",", ":")).encode()).decode().rstrip("=")


def _read_cursor(text: str | None) -> _State:
    if text is None:
        return _State()
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        parts = json.loads(urlsafe_b64decode(padded))
        state = _State(*parts)
    except (binascii.Error, ValueError, TypeError, RecursionError):
        state = None
    if state is None or not all(isinstance(part, str) for part in state):
        message = "_cursor is not one that this server gave."
        raise Malformed(message, expression="_cursor")
    return state
