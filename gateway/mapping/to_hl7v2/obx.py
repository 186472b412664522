"""OBX, observation result: observations, texts, documents, study and viewer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gateway.fhir.datatypes import LOINC, Element, coding, concept
from gateway.hl7v2.writer import segment
from gateway.mapping.hl7v2.obx_kind import CONCLUSION
from gateway.mapping.to_hl7v2.datatypes.cwe import cwe
from gateway.mapping.to_hl7v2.datatypes.dtm import dtm
from gateway.mapping.to_hl7v2.datatypes.ed import ed
from gateway.mapping.to_hl7v2.datatypes.xcn import xcn
from gateway.mapping.to_hl7v2.nte import nte
from gateway.mapping.to_hl7v2.obx_value import Observed, number, observed

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource
    from gateway.hl7v2.writer import Field, Repetition
    from gateway.mapping.to_hl7v2.sources import Writing
    from gateway.mapping.to_hl7v2.target import Target

REPORT: Final = concept(coding(LOINC, "18748-4", "CR d'imagerie médicale"))
CONCLUDED: Final = concept(coding(LOINC, CONCLUSION, "Conclusion"))
_STUDY: Final = ("113014", "DICOM Study", "DCM")
_VIEWER: Final = ("URL_VIEWER", "Lien vers les images", "L")
# http://hl7.org/fhir/observation-status to table HL70085.
_STATUSES: Final = {
    "registered": "I",
    "preliminary": "P",
    "final": "F",
    "amended": "C",
    "corrected": "C",
    "cancelled": "X",
    "entered-in-error": "W",
}
# Details of an order are no results (HL7 v2.5.1, table HL70085).
ORDERED: Final = "O"


@dataclass(slots=True)
class Observations:
    """The OBX of one message, numbered as they come."""

    target: Target
    lines: list[str] = field(default_factory=list)
    _count: int = 0

    def add(  # noqa: PLR0913 - the fields that every OBX has
        self,
        kind: str,
        code: Field,
        value: Field,
        *,
        status: str = "F",
        sub_id: str = "",
        more: dict[int, Field] | None = None,
    ) -> None:
        """Write one segment; `more` are its other fields by number."""
        self._count += 1
        fields: dict[int, Field] = {1: str(self._count), 2: kind, 3: code, 4: sub_id, 5: value}
        self.lines.append(segment("OBX", fields | {11: status} | (more or {})))

    def note(self, lines: list[str]) -> None:
        """Write the notes on the last one."""
        self.lines += lines

    def text(self, code: Field, text: str, status: str) -> None:
        """Write formatted text, its line ends as `.br` commands."""
        self.add("FT", code, text, status=status)

    def document(self, code: Field, content: bytes, content_type: str, status: str) -> None:
        """Write a document in base64."""
        self.add("ED", code, ed(content, content_type, self.target), status=status)

    def study(self, uid: str) -> None:
        """Write the Study Instance UID (IHE RAD-128)."""
        if uid:
            self.add("ST", _STUDY, uid, status="O")

    def viewer(self, url: str, title: str) -> None:
        """Write the address of a viewer."""
        name = (_VIEWER[0], title or _VIEWER[1], _VIEWER[2])
        self.add("RP", name, (url, "", "", "HTML"), status="F")

    def observation(self, one: Resource, writing: Writing, *, ordered: bool = False) -> None:
        """Write an Observation; a component of another code is an OBX of its own."""
        status = ORDERED if ordered else _STATUSES.get(one.get("status", ""), "F")
        code = one.get("code", {})
        same = [part for part in one.get("component", ()) if part.get("code") == code]
        held = _repeated(same, self.target) if same else observed(one, self.target)
        self.add(
            held.kind,
            cwe(code),
            held.value,
            status=status,
            more=_more(one, held, writing),
        )
        self.note(nte(one.get("note", ())))
        for part in one.get("component", ()):
            if part not in same:
                value = observed(part, self.target)
                self.add(value.kind, cwe(part.get("code")), value.value, status=status)


def _repeated(parts: list[Element], target: Target) -> Observed:
    held = [observed(part, target) for part in parts]
    values: list[Repetition] = [one.value for one in held if not isinstance(one.value, list)]
    return Observed(held[0].kind, values, held[0].unit)


def _more(one: Resource, held: Observed, writing: Writing) -> dict[int, Field]:
    flags: list[Repetition] = [cwe(each)[0] for each in one.get("interpretation", ())]
    people: list[Repetition] = [
        name
        for found in writing.follow_all(one.get("performer", ()))
        if found["resourceType"] == "Practitioner" and (name := xcn(found, writing.target))
    ]
    method: list[Repetition] = [cwe(one["method"])] if one.get("method") else []
    return {
        6: held.unit,
        7: _limits(one),
        8: flags or "",
        14: dtm(one.get("effectiveDateTime") or one.get("effectivePeriod", {}).get("start")),
        16: people or "",
        17: method or "",
    }


def _limits(one: Resource) -> str:
    limits: Element = next(iter(one.get("referenceRange", ())), {})
    if text := limits.get("text"):
        return str(text)
    low, high = (number(limits.get(end, {})) for end in ("low", "high"))
    if low and high:
        return f"{low}-{high}"
    return f">= {low}" if low else f"<= {high}" if high else ""
