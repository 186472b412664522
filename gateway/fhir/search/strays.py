"""The local references of a resource that no search parameter reads.

They are found where they are, so that `DiagnosticReport.imagingStudy` and what an extension holds
count when it is asked who refers to a resource. `reference` is the name of no text but
Reference.reference (https://hl7.org/fhir/R4/references.html): the bytes of the resource tell where
it stands, which costs a tenth of a walk.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import orjson

from gateway.fhir.search.references import Target, target_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.fhir.wire import Resource

# What these hold is about its own world: a bundle resolves its references within itself.
_CLOSED: Final = {"Bundle": "entry", "Parameters": "parameter"}
# A quote inside a text has a backslash before it: what is found is a member, never a text. No
# reference to this server is longer.
_REFERENCE: Final = re.compile(rb'"reference":"([^"]{1,400})')
# The only resource that Attachment.url may lead to.
_BINARY: Final = "Binary/"


def local_references(resource: Resource, local_bases: tuple[str, ...]) -> set[Target]:
    """Return what references lead to on this server, with the Binary of an attachment's address."""
    closed = _CLOSED.get(resource["resourceType"])
    if closed is not None:
        resource = {name: value for name, value in resource.items() if name != closed}
    read = _reader(local_bases)
    try:
        body = orjson.dumps(resource, default=_nothing)
    except TypeError:
        # Nested too deeply for that, or letters that are none.
        return set().union(*map(read, _walked(resource, local_bases)))
    texts = _REFERENCE.findall(body)
    if _BINARY.encode() in body:
        texts += _attached(body, local_bases)
    return set().union(*map(read, texts))


def _nothing(_value: object) -> None:
    """Stand for a decimal, which refers to nothing."""


def _attached(body: bytes, local_bases: tuple[str, ...]) -> list[bytes]:
    """Return the addresses of attachments that are a Binary of this server."""
    marker, before = _BINARY.encode(), _before_binary(local_bases)
    return [
        marker + here[: here.index(b'"')]
        for there, here in pairwise(body.split(marker))
        if there.endswith(before)
    ]


@lru_cache(maxsize=8)
def _before_binary(local_bases: tuple[str, ...]) -> tuple[bytes, ...]:
    return tuple(f'"url":"{base}'.encode() for base in ("", *(f"{one}/" for one in local_bases)))


@lru_cache(maxsize=8)
def _reader(local_bases: tuple[str, ...]) -> Callable[[bytes], frozenset[Target]]:
    """Return what gives the target of a reference on this server, and remembers."""

    def read(text: bytes) -> frozenset[Target]:
        target = target_of(text.decode(errors="replace"), local_bases)
        # What has no type, or its whole URL for an id, lives elsewhere.
        local = target is not None and target[0] and "/" not in target[1]
        return frozenset([target]) if target is not None and local else frozenset()

    return lru_cache(maxsize=8192)(read)


def _walked(resource: Resource, local_bases: tuple[str, ...]) -> list[bytes]:
    found: list[str] = []
    bases = tuple(f"{base}{_BINARY}" for base in ("", *(f"{one}/" for one in local_bases)))
    waiting: list[Any] = [resource]
    while waiting:
        element = waiting.pop()
        if isinstance(element, list):
            waiting.extend(element)
        elif isinstance(element, dict):
            waiting.extend(element.values())
            reference, url = element.get("reference"), element.get("url")
            found += [reference] if isinstance(reference, str) else []
            found += [url] if isinstance(url, str) and url.startswith(bases) else []
    return [text.encode(errors="replace") for text in found]
