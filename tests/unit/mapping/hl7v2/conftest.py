from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from gateway.hl7v2.message import Message
from gateway.mapping.hl7v2 import Context, map_message

if TYPE_CHECKING:
    from gateway.mapping.entry import Entry, Mapped

HEADER = (
    r"MSH|^~\&|RIS-TEST|CENTRE|PASSERELLE|CPTS|20260305143000||{kind}|MSG1|P|2.5.1"
    "|||||{country}|UNICODE UTF-8|||{guide}"
)
PATIENT = "PID|1||IPP42^^^CENTRE&1.2.250.1.999.1&ISO^PI||DURAND^Louise^Louise Anne^^^^L"

CONTEXT = Context({"CABINET": "urn:oid:1.2.250.1.999.9"}, "urn:oid:1.2.250.1.999.5")


@dataclass(frozen=True)
class Result:
    """What was mapped, with the questions that tests ask."""

    mapped: Mapped

    def entries(self, kind: str) -> list[Entry]:
        found = self.mapped.entries
        return [entry for entry in found if entry.resource["resourceType"] == kind]

    def all(self, kind: str) -> list[dict[str, Any]]:
        return [entry.resource for entry in self.entries(kind)]

    def one(self, kind: str) -> dict[str, Any]:
        (resource,) = self.all(kind)
        return resource

    def url(self, kind: str) -> str:
        return self.entries(kind)[0].full_url

    def texts(self, severity: str) -> list[str]:
        return [issue.text for issue in self.mapped.warnings if issue.severity == severity]


class Map(Protocol):
    def __call__(
        self,
        kind: str,
        *lines: str,
        guide: str = "",
        country: str = "FRA",
        context: Context | None = None,
    ) -> Result: ...


@pytest.fixture
def map_lines() -> Map:
    def run(
        kind: str,
        *lines: str,
        guide: str = "",
        country: str = "FRA",
        context: Context | None = None,
    ) -> Result:
        header = HEADER.format(kind=kind, guide=guide, country=country)
        message = Message.parse("\r".join((header, *lines)).encode())
        return Result(map_message(message, context or CONTEXT))

    return run
