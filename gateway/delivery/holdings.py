"""What is held, for those who ask for it: labelled studies are no answer to anybody.

The doors of queries and retrieval look here and nowhere else.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from gateway.access.labels import may_leave
from gateway.fhir.datatypes import DICOM_UID, oid_system
from gateway.store.catalogue import Catalogue
from gateway.store.instances import patient_ids
from gateway.store.labelled import Labelled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

    from gateway.dicom.query import Query
    from gateway.store.api import Store
    from gateway.store.catalogue.catalogue import Found
    from gateway.store.objects import Objects
    from gateway.store.records import Instance


class Holdings:
    """Finds studies, series and instances, and opens the objects."""

    def __init__(self, store: Store, objects: Objects) -> None:
        """Look in `store`; the files are in `objects`."""
        self._store = store
        self._objects = objects
        self._catalogue = Catalogue(store, self.visible)
        self._labelled = Labelled(store)

    def find(self, query: Query) -> Iterator[Found]:
        """Yield the answers to a query; raises `Unavailable`."""
        return self._catalogue.find(query)

    def instances(self, query: Query) -> Iterator[Instance]:
        """Yield the objects that a query means; raises `Unavailable`."""
        return self._catalogue.instances(query)

    def open(self, instance: Instance) -> BinaryIO:
        """Open the Part 10 file of an object; raises `NotFound`, `Unavailable`."""
        return self._objects.open(instance.object)

    def spool(self) -> Path:
        """Return where copies of objects lie, which is emptied of what a crash has left."""
        self._objects.spool.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self._objects.spool

    @contextmanager
    def file(self, instance: Instance) -> Iterator[Path]:
        """Lend the Part 10 file of an object; from far away, a copy in the spool."""
        with self._objects.open(instance.object) as content:
            name = getattr(content, "name", None)
            if isinstance(name, str) and Path(name).is_file():
                yield Path(name)
                return
            with NamedTemporaryFile(dir=self.spool(), prefix="out-") as copy:
                shutil.copyfileobj(content, copy)
                copy.flush()
                yield Path(copy.name)

    def visible(self, study_uids: Sequence[str]) -> set[str]:
        """Return which of some studies no label of theirs or of their patient's hides."""
        named = {oid_system(uid): uid for uid in study_uids}
        hidden, known = set(), set()
        for study in self._labelled.by_identifier("ImagingStudy", list(named)):
            own = {
                named[one["value"]]
                for one in study.get("identifier", ())
                if one.get("system") == DICOM_UID and one.get("value") in named
            }
            known |= own
            if not may_leave(study, *self._labelled.patients_of(study)).permitted:
                hidden |= own
        return set(study_uids) - hidden - self._of_hidden_patients(set(study_uids) - known)

    def knows(self, study_uid: str) -> bool:
        """Say whether there is an ImagingStudy of that UID that nothing hides."""
        known = self._labelled.by_identifier("ImagingStudy", [oid_system(study_uid)])
        return bool(known) and bool(self.visible([study_uid]))

    def _of_hidden_patients(self, study_uids: set[str]) -> set[str]:
        """Return which of some studies, not in FHIR yet, say the number of a hidden patient.

        Whoever gave the number: what may be his is not shown.
        """
        if not study_uids:
            return set()
        numbers = patient_ids(self._store, study_uids)
        asked = list(dict.fromkeys(filter(None, numbers.values())))
        hidden = {
            identifier.get("value")
            for person in self._labelled.by_identifier("Patient", asked)
            if not may_leave(person).permitted
            for identifier in person.get("identifier", ())
        }
        return {uid for uid, number in numbers.items() if number in hidden}
