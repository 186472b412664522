"""Bundles of resources that are encoded already (https://hl7.org/fhir/R4/bundle.html).

The stored bytes go into the page as they are: nothing is parsed, nothing is encoded twice, and
every decimal keeps its digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.fhir.wire import Resource


@dataclass(frozen=True, slots=True)
class Found:
    """One resource of a searchset: its type, id and JSON; `mode` says why it is there."""

    type: str
    id: str
    content: bytes
    mode: Literal["match", "include", "outcome"] = "match"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a history; `content` is empty when this version deleted the resource.

    `last_updated` is an instant; `created` says whether a PUT made the resource.
    """

    type: str
    id: str
    version: int
    last_updated: str
    method: Literal["POST", "PUT", "DELETE"]
    content: bytes
    created: bool = False


# Pairs of relation and URL.
Links = Sequence[tuple[str, str]]


def searchset(
    base_url: str, found: Iterable[Found], *, links: Links, total: int | None = None
) -> bytes:
    """Return a searchset as JSON (https://hl7.org/fhir/R4/bundle.html#searchset)."""
    return _bundle("searchset", [_match(base_url, one) for one in found], links, total)


def history(
    base_url: str, versions: Iterable[Version], *, links: Links, total: int | None = None
) -> bytes:
    """Return a history as JSON, in the order given (https://hl7.org/fhir/R4/http.html#history)."""
    return _bundle("history", [_version(base_url, one) for one in versions], links, total)


def _bundle(kind: str, entries: list[Resource], links: Links, total: int | None) -> bytes:
    bundle: Resource = {"resourceType": "Bundle", "type": kind}
    if total is not None:
        bundle["total"] = total
    bundle["link"] = [{"relation": relation, "url": url} for relation, url in links]
    if entries:
        bundle["entry"] = entries
    return orjson.dumps({name: value for name, value in bundle.items() if value != []})


def _match(base_url: str, one: Found) -> dict[str, Any]:
    entry = {"resource": orjson.Fragment(one.content), "search": {"mode": one.mode}}
    return entry if one.mode == "outcome" else {"fullUrl": _url(base_url, one)} | entry


def _version(base_url: str, one: Version) -> dict[str, Any]:
    url = one.type if one.method == "POST" else f"{one.type}/{one.id}"
    entry: dict[str, Any] = {"fullUrl": _url(base_url, one)}
    if one.content:
        entry["resource"] = orjson.Fragment(one.content)
    entry["request"] = {"method": one.method, "url": url}
    entry["response"] = {
        "status": _status(one),
        "etag": f'W/"{one.version}"',
        "lastModified": one.last_updated,
    }
    return entry


def _status(one: Version) -> str:
    if one.method == "DELETE":
        return "204"
    return "201" if one.created or one.method == "POST" else "200"


def _url(base_url: str, one: Found | Version) -> str:
    return f"{base_url}/{one.type}/{one.id}"
