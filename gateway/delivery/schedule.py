"""What is planned, for modalities that ask for it: of labelled patients nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.access.labels import may_leave
from gateway.store.worklist import Worklist

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gateway.dicom.json_model import Model
    from gateway.dicom.query import Query
    from gateway.store.api import Store


class Schedule:
    """Answers worklist queries."""

    def __init__(self, store: Store, catch_up: Callable[[], None]) -> None:
        """Look in `store`, after `catch_up` has made the worklist current."""
        self._store = store
        self._catch_up = catch_up
        self._worklist = Worklist(store)

    def entries(self, query: Query, prepare: Callable[[Model], Model]) -> Iterator[Model]:
        """Yield the entries that match, as `prepare` completes them; raises `Unavailable`."""
        self._catch_up()
        known: dict[str, bool] = {}
        for patient, entry in self._worklist.find(query, prepare):
            if patient not in known:
                known[patient] = self._may_be_told(patient)
            if known[patient]:
                yield entry

    def _may_be_told(self, patient: str) -> bool:
        kind, _, name = patient.partition("/")
        held = self._store.read(kind, name) if kind == "Patient" else None
        return held is None or held.deleted or may_leave(held.resource).permitted
