"""One accession number, two studies: said, and left to a person.

An order of several examinations may have a study for each, so nothing is refused; most often one
of the two was taken under the number of another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.errors import Issue
from gateway.fhir.datatypes import DICOM_UID
from gateway.ingest.linking import links_of
from gateway.mapping.entry import LinkKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.fhir.wire import Resource
    from gateway.ingest.linking import Linking
    from gateway.mapping.entry import Link, Mapped
    from gateway.store.api import Transaction


_STUDY: Final = "ImagingStudy"


def study_conflicts(
    tx: Transaction, mapped: Mapped, linking: Linking, patient: Resource | None
) -> list[Issue]:
    """Warn when an accession number said here of one study is held by another.

    Studies that the message itself names side by side are no conflict.
    """
    studies = [one.resource for one in mapped.entries if one.resource["resourceType"] == _STUDY]
    said = [link for study in studies for link in links_of(study)]
    numbers = [link for link in said if link.kind is LinkKind.ACCESSION]
    named = set(_uids(said))
    if not numbers or not named:
        return []
    held = (one for one in linking.partners(tx, numbers, patient) if one.type == _STUDY)
    if all(named.issuperset(_uids(links_of(one.resource))) for one in held):
        return []
    text = f"The accession number {numbers[0].value} is also that of another study here."
    return [Issue(text, code="duplicate", severity="warning")]


def _uids(links: Iterable[Link]) -> list[str]:
    return [link.value.removeprefix("urn:oid:") for link in links if link.system == DICOM_UID]
