"""Retrieve Capabilities: what is offered, as WADL (PS3.18 section 8.9 and annex H)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import quoteattr

from gateway.dicom.media_types import DICOM_JSON, JSON, Offer
from gateway.dicomweb.answer import Answer
from gateway.dicomweb.routes import RETRIEVED, SEARCHED, STORED
from gateway.fhir.wire import dumps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.dicomweb.call import Call

_WADL: Final = "application/vnd.sun.wadl+xml"
_OFFERS: Final = tuple(map(Offer, (_WADL, "application/xml", "text/xml", JSON, DICOM_JSON)))
_PLACE: Final = re.compile(r"\{(\w+)(?::path)?\}")


def capabilities(call: Call) -> Answer:
    """Answer the resources and their methods; raises `NotAcceptable`."""
    call.only()
    found = call.agreed(_OFFERS, f"Capabilities are answered as {_WADL} or {JSON}.")
    headers = {"allow": "GET, HEAD, OPTIONS, POST"}
    if found.media in (JSON, DICOM_JSON):
        listed = [{"path": path, "method": method, "id": name} for path, method, name in _rows()]
        body = dumps({"base": call.ports.base, "resources": listed})
        return Answer(200, body, JSON, headers)
    return Answer(200, _wadl(call.ports.base), found.media, headers)


def _rows() -> Iterator[tuple[str, str, str]]:
    for one in (*RETRIEVED, *SEARCHED):
        yield _PLACE.sub(r"{\1}", one.path), "GET", one.name
    for path, name in STORED:
        yield path, "POST", name


def _wadl(base: str) -> bytes:
    resources = "".join(
        f"<resource path={quoteattr(path.lstrip('/'))}>"
        f"<method name={quoteattr(method)} id={quoteattr(name)}/></resource>"
        for path, method, name in _rows()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<application xmlns="http://wadl.dev.java.net/2009/02">'
        f"<resources base={quoteattr(base)}>{resources}</resources></application>"
    ).encode()
