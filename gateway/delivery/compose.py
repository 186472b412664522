"""From a claimed delivery to its letter: reads what is committed, then composes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.delivery import pdf
from gateway.delivery.documents import Documents, fetch
from gateway.delivery.documents_as_reports import as_report
from gateway.delivery.dossier import gather
from gateway.delivery.letter import Letter, enclosures, subject_of, text_of
from gateway.delivery.recipients import content_key
from gateway.delivery.summary import summarise
from gateway.delivery.wording import words

if TYPE_CHECKING:
    from gateway.delivery.claim import Claim
    from gateway.delivery.documents import Objects
    from gateway.fhir.wire import Resource
    from gateway.store.api import Store
    from gateway.store.records import Delivery

_SHORT: Final = 8


def compose(claim: Claim, store: Store, objects: Objects, *, lang: str, fhir_url: str) -> Letter:
    """Return the letter; raises `Unavailable` when the store or the objects do not answer."""

    def read(resource_type: str, resource_id: str) -> Resource | None:
        stored = store.read(resource_type, resource_id)
        return None if stored is None or stored.deleted else stored.resource

    delivery = claim.delivery
    report = as_report(_as_queued(claim, store))
    dossier = gather(
        report, read, recipient=claim.recipient, replaced=_replaced(claim, store, report)
    )
    documents = fetch(report, read, objects)
    summary = summarise(
        dossier, lang=lang, fhir_url=fhir_url, reference=report["id"][:_SHORT], body=documents.text
    )
    if summary.withdrawn:
        documents = Documents()
    files = enclosures(summary, pdf.render(summary), documents.pdfs)
    return Letter(
        message_id=delivery.message_id,
        to=claim.address,
        subject=subject_of(summary, report["status"]),
        text=text_of(summary, [file.name for file in files], left_out=documents.left_out),
        created=delivery.created,
        language=words(lang).language,
        enclosures=files,
        references=tuple(past.message_id for past in claim.earlier),
        closed=claim.closed,
    )


def _as_queued(claim: Claim, store: Store) -> Resource:
    """Return the content that was queued, with the links that the report has gained since."""
    queued = _version(store, claim.delivery)
    if not queued or content_key(queued) == content_key(claim.report):
        return claim.report
    return queued


def _replaced(claim: Claim, store: Store, report: Resource) -> str:
    """Return the `issued` of the last different content that the recipient was sent."""
    for past in reversed(claim.earlier):
        version = _version(store, past)
        if version and content_key(version) != content_key(report):
            return str(version.get("issued", ""))
    return ""


def _version(store: Store, delivery: Delivery) -> Resource:
    resource_type, _, resource_id = delivery.focus.partition("/")
    stored = store.vread(resource_type, resource_id, delivery.focus_version)
    return {} if stored is None or stored.deleted else stored.resource
