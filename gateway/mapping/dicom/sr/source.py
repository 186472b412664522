"""What every resource of a document shares: whose it is, of which study, who says it, since when.

https://build.fhir.org/ig/HL7/dicom-sr/ (R5), written for R4.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from gateway.dicom import attributes as tag
from gateway.dicom.json_model import items, names, text
from gateway.dicom.sr import attributes as sr
from gateway.dicom.sr.codes import Term
from gateway.dicom.sr.tree import Item, read_tree
from gateway.fhir.datatypes import (
    DICOM_UID,
    Element,
    coding,
    compact,
    concept,
    oid_system,
    reference,
    stable_id,
    urn,
)
from gateway.mapping.dicom.dates import da_tm_datetime, dt_datetime
from gateway.mapping.dicom.persons import Professional, professional
from gateway.mapping.entry import Entry, Key, Write

if TYPE_CHECKING:
    from gateway.dicom.document import Document
    from gateway.dicom.json_model import Model

# The gateway's own: an observation without a UID is known by its document and place.
OBSERVATION_SYSTEM: Final = "urn:passerelle:observation"
SOURCE_OBJECT: Final = "urn:passerelle:extension:sop-instance"
_CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/observation-category"
IMAGING: Final = concept(coding(_CATEGORY, "imaging", "Imaging"))
PERSON_OBSERVER: Final = Term("DCM", "121008")
_DEVICE: Final = {
    "name": Term("DCM", "121013"),
    "manufacturer": Term("DCM", "121014"),
    "model": Term("DCM", "121015"),
    "serial": Term("DCM", "121016"),
}
_SHORTEST_TIME: Final = len("2026-09-12T00:00")


@dataclass(frozen=True)
class Source:
    """One document of a study; `subject` and `study` are the full urls of their entries."""

    document: Document
    subject: str
    study: str

    @property
    def model(self) -> Model:
        """The dataset."""
        return self.document.model

    @cached_property
    def root(self) -> Item:
        """The content tree."""
        return read_tree(self.model)

    @property
    def uid(self) -> str:
        """The SOP Instance UID as FHIR writes it."""
        return oid_system(text(self.model, tag.SOP_INSTANCE_UID))

    @property
    def key(self) -> Key:
        """What the document is known by."""
        return Key(DICOM_UID, self.uid)

    @property
    def offset(self) -> str:
        """Timezone Offset From UTC (0008,0201)."""
        return text(self.model, tag.TIMEZONE_OFFSET)

    @cached_property
    def observed(self) -> str | None:
        """When it was observed: (0040,A032), else content, else study date and time."""
        own = dt_datetime(text(self.model, sr.OBSERVATION_DATETIME), self.offset)
        pairs = ((sr.CONTENT_DATE, sr.CONTENT_TIME), (tag.STUDY_DATE, tag.STUDY_TIME))
        told = (
            da_tm_datetime(text(self.model, date), text(self.model, time), self.offset)
            for date, time in pairs
        )
        return own or next((one for one in told if one), None)

    @cached_property
    def issued(self) -> str | None:
        """The instant of the verification (0040,A030), else of the content."""
        signed = (text(one, sr.VERIFICATION_DATETIME) for one in self.verifiers)
        moments = [*(dt_datetime(one, self.offset) for one in signed), self.observed]
        return next((one for one in moments if one and len(one) > _SHORTEST_TIME), None)

    @property
    def verifiers(self) -> tuple[Model, ...]:
        """The items of the Verifying Observer Sequence (0040,A073)."""
        return items(self.model, sr.VERIFYING_OBSERVER)

    @cached_property
    def readers(self) -> list[Professional]:
        """Who verified the document, else who is named as its observer."""
        signed = [
            professional(
                next(iter(names(one, sr.VERIFYING_OBSERVER_NAME)), ()),
                next(iter(items(one, sr.VERIFYING_OBSERVER_CODE)), {}),
            )
            for one in self.verifiers
        ]
        found = signed or [
            professional(name, {})
            for item in self.root.children
            if item.term == PERSON_OBSERVER
            for name in names(item.model, sr.PERSON_NAME)
        ]
        return [one for one in found if one.reference]

    def device(self) -> Element:
        """Return the reference to the device, by its name and serial number alone."""
        said = {name: self._observer(name) for name in _DEVICE}
        maker = said["manufacturer"] or text(self.model, tag.MANUFACTURER)
        model = said["model"] or text(self.model, tag.MANUFACTURER_MODEL_NAME)
        serial = said["serial"] or text(self.model, sr.DEVICE_SERIAL_NUMBER)
        display = " ".join(part for part in (maker, model) if part) or said["name"]
        number = {"value": serial} if serial else None
        found: Element = {"type": "Device", "identifier": number, "display": display}
        return {name: part for name, part in found.items() if part}

    def _observer(self, name: str) -> str:
        item = self.root.find(_DEVICE[name])
        return item.value if item else ""

    @property
    def preliminary(self) -> bool:
        """Whether the document says that it is not the last word (0040,A496), (0040,A491)."""
        flag = text(self.model, sr.PRELIMINARY_FLAG).upper()
        partial = text(self.model, sr.COMPLETION_FLAG).upper() == "PARTIAL"
        return flag == "PRELIMINARY" or (partial and flag != "FINAL")

    @property
    def verified(self) -> bool:
        """Whether somebody has signed it (0040,A493), or it says that it is final."""
        flags = (text(self.model, sr.VERIFICATION_FLAG), text(self.model, sr.PRELIMINARY_FLAG))
        return "VERIFIED" in flags or "FINAL" in flags

    @property
    def unsigned(self) -> bool:
        """Whether the document says that nobody has signed it (0040,A493), or is preliminary."""
        return self.preliminary or text(self.model, sr.VERIFICATION_FLAG) == "UNVERIFIED"

    def observation(self, place: tuple[int, ...], parts: Element, *more: Element) -> Entry:
        """Return the Observation of a content item; `more` are identifiers besides its own."""
        own = stable_id("Observation", self.uid, ".".join(map(str, place)))
        key = Key(OBSERVATION_SYSTEM, own)
        resource: dict[str, Any] = {
            "resourceType": "Observation",
            "identifier": [{"system": key.system, "value": key.value}, *more],
            "partOf": [reference(self.study)],
            "status": "preliminary" if self.preliminary else "final",
            "category": [IMAGING],
            "subject": reference(self.subject),
            "effectiveDateTime": None if "effectivePeriod" in parts else self.observed,
            **parts,
        }
        if own_codes := _codes(parts["code"]):
            # What the code says the value says: no component says it again (obs-7).
            said = [
                one for one in parts.get("component", ()) if not own_codes & _codes(one["code"])
            ]
            resource["component"] = said
        return Entry(compact(resource), urn(stable_id("Observation", *key)), (key,), Write.ASSERT)

    def derived(self, uids: tuple[str, ...] = ()) -> list[Element]:
        """Return `derivedFrom`: the study, with the objects that were measured.

        R4 has no reference to an image: its UID is an extension of the reference to the study.
        """
        objects = [{"url": SOURCE_OBJECT, "valueUri": oid_system(uid)} for uid in uids]
        return [reference(self.study) | ({"extension": objects} if objects else {})]

    def mentions(self) -> list[Entry]:
        """Return the entries of the persons that the document names by number."""
        found = {one.entry.full_url: one.entry for one in self.readers if one.entry is not None}
        return list(found.values())


def _codes(concept_: Element) -> set[tuple[str, str]]:
    return {(one.get("system", ""), one.get("code", "")) for one in concept_.get("coding", ())}
