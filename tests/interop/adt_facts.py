"""What two converters must agree on in an ADT message, as plain values."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.fhir.wire import Resource

Facts = dict[str, Any]


def facts(resources: Iterable[Resource], subject: Resource) -> Facts:
    """Return the elements that are compared, by name; nothing of ids and displays."""
    every = list(resources)
    visit: Resource = next((one for one in every if one["resourceType"] == "Encounter"), {})
    found = {
        "patient.identifiers": sorted(
            one.get("value", "") for one in subject.get("identifier", ())
        ),
        "patient.names": sorted(map(_name, subject.get("name", ()))),
        "patient.gender": subject.get("gender"),
        "patient.birthDate": subject.get("birthDate"),
        "patient.addresses": sorted(set(map(_address, subject.get("address", ())))),
        "patient.telecom": sorted({one.get("value", "") for one in subject.get("telecom", ())}),
        "patient.maritalStatus": _code(subject.get("maritalStatus")),
        "patient.deceased": subject.get(
            "deceasedBoolean", subject.get("deceasedDateTime") and True
        ),
        "encounter.present": bool(visit),
        "encounter.class": visit.get("class", {}).get("code"),
        "encounter.status": visit.get("status"),
        "encounter.period": [_day(visit.get("period", {}).get(name)) for name in ("start", "end")],
        "encounter.identifiers": sorted(one["value"] for one in visit.get("identifier", ())),
        "encounter.locations": [one.get("status") for one in visit.get("location", ())],
        "encounter.participants": sorted(
            {_code(one.get("type", [{}])[0]) or "" for one in visit.get("participant", ())} - {""}
        ),
        "encounter.type": sorted(str(_code(one)) for one in visit.get("type", ())),
        "contacts": sorted(_contacts(every, subject)),
        "allergies": sorted(
            (_code(one.get("code")) or _text(one), *sorted(one.get("category", ())))
            for one in _all(every, "AllergyIntolerance")
        ),
        "conditions": sorted(
            {_code(one.get("code")) or _text(one) for one in _all(every, "Condition")} - {""}
        ),
        "procedures": sorted(
            {_code(one.get("code")) or _text(one) for one in _all(every, "Procedure")} - {""}
        ),
        "coverages": sorted(
            str(_day(one.get("period", {}).get("start"))) for one in _all(every, "Coverage")
        ),
    }
    return {name: value for name, value in found.items() if value not in (None, [], [None, None])}


def _all(resources: list[Resource], kind: str) -> list[Resource]:
    return [one for one in resources if one["resourceType"] == kind]


def _contacts(resources: list[Resource], subject: Resource) -> Iterable[str]:
    """Give the names of the relations, and the numbers of the contacts who have none."""
    for one in _all(resources, "RelatedPerson"):
        yield from {_name(name) for name in one.get("name", ())}
    for contact in subject.get("contact", ()):
        yield _name(contact.get("name", {}))


def _name(name: Mapping[str, Any]) -> str:
    return " ".join([name.get("family", ""), *name.get("given", ())]).strip()


def _address(address: Mapping[str, Any]) -> str:
    return " ".join(address.get(name, "").strip() for name in ("city", "postalCode", "country"))


def _code(concept: Mapping[str, Any] | None) -> str | None:
    codings: list[dict[str, str]] = (concept or {}).get("coding") or [{}]
    return codings[0].get("code") or codings[0].get("display")


def _text(resource: Resource) -> str:
    return str(resource.get("code", {}).get("text", ""))


def _day(text: str | None) -> str | None:
    """Return the day in UTC: converters disagree on the zone of times that have none."""
    if not text or "T" not in text:
        return text
    return datetime.fromisoformat(text).astimezone(UTC).date().isoformat()


def er7(document: Mapping[str, Any]) -> bytes:
    """Write a message that another converter has taken apart (fields by number) as ER7 again."""
    ((_, groups),) = document.items()
    lines = sorted(_segments(groups), key=lambda line: _ORDER.index(line[:3]))
    return "\r".join(lines).encode()


_ORDER = [
    *("MSH", "SFT", "EVN", "PID", "PD1", "MRG", "NK1", "PV1", "PV2", "DB1", "OBX", "AL1", "DG1"),
    *("PR1", "GT1", "IN1", "IN2", "IN3", "ACC", "UB1", "UB2", "PDA", "ROL", "DRG", "ZUS", "ZPV"),
]


def _segments(group: Any) -> Iterable[str]:  # noqa: ANN401 - a segment, a group, or many
    if isinstance(group, list):
        for one in group:
            yield from _segments(one)
    elif isinstance(group, dict) and "0" in group:
        yield _segment(group)
    elif isinstance(group, dict):
        for name, one in group.items():
            yield from _segments({"0": name, **one} if _is_segment(name, one) else one)


def _is_segment(name: str, content: Any) -> bool:  # noqa: ANN401 - whatever stands under a name
    return name == "MSH" and isinstance(content, dict)


def _segment(fields: Mapping[str, Any]) -> str:
    name = fields["0"]
    last = max((int(number) for number in fields if number.isdigit()), default=0)
    texts = [_written(fields.get(str(at)), "~^&") for at in range(1, last + 1)]
    if name == "MSH":
        return "MSH|^~\\&|" + "|".join(texts[2:])
    return "|".join([name, *texts])


def _written(part: Any, marks: str) -> str:  # noqa: ANN401 - a field or a part of one
    if part is None:
        return ""
    if isinstance(part, list):
        return marks[0].join(_written(one, marks) for one in part)
    if isinstance(part, dict):
        last = max((int(number) for number in part), default=0)
        return marks[1].join(
            _written(part.get(str(at)), marks[1:] + " ") for at in range(1, last + 1)
        )
    return str(part)
