"""What a writer does with DICOM objects: held, landed, counted in their studies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.store import rows
from gateway.store.records import to_micros
from gateway.store.writing import Writer

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from gateway.store.records import Instance


class InstanceWriter(Writer):
    """The DICOM side of a transaction."""

    def held_instance(self, sop_uid: str) -> dict[str, bool]:
        """Return the objects held under a SOP Instance UID: name -> kept aside."""
        return {row[0]: bool(row[1]) for row in self._all("instance_same", sop_uid=sop_uid)}

    def land(self, sha256: str, content: bytes, at: datetime) -> None:
        """Keep a small object with what names it; it is brought to the object store later."""
        self._write("insert_landed", sha256=sha256, landed=to_micros(at), content=content)

    def lift(self, names: Iterable[str]) -> None:
        """Forget objects that have been brought to the object store."""
        for sha256 in names:
            self._write("delete_landed", sha256=sha256)

    def add_instance(self, instance: Instance) -> None:
        """Hold one more DICOM object, and count it in its study unless it is kept aside."""
        self._write("insert_instance", **rows.instance_values(instance))
        if instance.aside:
            return
        received = to_micros(instance.received)
        if self._one("study_one", study_uid=instance.study_uid) is not None:
            self._write("touch_study", key=instance.study_uid, last_received=received)
            return
        self._write(
            "insert_study",
            study_uid=instance.study_uid,
            first_received=received,
            last_received=received,
            instances=1,
            pending=1,
            listed=0,
        )  # fmt: skip - one line a row

    def instances(self, study_uid: str) -> list[Instance]:
        """Return the objects of a study, those kept aside excepted."""
        return [rows.instance(row) for row in self._all("instances_of_study", study_uid=study_uid)]

    def settle_study(self, study_uid: str, last_received: int) -> None:
        """Say that a study is in FHIR up to `last_received`; later objects reopen it."""
        self._write("settle_study", key=study_uid, last_received=last_received)
