"""The movements of a visit, kept in its Encounter, and what follows from them.

A movement is inserted, corrected or cancelled, often late and not in its order (IHE PAM-FR 2.11,
ZBE). All that was said is kept in an extension; status, class, places and period are what is left
of it, in the order of the dates: so that a cancellation undoes exactly what it cancels, and the
order in which messages arrive does not count.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.datatypes import coding

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.fhir.datatypes import Element
    from gateway.fhir.wire import Resource

MOVEMENT: Final = "urn:passerelle:extension:movement"
# What an event without a movement number cancels (table HL70003).
CANCELS: Final = {
    "A11": ("A01", "A04"),
    "A12": ("A02",),
    "A13": ("A03",),
    "A27": ("A14",),
    "A38": ("A05", "A14"),
    "A52": ("A21",),
    "A53": ("A22",),
    "A55": ("A54",),
}
_ADMISSIONS: Final = frozenset({"A01", "A04", "A06", "A07"})
_PLANS: Final = frozenset({"A05", "A14"})
_UNDONE: Final = frozenset({"A11", "A27", "A38"})
# What an event makes of the visit; the others leave it as it is.
_STATUSES: Final = {
    **dict.fromkeys(_ADMISSIONS, "in-progress"),
    "A03": "finished",
    "A21": "onleave",
    "A22": "in-progress",
}
# Nobody moves in these.
_STANDSTILL: Final = frozenset({"", "A08", "A28", "A31", "Z99"})
_UNKNOWN_CLASS: Final = coding("http://terminology.hl7.org/CodeSystem/v2-0004", "U", "Unknown")
_PREADMIT: Final = "PRENC"
# Place in the extension and kind of its value, by field of `Movement`.
_PARTS: Final = {
    "event": "valueCode",
    "action": "valueCode",
    "date": "valueDateTime",
    "recorded": "valueDateTime",
    "number": "valueIdentifier",
    "klass": "valueCoding",
    "location": "valueReference",
    "prior": "valueReference",
    "unit": "valueReference",
    "nursing": "valueReference",
    "nature": "valueCode",
    "historic": "valueBoolean",
    "start": "valueDateTime",
    "end": "valueDateTime",
}
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


class Action(StrEnum):
    """What is done to a movement, ZBE-4."""

    INSERT = "INSERT"
    UPDATE = "UPDATE"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class Movement:
    """One thing said of a visit; `event` is the one corrected or cancelled when that is said.

    `date` is when it took place and `recorded` when it was told, both FHIR dateTimes; `number`,
    `location`, `prior` (where the patient was), `unit` and `nursing` are FHIR elements, as is
    `klass` (Encounter.class). `start` and `end` are those of the whole visit.
    """

    event: str
    action: Action = Action.INSERT
    date: str = ""
    recorded: str = ""
    number: Element = field(default_factory=dict)
    klass: Element = field(default_factory=dict)
    location: Element = field(default_factory=dict)
    prior: Element = field(default_factory=dict)
    unit: Element = field(default_factory=dict)
    nursing: Element = field(default_factory=dict)
    nature: str = ""
    historic: bool = False
    start: str = ""
    end: str = ""


def movement_extension(movement: Movement) -> Element:
    """Return a movement as the extension that keeps it."""
    parts = [
        {"url": name, kind: str(value) if isinstance(value, Action) else value}
        for name, kind in _PARTS.items()
        if (value := getattr(movement, name))
    ]
    return {"url": MOVEMENT, "extension": parts}


def movements(encounter: Resource) -> list[Movement]:
    """Return everything that was said of the movements of an Encounter, as it came."""
    return [
        _read(extension)
        for extension in encounter.get("extension", ())
        if extension.get("url") == MOVEMENT
    ]


def _read(extension: Element) -> Movement:
    found: dict[str, Any] = {}
    for part in extension.get("extension", ()):
        kind = _PARTS.get(part.get("url", ""))
        if kind and kind in part:
            found[part["url"]] = part[kind]
    found["action"] = Action(found.get("action", Action.INSERT))
    return Movement(**{"event": "", **found})


def moment(text: str) -> datetime:
    """Return a FHIR date or dateTime as an instant to compare; the earliest when it is none."""
    padded = f"{text}{'-01' * (3 - len(text.split('-')))}" if text and "T" not in text else text
    try:
        read = datetime.fromisoformat(padded)
    except ValueError:
        return _EARLIEST
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def settled(encounter: Resource) -> Resource:
    """Return the Encounter with what follows from its movements; as it is without any."""
    log = _kept(movements(encounter))
    if not log:
        return encounter
    others = [one for one in encounter.get("extension", ()) if one.get("url") != MOVEMENT]
    derived = {"status", "class", "location", "period", "serviceProvider"}
    rest = {name: part for name, part in encounter.items() if name not in derived}
    live = standing(log)
    status = _status(log, live)
    # Of a visit that is cancelled, what it was to be still says something.
    told = live or _last_words(log)
    state = {
        "extension": [*others, *(movement_extension(one) for one in log)],
        "status": status,
        "class": _last(told, "klass") or _UNKNOWN_CLASS,
        "location": _places(live, status),
        "period": _period(live, status),
        "serviceProvider": _last(told, "unit") or encounter.get("serviceProvider"),
    }
    return rest | {name: part for name, part in state.items() if part}


def standing(log: Iterable[Movement]) -> list[Movement]:
    """Return the movements that stand, corrected and not cancelled, in the order of their dates."""
    live: dict[str, Movement] = {}
    for one in sorted(log, key=_told):
        if one.action is Action.CANCEL:
            _cancel(live, one)
        elif one.action is Action.UPDATE:
            _correct(live, one)
        else:
            live[_name(one)] = one
    return sorted(live.values(), key=lambda one: (moment(one.date), moment(one.recorded)))


def _told(movement: Movement) -> tuple[datetime, bool]:
    # Of two things said in the same second, a cancellation is the second.
    return moment(movement.recorded), movement.action is not Action.INSERT


def _name(movement: Movement) -> str:
    number = movement.number
    if number:
        return f"{number.get('system', '')}|{number.get('value', '')}"
    return f"{movement.event} {movement.date}"


def _cancel(live: dict[str, Movement], one: Movement) -> None:
    """Take away the movement of that number, else the last one of the event that is undone."""
    if one.event in ("A13", "A03"):
        # Later corrections repeat the end of a visit that has not ended.
        live.update({name: replace(held, end="") for name, held in live.items()})
    if one.number and live.pop(_name(one), None) is not None:
        return
    wanted = CANCELS.get(one.event, (one.event,))
    candidates = [
        name
        for name, held in live.items()
        if held.event in wanted and not (one.number and held.number)
    ]
    if candidates:
        live.pop(max(candidates, key=lambda name: moment(live[name].date)))


def _correct(live: dict[str, Movement], one: Movement) -> None:
    """Put a correction over the movement of that number, or over the last one without."""
    last = max(live.items(), key=lambda item: moment(item[1].date), default=None)
    if one.number:
        name = _name(one)
        held = live.get(name)
    else:
        name, held = last or (_name(one), None)
    if held is None:
        live[name] = one
        return
    said = {part.name: value for part in fields(one) if (value := getattr(one, part.name))}
    kept = {"event": held.event, "action": held.action}
    if not one.number:
        # Who corrects the whole visit says nothing of when its last movement was.
        kept["date"] = held.date
    elif one.event:
        kept["event"] = one.event
    live[name] = replace(held, **{**said, **kept})


def _kept(log: Iterable[Movement]) -> list[Movement]:
    """Return the log without repetitions; of corrections of one thing only the last."""
    found: list[Movement] = []
    for one in log:
        if one not in found:
            found.append(one)
    last: dict[str, Movement] = {}
    for one in found:
        if one.action is Action.UPDATE:
            name = _name(one) if one.number else ""
            held = last.get(name)
            if held is None or moment(held.recorded) <= moment(one.recorded):
                last[name] = one
    return [one for one in found if one.action is not Action.UPDATE or one in last.values()]


def _last_words(log: list[Movement]) -> list[Movement]:
    return sorted(log, key=lambda one: moment(one.recorded))


def _status(log: list[Movement], live: list[Movement]) -> str:
    """Return the Encounter.status (v2-to-FHIR, Event[EncounterStatus])."""
    began = any(one.event in _ADMISSIONS | _PLANS | _UNDONE for one in log)
    if began and not any(one.event in _ADMISSIONS | _PLANS for one in live):
        return "cancelled"
    status = ""
    for one in live:
        status = _next(status, one)
    # A cancellation is all that is known: what it cancelled did not take place.
    return status or "in-progress"


def _next(status: str, movement: Movement) -> str:
    """Return the status after a movement; the end of the visit counts wherever it is said."""
    if movement.event in _PLANS:
        return status or "planned"
    if movement.end:
        return "finished"
    if movement.event in _STATUSES:
        return _STATUSES[movement.event]
    if not status and movement.klass.get("code") == _PREADMIT:
        return "planned"
    moved = status == "planned" and movement.event not in _STANDSTILL
    return "in-progress" if moved else status or "in-progress"


def _last(told: list[Movement], name: str) -> Element:
    return next((value for one in reversed(told) if (value := getattr(one, name))), {})


def _places(live: list[Movement], status: str) -> list[Element]:
    """Return Encounter.location: each place once a stay, the last one the current one."""
    stays: list[list[Any]] = []
    for one in live:
        if not stays and one.prior and one.prior != one.location:
            stays.append([one.prior, "", one.date])
        if one.location and (not stays or stays[-1][0] != one.location):
            if stays:
                stays[-1][2] = one.date
            stays.append([one.location, one.date, ""])
    if stays and status == "finished":
        stays[-1][2] = next((one.end or one.date for one in reversed(live)), "")
    return [_stay(*stay, status=status) for stay in stays]


def _stay(location: Element, start: str, end: str, *, status: str) -> Element:
    current = {"planned": "planned", "finished": "completed"}.get(status, "active")
    times = _span(start, end)
    element: Element = {"location": location, "status": "completed" if end else current}
    return element | ({"period": times} if times else {})


def _span(start: str, end: str) -> Element:
    """Return a Period; when the sender's dates contradict each other the end counts (per-1)."""
    if start and end and moment(end) < moment(start):
        start = ""
    return {name: time for name, time in (("start", start), ("end", end)) if time}


def _period(live: list[Movement], status: str) -> Element:
    if status in ("planned", "cancelled"):
        start = _last_text(live, "start")
    else:
        first = next((one.date for one in live if one.event in _ADMISSIONS), "")
        start = _last_text(live, "start") or first
    end = _last_text(live, "end") if status == "planned" else ""
    if status == "finished":
        left = next((one.date for one in reversed(live) if one.event == "A03"), "")
        end = _last_text(live, "end") or left
    return _span(start, end)


def _last_text(live: list[Movement], name: str) -> str:
    return next((value for one in reversed(live) if (value := getattr(one, name))), "")
