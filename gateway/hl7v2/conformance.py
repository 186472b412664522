"""A message against the standard, by hl7apy, and against the French profile that it follows.

For `gateway hl7 validate` and strict channels without a profile, never on the hot path.

hl7apy costs tens of milliseconds and hundreds of modules, so it is imported at the first question.
It also drops every segment that its message structure lacks, without a word: these are found by
comparing with the gateway's own reader, which keeps them all.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Malformed
from gateway.hl7v2.message import Message
from gateway.hl7v2.profiles import profile_of
from gateway.hl7v2.profiles.rules import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Finding", "Report", "standard_findings", "validate"]

# The header fields without which nobody can answer (HL7 v2.5.1 chapter 2, 2.15.9).
_REQUIRED: Final = {9: "message type", 10: "control id", 11: "processing id", 12: "version"}


@dataclass(frozen=True, slots=True)
class Report:
    """What was found in one message, and the name of the profile that it follows."""

    findings: tuple[Finding, ...]
    profile: str = ""

    @property
    def conforms(self) -> bool:
        """Whether nothing worse than a warning was found."""
        return all(finding.severity != "error" for finding in self.findings)


def validate(raw: bytes) -> Report:
    """Compare `raw` with its profile and the structure of its version; never raises on bad input.

    What the standard says of a message that follows a French profile is a warning: the profiles
    have segments of their own, and of later versions.
    """
    try:
        message = Message.parse(raw)
    except Malformed as fault:
        return Report((Finding("error", fault.text, fault.issues[0].location),))
    profile = profile_of(message)
    found = standard_findings(message)
    if profile is None:
        return Report((*_reader_findings(message), *found))
    milder = (replace(one, severity="warning") for one in found)
    findings = (*_reader_findings(message), *profile.check(message), *milder)
    return Report(findings, profile.name)


def _reader_findings(message: Message) -> Iterator[Finding]:
    yield from (Finding("warning", text) for text in message.warnings)
    header = message.msh()
    for number, name in _REQUIRED.items():
        if not header.value(number):
            yield Finding("error", f"MSH-{number} ({name}) is required.", f"MSH^1^{number}")


def standard_findings(message: Message) -> list[Finding]:
    """Compare a message with the structure of its version, by hl7apy."""
    text = "\r".join(segment.raw for segment in message.segments)
    try:
        return _by_structure(message, text)
    except Exception as fault:  # noqa: BLE001 - hl7apy raises AttributeError, KeyError and others on input it did not expect
        return [Finding("error", f"hl7apy cannot read the message: {_sentence(fault)}")]


def _by_structure(message: Message, text: str) -> list[Finding]:
    # Imported here: the doors read messages without it.
    from hl7apy.parser import parse_message  # noqa: PLC0415

    fallback: list[Finding] = []
    try:
        parsed = parse_message(text, find_groups=True)
    except Exception as fault:  # noqa: BLE001 - the same: whatever it is, there is a second way
        fallback.append(Finding("warning", f"read without groups: {_sentence(fault)}"))
        parsed = parse_message(text, find_groups=False)
    return [*fallback, *_unplaced(message, parsed), *_validated(parsed)]


def _unplaced(message: Message, parsed: Any) -> list[Finding]:  # noqa: ANN401 - hl7apy has no types
    """Name the segments that have no place in the structure."""
    kept = Counter(line[:3] for line in parsed.to_er7().split("\r"))
    sent = Counter(segment.name for segment in message.segments)
    surplus = sent - kept
    last = {name: sent[name] - count + 1 for name, count in surplus.items()}
    return [
        Finding(
            "warning" if name.startswith("Z") else "error",
            f"{count} {name} without a place in {parsed.name or 'the message'} {parsed.version}.",
            f"{name}^{last[name]}",
        )
        for name, count in surplus.items()
    ]


def _validated(parsed: Any) -> list[Finding]:  # noqa: ANN401 - hl7apy has no types
    """Ask hl7apy for all its findings, which it gives as a file of lines and not otherwise."""
    # Imported here, as above.
    from hl7apy.exceptions import HL7apyException  # noqa: PLC0415
    from hl7apy.validation import Validator  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report"
        try:
            Validator.validate(parsed, report_file=str(report))
        except HL7apyException as fault:
            if not report.exists():
                return [Finding("error", _sentence(fault))]
        lines = report.read_text().splitlines()
    return list(dict.fromkeys(_finding(line) for line in lines))


def _finding(line: str) -> Finding:
    kind, _, text = line.partition(": ")
    return Finding("error" if kind == "Error" else "warning", text)


def _sentence(fault: Exception) -> str:
    return str(fault) or type(fault).__name__
