"""The report's own documents, fetched from where its attachments say they are."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from gateway.cda.body import embedded_pdf
from gateway.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.fhir.wire import Resource

    Read = Callable[[str, str], Resource | None]

_OBJECT: Final = "urn:sha256:"
_PDF: Final = "application/pdf"
_TEXT: Final = "text/plain"
_CDA: Final = ("text/xml", "application/xml")
# What a mailbox of 25 MB takes, less a third for base64 and a little for the rest.
LIMIT: Final = 18 * 1024 * 1024


class Objects(Protocol):
    """What is asked of the object store."""

    def read(self, sha256: str, /) -> bytes:
        """Return an object's bytes; raises `NotFound` or `Unavailable`."""


@dataclass(frozen=True, slots=True)
class Documents:
    """The PDF files of a report, or else its text, and whether some could not be taken along."""

    pdfs: tuple[bytes, ...] = ()
    text: str = ""
    left_out: bool = False


def fetch(report: Resource, read: Read, objects: Objects) -> Documents:
    """Return the documents of `presentedForm`; raises `Unavailable` when storage is down.

    Of a CDA it is the PDF in it. A document that is nowhere to be found, or over the limit, is left
    out: the summary and its link are worth more in time than a complete letter never.
    """
    pdfs: dict[bytes, None] = {}
    texts: list[str] = []
    left_out = unread = False
    for attachment in report.get("presentedForm", ()):
        kind = attachment.get("contentType", "").partition(";")[0].strip().lower()
        if kind not in (_PDF, _TEXT, *_CDA):
            continue
        content = content_of(attachment, read, objects)
        if kind in _CDA:
            content = embedded_pdf(content or b"")
            unread = unread or content is None
        elif content is None:
            left_out = True
        if content is None:
            continue
        if sum(map(len, pdfs)) + len(content) > LIMIT:
            left_out = True
        elif kind == _TEXT:
            texts.append(content.decode("utf-8", "replace").strip())
        else:
            pdfs[content] = None
    # The PDF is the report as the centre laid it out: its text would only repeat it.
    text = "" if pdfs else "\n\n".join(texts)
    # A CDA without a PDF is missed where it is all there is.
    return Documents(tuple(pdfs), text, left_out or (unread and not pdfs and not text))


def content_of(attachment: dict[str, Any], read: Read, objects: Objects) -> bytes | None:
    """Return the bytes of an Attachment; None when they are nowhere to be found."""
    if "data" in attachment:
        return b64decode(attachment["data"])
    url = attachment.get("url", "")
    if url.startswith(_OBJECT):
        return _object(url, objects)
    binary_type, _, binary_id = url.rpartition("/")
    binary = read("Binary", binary_id) if binary_type.endswith("Binary") else None
    if binary is None:
        return None
    if "data" in binary:
        return b64decode(binary["data"])
    # A document that came in a message is an object, named by the Binary's meta.source.
    source = binary.get("meta", {}).get("source", "")
    return _object(source, objects) if source.startswith(_OBJECT) else None


def _object(url: str, objects: Objects) -> bytes | None:
    try:
        return objects.read(url.removeprefix(_OBJECT))
    except NotFound:
        return None
