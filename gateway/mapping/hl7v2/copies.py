"""Those who shall have a copy: on the report, or with the document that is no report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.fhir.datatypes import Element, reference
from gateway.mapping.entry import COPY_TO, Key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gateway.mapping.entry import Recipient
    from gateway.mapping.hl7v2.gathering import Gathering


def copies_to(recipients: Iterable[Recipient]) -> list[Element]:
    """Return the extensions of a report that name them, each once."""
    return [{"url": COPY_TO, "valueReference": one} for one in _named(recipients)]


def send_document(document: str, recipients: Iterable[Recipient], gathering: Gathering) -> None:
    """Ask for a document (its full url) to be sent to them, once for the message.

    https://hl7.org/fhir/R4/communication.html
    """
    named = list(_named(recipients))
    if named:
        asked: Element = {
            "resourceType": "Communication",
            "status": "in-progress",
            "subject": reference(gathering.subject),
            "recipient": named,
            "payload": [{"contentReference": reference(document)}],
        }
        # Not an assertion: what has been sent stays completed when the message comes again.
        number = f"{gathering.message.control_id or '-'}/{document}"
        gathering.mention(asked, [Key(gathering.message_system, number)])


def _named(recipients: Iterable[Recipient]) -> Iterator[Element]:
    urls = (one.full_url for one in recipients)
    return (reference(url) for url in dict.fromkeys(urls) if url)
