"""Bundles of resources that are encoded already (https://hl7.org/fhir/R4/bundle.html).

The stored bytes go into the page as they are: nothing is parsed, nothing is encoded twice, and
every decimal keeps its digits. A page comes in pieces, so that a large one is never held whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal

import orjson

from gateway.fhir.wire import dumps, loads
from gateway.fhir.xml.writer import element, write_xml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from gateway.fhir.wire import Resource

_END: Final = b"</Bundle>"


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


@dataclass(frozen=True, slots=True)
class Form:
    """How a bundle is written: JSON or XML, indented or not."""

    xml: bool = False
    pretty: bool = False


# Pairs of relation and URL.
Links = Sequence[tuple[str, str]]

_JSON: Final = Form()


def searchset(
    base_url: str,
    found: Iterable[Found],
    *,
    links: Links,
    total: int | None = None,
    form: Form = _JSON,
) -> bytes:
    """Return a searchset (https://hl7.org/fhir/R4/bundle.html#searchset)."""
    return b"".join(searchset_pieces(base_url, found, links=links, total=total, form=form))


def searchset_pieces(
    base_url: str,
    found: Iterable[Found],
    *,
    links: Links,
    total: int | None = None,
    form: Form = _JSON,
) -> Iterator[bytes]:
    """Yield a searchset, a piece an entry: together they are the document."""
    entries = map(partial(_match, base_url), found)
    return _pieces("searchset", entries, links, total, form)


def history(
    base_url: str,
    versions: Iterable[Version],
    *,
    links: Links,
    total: int | None = None,
    form: Form = _JSON,
) -> bytes:
    """Return a history in the order given (https://hl7.org/fhir/R4/http.html#history)."""
    return b"".join(history_pieces(base_url, versions, links=links, total=total, form=form))


def history_pieces(
    base_url: str,
    versions: Iterable[Version],
    *,
    links: Links,
    total: int | None = None,
    form: Form = _JSON,
) -> Iterator[bytes]:
    """Yield a history, a piece a version."""
    entries = map(partial(_version, base_url), versions)
    return _pieces("history", entries, links, total, form)


# An entry, its resource still as stored.
_Entry = tuple[bytes, dict[str, Any]]


def _pieces(
    kind: str, entries: Iterable[_Entry], links: Links, total: int | None, form: Form
) -> Iterator[bytes]:
    bundle: Resource = {"resourceType": "Bundle", "type": kind}
    if total is not None:
        bundle["total"] = total
    if links:
        bundle["link"] = [{"relation": relation, "url": url} for relation, url in links]
    if form.xml:
        return _xml_pieces(bundle, entries, pretty=form.pretty)
    return _json_pieces(bundle, entries, pretty=form.pretty)


def _json_pieces(bundle: Resource, entries: Iterable[_Entry], *, pretty: bool) -> Iterator[bytes]:
    head = dumps(bundle, pretty=pretty)
    write: Callable[[bytes, dict[str, Any]], bytes] = _indented if pretty else _compact
    opening = b',\n  "entry": [\n    ' if pretty else b',"entry":['
    between = b",\n    " if pretty else b","
    before = head.removesuffix(b"\n}" if pretty else b"}") + opening
    empty = True
    for content, entry in entries:
        yield before + write(content, entry)
        before, empty = between, False
    if empty:
        yield head
    else:
        yield b"\n  ]\n}" if pretty else b"]}"


def _compact(content: bytes, entry: dict[str, Any]) -> bytes:
    if content:
        entry["resource"] = orjson.Fragment(content)
    return orjson.dumps(entry)


def _indented(content: bytes, entry: dict[str, Any]) -> bytes:
    if content:
        entry["resource"] = loads(content)
    # A line break in JSON is never part of a string.
    return dumps(entry, pretty=True).replace(b"\n", b"\n    ")


def _xml_pieces(bundle: Resource, entries: Iterable[_Entry], *, pretty: bool) -> Iterator[bytes]:
    head = write_xml(bundle, pretty=pretty)
    end = head[head.rindex(_END) :]
    yield head.removesuffix(end).rstrip(b"\n")
    for content, entry in entries:
        if content:
            entry["resource"] = loads(content)
        yield element("entry", "Bundle.entry", entry, pretty=pretty, depth=1).encode()
    yield b"\n" + end if pretty else end


def _match(base_url: str, one: Found) -> _Entry:
    if one.mode == "outcome":
        return one.content, {"search": {"mode": one.mode}, "resource": None}
    entry = {"fullUrl": _url(base_url, one), "resource": None, "search": {"mode": one.mode}}
    return one.content, entry


def _version(base_url: str, one: Version) -> _Entry:
    url = one.type if one.method == "POST" else f"{one.type}/{one.id}"
    entry: dict[str, Any] = {"fullUrl": _url(base_url, one)}
    if one.content:
        entry["resource"] = None
    entry["request"] = {"method": one.method, "url": url}
    entry["response"] = {
        "status": _status(one),
        "etag": f'W/"{one.version}"',
        "lastModified": one.last_updated,
    }
    return one.content, entry


def _status(one: Version) -> str:
    if one.method == "DELETE":
        return "204"
    return "201" if one.created or one.method == "POST" else "200"


def _url(base_url: str, one: Found | Version) -> str:
    return f"{base_url}/{one.type}/{one.id}"
