"""Whose study it is: an object of another patient under the same Study Instance UID is refused.

PS3.3 A.1.2: a study is of exactly one patient. Modalities give the same study UID to two patients
when a worklist entry is used twice, or a UID is made of a clock.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Final

from gateway.dicom.attributes import PATIENT_ID
from gateway.dicom.json_model import text
from gateway.fhir.wire import loads
from gateway.ingest.identity import agrees, contradicts
from gateway.mapping.dicom.persons import patient

if TYPE_CHECKING:
    from gateway.dicom.json_model import Model
    from gateway.fhir.wire import Resource
    from gateway.store.api import Transaction

# Studies that come in at the same time, many times over.
_REMEMBERED: Final = 512


class Owners:
    """Remembers the patient of the studies that are coming in; the store knows all the others."""

    def __init__(self) -> None:
        """Remember nobody."""
        self._lock = Lock()
        self._known: OrderedDict[str, Resource] = OrderedDict()

    def agree(self, tx: Transaction, study_uid: str, header: Model) -> bool:
        """Whether an object may be of the patient that its study is held with."""
        owner = self._owner(tx, study_uid)
        number = text(header, PATIENT_ID)
        if owner is None or not number or number in _numbers(owner):
            # Nearly every object: the rest is not looked at.
            return True
        return may_be_one_person(owner, patient(header, "", study_uid).resource)

    def _owner(self, tx: Transaction, study_uid: str) -> Resource | None:
        with self._lock:
            known = self._known.get(study_uid)
        if known is not None:
            return known
        held = tx.instances(study_uid)
        found = (patient(loads(one.header), "", study_uid).resource for one in held)
        owner = next((one for one in found if one.get("identifier")), None)
        if owner is not None:
            with self._lock:
                self._known[study_uid] = owner
                while len(self._known) > _REMEMBERED:
                    self._known.popitem(last=False)
        return owner


def may_be_one_person(one: Resource, other: Resource) -> bool:
    """Whether two patients of one study may be one: by a number, or because nothing excludes it.

    Two numbers of one authority are two persons, unless name and birth date are the same.
    """
    first, second = _numbers(one), _numbers(other)
    if not first or not second or set(first) & set(second):
        return True
    if set(first.values()) & set(second.values()):
        return agrees(one, other)
    return not contradicts(one, other)


def _numbers(person: Resource) -> dict[str, str]:
    """Return the authorities of the numbers of a patient, by number."""
    return {one["value"]: one.get("system", "") for one in person.get("identifier", ())}
