"""Everything that a summary needs, read from the store before a word is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.fhir.wire import Resource

    Read = Callable[[str, str], Resource | None]

# Which references of which resource lead to something that a summary tells.
_LEADS: Final[Mapping[str, tuple[str, ...]]] = {
    "DiagnosticReport": (
        "subject",
        "basedOn",
        "imagingStudy",
        "performer",
        "resultsInterpreter",
        "result",
    ),
    # One that is read as a report: `documents_as_reports`.
    "DocumentReference": ("subject", "performer"),
    "ServiceRequest": ("requester",),
    "PractitionerRole": ("practitioner", "organization"),
}


@dataclass(frozen=True, slots=True)
class Dossier:
    """A report with the resources that it leads to, by `Type/id`.

    `recipient` is the Practitioner or Organization it is for; `replaced` is the `issued` of the
    version that the recipient already has, empty when it is the first.
    """

    report: Resource
    resources: Mapping[str, Resource] = field(default_factory=dict)
    recipient: Resource = field(default_factory=dict)
    replaced: str = ""

    def follow(self, element: Mapping[str, Any] | None) -> Resource:
        """Return what a Reference points to, an empty resource when it is not here."""
        literal = "" if element is None else element.get("reference", "")
        return self.resources.get(plain(literal), {})

    def first(self, element: str) -> Resource:
        """Return what the first reference of a list of the report points to."""
        return next((self.follow(item) for item in self.report.get(element, ())), {})


def plain(literal: str) -> str:
    """Return `Type/id` of a relative reference, without a version."""
    return "/".join(literal.split("/")[:2])


def gather(
    report: Resource, read: Read, *, recipient: Resource | None = None, replaced: str = ""
) -> Dossier:
    """Read everything that `report` leads to; what is not there is left out."""
    found: dict[str, Resource] = {}
    open_ones = [report]
    while open_ones:
        for literal in _references(open_ones.pop()):
            resource = None if literal in found else read(*literal.split("/"))
            if resource is not None:
                found[literal] = resource
                open_ones.append(resource)
    return Dossier(report, found, recipient or {}, replaced)


def _references(resource: Resource) -> list[str]:
    elements: list[Any] = []
    for name in _LEADS.get(resource["resourceType"], ()):
        value = resource.get(name, [])
        elements.extend(value if isinstance(value, list) else [value])
    literals = [plain(element.get("reference", "")) for element in elements]
    return [literal for literal in literals if literal.count("/") == 1 and ":" not in literal]
