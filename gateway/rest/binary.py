"""Binary, raw or as a resource: https://hl7.org/fhir/R4/binary.html#rest.

The stored resource names a large content by `meta.source` = `urn:sha256:<hex>` and keeps it out
of `data`; whoever reads the resource form finds it in `data` as if it had been there.
"""

from __future__ import annotations

import base64
import os
import re
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Invalid, Malformed, NotAcceptable
from gateway.fhir.wire import dumps
from gateway.rest.answer import Answer, version_headers
from gateway.rest.body import read_resource
from gateway.rest.conditions import if_none_exist
from gateway.rest.negotiation import (
    JSON_NAMES,
    XML_NAMES,
    is_fhir,
    is_xml,
    media_type,
    ranked,
    require_fhir,
)
from gateway.rest.pages import part_content, part_of
from gateway.rest.preconditions import expected_version, only_new
from gateway.rest.provenance import given_provenance
from gateway.rest.read import current, has_it_already
from gateway.rest.vread import version
from gateway.rest.wrote import wrote

if TYPE_CHECKING:
    from typing import BinaryIO

    from gateway.fhir.wire import Resource
    from gateway.rest.answer import Headers
    from gateway.rest.call import Call
    from gateway.rest.ports import Ports
    from gateway.store.records import Stored

SOURCE: Final = "urn:sha256:"
# From this many octets on, content goes to the object store.
_APART_FROM: Final = 16 * 1024
_MEDIA_TYPE: Final = re.compile(r"[\w.+-]+/[\w.+-]+(?:\s*;\s*[\w.-]+=(?:[\w.+-]+|\"[^\"\r\n]*\"))*")
_FALLBACK: Final = "application/octet-stream"
# What a browser would run or render with scripts when opened from here.
_ACTIVE: Final = ("html", "svg", "xml", "javascript")
_FHIR: Final = tuple(name for name in (*JSON_NAMES, *XML_NAMES) if "fhir" in name)
_GENERIC: Final = tuple(name for name in (*JSON_NAMES, *XML_NAMES) if "fhir" not in name)
_SHORT: Final = ("json", "xml")
# https://hl7.org/fhir/R4/binary.html#security-context
_SECURITY_CONTEXT: Final = b"x-security-context"
_REFERENCE: Final = re.compile(r"[!-~]+")
# Generic XML is content, a CDA document for instance, unless this is how it begins.
_BINARY_IN_XML: Final = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:\w+:)?Binary[\s>]"
)


def read_binary(call: Call) -> Answer:
    """Answer the current version: the content, or the resource when FHIR is asked for."""
    return _answer(call, current(call))


def vread_binary(call: Call) -> Answer:
    """Answer one version, likewise."""
    return _answer(call, version(call))


def _answer(call: Call, stored: Stored) -> Answer:
    headers = version_headers(stored)
    if has_it_already(call, stored):
        return Answer(304, headers=headers)
    resource = stored.resource
    content_type = _content_type(resource)
    if wants_resource(call, content_type):
        body = part_content(part_of(call), _whole(call.ports, resource, stored))
        return Answer(200, body, headers)
    headers = (*headers, *guards(content_type), *_security_context(resource))
    media = content_type.encode("latin-1")
    sha256 = _apart(resource)
    if sha256 is None:
        return Answer(200, _content(resource), headers, media)
    stream = call.ports.objects.open(sha256)
    return Answer(200, headers=headers, media=media, stream=stream, size=_size(stream))


def _content(resource: Resource) -> bytes:
    """Return the content that lies in the resource; raises `Invalid` when it is not base64.

    Only what was written without validation can be that.
    """
    try:
        return base64.b64decode(resource.get("data", ""))
    except (TypeError, ValueError):
        message = "The data of this Binary is not base64: ask for it as application/fhir+json."
        raise Invalid(message, expression="Binary.data") from None


def wants_resource(call: Call, content_type: str) -> bool:
    """Whether FHIR is asked for rather than the content; raises `NotAcceptable` for neither.

    `application/json` and `application/xml` mean the resource, except for content that is of that
    type itself. `_format` overrides `Accept`.
    """
    own = media_type(content_type.encode("latin-1"))
    wanted = dict(call.parameters).get("_format")
    names = ranked(call.header(b"accept") or "*/*") if wanted is None else [_format(wanted)]
    for name in names:
        if name in _FHIR or name in _SHORT:
            return True
        if name in ("*/*", own, f"{own.partition('/')[0]}/*"):
            return False
        if name in _GENERIC:
            return True
    message = f"This Binary is {own}: ask for that or for application/fhir+json."
    raise NotAcceptable(message)


def _format(wanted: str) -> str:
    # A plus sign that nobody encoded arrives as a space.
    return wanted.partition(";")[0].strip().lower().replace(" ", "+")


def _security_context(resource: Resource) -> Headers:
    given = resource.get("securityContext")
    context = given.get("reference") if isinstance(given, dict) else None
    if not isinstance(context, str) or not _REFERENCE.fullmatch(context):
        return ()
    return ((_SECURITY_CONTEXT, context.encode("ascii")),)


def guards(content_type: str) -> Headers:
    """Return the headers that keep a browser from running what somebody uploaded."""
    headers: Headers = ((b"content-security-policy", b"sandbox; default-src 'none'"),)
    if any(active in content_type.lower() for active in _ACTIVE):
        return (*headers, (b"content-disposition", b"attachment"))
    return headers


def _content_type(resource: Resource) -> str:
    declared = resource.get("contentType")
    if isinstance(declared, str) and declared.isascii() and _MEDIA_TYPE.fullmatch(declared):
        return declared
    return _FALLBACK


def _apart(resource: Resource) -> str | None:
    source = str(resource.get("meta", {}).get("source", ""))
    return source.removeprefix(SOURCE) if source.startswith(SOURCE) else None


def _whole(ports: Ports, resource: Resource, stored: Stored) -> bytes:
    sha256 = _apart(resource)
    if sha256 is None:
        return stored.content
    meta = {name: value for name, value in resource["meta"].items() if name != "source"}
    data = base64.b64encode(ports.objects.read(sha256)).decode("ascii")
    return dumps({**resource, "meta": meta, "data": data})


def _size(stream: BinaryIO) -> int | None:
    if not stream.seekable():
        return None
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    return size


def create_binary(call: Call) -> Answer:
    """Create from a resource, or from any other content as it is."""
    resource = _received(call)
    resource.pop("id", None)
    written = call.ports.write.create(
        "Binary", resource, if_none_exist(call), given_provenance(call)
    )
    return wrote(call, written)


def update_binary(call: Call) -> Answer:
    """Update likewise."""
    expected = expected_version(call.header(b"if-match"))
    resource = _received(call)
    if resource.setdefault("id", call.id) != call.id:
        message = "The id in the resource must be the id in the address."
        raise Malformed(message, expression="Binary.id")
    written = call.ports.write.update(
        "Binary",
        call.id,
        resource,
        expected,
        only_new=only_new(call.header(b"if-none-match")),
        provenance=given_provenance(call),
    )
    return wrote(call, written)


def _received(call: Call) -> Resource:
    content_type = call.headers.get(b"content-type")
    if _is_resource(content_type, call.body):
        require_fhir(content_type)
        return set_apart(call.ports, read_resource(call, "Binary"))
    declared = (content_type or b"").decode("latin-1").strip()
    if not _MEDIA_TYPE.fullmatch(declared):
        message = "Content-Type is not a media type."
        raise Malformed(message)
    resource: Resource = {"resourceType": "Binary", "contentType": declared}
    context = call.header(_SECURITY_CONTEXT)
    if context is not None:
        resource["securityContext"] = {"reference": context.strip()}
    return _with_content(call.ports, resource, call.body)


def _is_resource(content_type: bytes | None, body: bytes) -> bool:
    """Whether a Binary comes as a resource, not as the content itself."""
    if is_xml(content_type) and media_type(content_type) not in _FHIR:
        return _BINARY_IN_XML.match(body) is not None
    return is_fhir(content_type)


def set_apart(ports: Ports, resource: Resource) -> Resource:
    """Return a Binary as it is stored: large content in the object store.

    A caller's own `urn:sha256:` is dropped: nobody reads an object by naming its digest.
    """
    meta = resource.get("meta")
    if isinstance(meta, dict) and str(meta.get("source", "")).startswith(SOURCE):
        kept = {name: value for name, value in meta.items() if name != "source"}
        resource = {**resource, "meta": kept}
        if not kept:
            del resource["meta"]
    content = _decoded(resource.get("data"))
    if content is None or not isinstance(resource.get("meta", {}), dict):
        # Small, or not valid: validation says so with all the rest.
        return resource
    return _with_content(ports, resource, content)


def _decoded(data: Any) -> bytes | None:  # noqa: ANN401 - not validated yet
    if not isinstance(data, str) or len(data) < _APART_FROM:
        return None
    try:
        return base64.b64decode(data, validate=True)
    except ValueError:
        return None


def _with_content(ports: Ports, resource: Resource, content: bytes) -> Resource:
    if len(content) < _APART_FROM or resource.get("meta", {}).get("source"):
        data = base64.b64encode(content).decode("ascii")
        return {**resource, "data": data} if data else resource
    rest = {name: value for name, value in resource.items() if name != "data"}
    source = SOURCE + ports.objects.put(content)
    return {**rest, "meta": {**resource.get("meta", {}), "source": source}}
