"""What a profile is made of: rules of segments by event, rules of fields, and what ties them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gateway.hl7v2.message import Message, Segment

# Table HL70357.
REQUIRED: Final = "101"
WRONG: Final = "102"
NOT_IN_TABLE: Final = "103"
EVENT: Final = "201"
VERSION: Final = "203"


@dataclass(frozen=True, slots=True)
class Finding:
    """One disagreement: `error` or `warning`, a sentence, an ERL when known, a code of HL70357.

    What hl7apy says may quote values of the message: it is for the operator's screen, not a log.
    """

    severity: str
    text: str
    location: str | None = None
    err_code: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class FieldRule:
    """What a field must be in every segment of that name; `name` says it in words.

    `values` are those of the component that are allowed; an empty field is only a fault when it is
    required. `repeats` asks every repetition.
    """

    segment: str
    number: int
    name: str
    component: int = 1
    required: bool = False
    forbidden: bool = False
    values: tuple[str, ...] = ()
    repeats: bool = False
    severity: str = "error"

    def check(self, message: Message) -> Iterator[Finding]:
        """Yield what is wrong with each segment of that name."""
        for one in message.all(self.segment):
            yield from self._of(one)

    def _of(self, one: Segment) -> Iterator[Finding]:
        if not one.value(self.number):
            if self.required:
                yield self._finding(one, "is required.", REQUIRED)
        elif self.forbidden:
            yield self._finding(one, "must be empty.", WRONG)
        elif self.values and not all(text in self.values for text in self._texts(one)):
            yield self._finding(one, f"must be {_any_of(self.values)}.", NOT_IN_TABLE)

    def _texts(self, one: Segment) -> list[str]:
        given = one.values(self.number) if self.repeats else (one.value(self.number),)
        return [value.text(self.component) for value in given]

    def _finding(self, one: Segment, what: str, err_code: str) -> Finding:
        part = f".{self.component}" if self.component > 1 else ""
        text = f"{self.segment}-{self.number}{part} ({self.name}) {what}"
        place = f"{self.segment}^{one.sequence}^{self.number}"
        return Finding(self.severity, text, place, err_code)


@dataclass(frozen=True, slots=True)
class Profile:
    """`events` gives the segments that each type and event must have; others are not of it.

    `also` are rules that compare one field with another.
    """

    name: str
    events: Mapping[tuple[str, str], tuple[str, ...]]
    fields: tuple[FieldRule, ...]
    also: tuple[Callable[[Message], Iterator[Finding]], ...] = ()

    def check(self, message: Message) -> tuple[Finding, ...]:
        """Return everything in which a message breaks the profile."""
        return tuple(self._findings(message))

    def _findings(self, message: Message) -> Iterator[Finding]:
        segments = self.events.get((message.code, message.event))
        if segments is None:
            text = f"{self.name} has no {message.code}^{message.event}."
            yield Finding("error", text, "MSH^1^9", EVENT)
            return
        for name in segments:
            if message.first(name) is None:
                text = f"{self.name} asks for {name} in {message.code}^{message.event}."
                yield Finding("error", text, name, REQUIRED)
        for rule in self.fields:
            yield from rule.check(message)
        for compare in self.also:
            yield from compare(message)


def _any_of(values: tuple[str, ...]) -> str:
    return values[0] if len(values) == 1 else f"one of {', '.join(values)}"


def fra() -> tuple[FieldRule, ...]:
    """Return what all French profiles ask of MSH."""
    return (
        FieldRule("MSH", 10, "control id", required=True),
        FieldRule("MSH", 17, "country", values=("FRA",)),
        FieldRule("MSH", 18, "character set", values=("UNICODE UTF-8", "8859/15")),
    )
