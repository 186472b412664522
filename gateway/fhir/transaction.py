"""The entries of a batch or transaction: https://hl7.org/fhir/R4/http.html#transaction.

Read and checked all at once, before anything is done; every fault names its entry.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import unquote

from gateway.errors import Issue, Malformed
from gateway.fhir.definitions import resource_types
from gateway.fhir.etag import version_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.fhir.wire import Resource

# Other writers wait while a transaction writes: some seconds for so many.
MAX_ENTRIES: Final = 10_000
METHODS: Final = ("DELETE", "POST", "PUT", "PATCH", "GET", "HEAD")
# What carries a resource in.
_WITH_RESOURCE: Final = frozenset({"POST", "PUT", "PATCH"})
_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_CONDITIONS: Final = ("ifNoneMatch", "ifModifiedSince", "ifMatch", "ifNoneExist")
_MAX_ISSUES: Final = 100
_MAX_URL: Final = 8192

Kind = Literal["batch", "transaction"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One request of a bundle.

    `path` and `query` are the URL relative to the base, without and behind the question mark
    (None without one); `type` and `id` are there when the path is `Type` or `Type/id` (both empty
    for an operation, a history, `_search`).
    """

    index: int
    method: str
    path: str
    query: str | None = None
    type: str = ""
    id: str = ""
    full_url: str = ""
    resource: Resource | None = None
    if_none_match: str | None = None
    if_modified_since: str | None = None
    if_match: str | None = None
    if_none_exist: str | None = None

    @property
    def condition(self) -> str | None:
        """The search that decides about a create, or whom an update, patch or delete is about."""
        return self.if_none_exist if self.method == "POST" else self.query or None

    @property
    def expected(self) -> int | None:
        """The version that `ifMatch` demands."""
        return None if self.if_match is None else version_of(self.if_match)

    @property
    def only_new(self) -> bool:
        """Whether an update may only create."""
        return self.if_none_match is not None and self.if_none_match.strip() == "*"

    @property
    def expression(self) -> str:
        """Where it stands."""
        return f"Bundle.entry[{self.index}]"

    @property
    def writes(self) -> bool:
        """Whether it is a create, update, patch or delete, rather than a read or an operation."""
        if self.method == "POST":
            return bool(self.type) and not self.id
        return self.method in ("PUT", "PATCH", "DELETE")


def kind_of(bundle: Resource) -> Kind:
    """Return `batch` or `transaction`; raises `Malformed` for another type of bundle."""
    match bundle.get("type"):
        case "batch":
            return "batch"
        case "transaction":
            return "transaction"
    message = (
        "A bundle posted here is of type batch or transaction; "
        "another one is stored by POST on Bundle."
    )
    raise Malformed(message, expression="Bundle.type")


def read_entries(bundle: Resource, bases: tuple[str, ...]) -> list[Entry | Malformed]:
    """Return the entries, each as it was read or with what keeps it from being read.

    `bases` are this server's own addresses without a slash at the end. Raises `Malformed` when
    there is no list of entries or more than 10 000.
    """
    listed = bundle.get("entry", [])
    if not isinstance(listed, list):
        message = "Bundle.entry must be an array."
        raise Malformed(message, expression="Bundle.entry")
    if len(listed) > MAX_ENTRIES:
        message = f"A bundle holds at most {MAX_ENTRIES} entries: send it in parts."
        raise Malformed(message, issues=(Issue(message, "Bundle.entry", code="too-costly"),))
    return [_entry(at, one, bases) for at, one in enumerate(listed)]


def whole(read: Iterable[Entry | Malformed]) -> list[Entry]:
    """Return the entries when all could be read; raises `Malformed` with every fault.

    Also for a fullUrl or an address (`Type/id`) that two entries share.
    """
    entries: list[Entry] = []
    issues: list[Issue] = []
    for one in read:
        if isinstance(one, Malformed):
            issues += one.issues
        else:
            entries.append(one)
    issues += _shared(entries)
    if issues:
        raise Malformed(issues[0].text, issues=tuple(issues[:_MAX_ISSUES]))
    return entries


def _shared(entries: list[Entry]) -> list[Issue]:
    """Return what two entries claim alike."""
    issues = []
    urls: dict[str, Entry] = {}
    places: dict[str, Entry] = {}
    for one in entries:
        if one.writes and one.full_url and (other := urls.setdefault(one.full_url, one)) is not one:
            issues.append(same(other, one, "have one fullUrl"))
        place = f"{one.type}/{one.id}" if one.writes and one.id else ""
        if place and (other := places.setdefault(place, one)) is not one:
            issues.append(same(other, one, f"both write {place}"))
    return issues


def same(first: Entry, second: Entry, what: str) -> Issue:
    """Return the issue that two entries are about one thing."""
    text = f"{first.expression} and {second.expression} {what}."
    return Issue(text, expression=second.expression, code="duplicate")


def _entry(at: int, item: Any, bases: tuple[str, ...]) -> Entry | Malformed:  # noqa: ANN401 - any JSON
    here = f"Bundle.entry[{at}]"
    request = item.get("request") if isinstance(item, dict) else None
    if not isinstance(request, dict):
        return _fault(f"{here} needs a request with method and url.", f"{here}.request")
    method, url = request.get("method"), request.get("url")
    if not isinstance(method, str) or method not in METHODS:
        text = f"{here}.request.method must be one of {', '.join(METHODS)}."
        return _fault(text, f"{here}.request.method")
    resource = item.get("resource")
    if resource is not None and not isinstance(resource, dict):
        return _fault(f"{here}.resource must be an object.", f"{here}.resource")
    fault = _text_fault(here, item, request)
    if fault is not None:
        return fault
    path = _relative(url, bases) if isinstance(url, str) else None
    if path is None:
        text = f"{here}.request.url must be an address of this server, relative to {bases[0]}."
        return _fault(text, f"{here}.request.url")
    address, mark, query = path.partition("?")
    return _checked(
        Entry(
            index=at,
            method=method,
            path=unquote(address),
            query=query if mark else None,
            full_url=item.get("fullUrl", ""),
            resource=resource,
            if_none_match=request.get("ifNoneMatch"),
            if_modified_since=request.get("ifModifiedSince"),
            if_match=request.get("ifMatch"),
            if_none_exist=request.get("ifNoneExist"),
        )
    )


def _fault(text: str, where: str) -> Malformed:
    return Malformed(text, expression=where)


def _text_fault(here: str, item: Resource, request: Resource) -> Malformed | None:
    held = {f"{here}.fullUrl": item.get("fullUrl")}
    held |= {f"{here}.request.{name}": request.get(name) for name in _CONDITIONS}
    for where, value in held.items():
        if value is not None and (not isinstance(value, str) or not value.strip()):
            return _fault(f"{where} must be a string with something in it.", where)
    tag = request.get("ifMatch")
    if tag is not None and version_of(tag) is None:
        where = f"{here}.request.ifMatch"
        return _fault(f'{where} must be one version of the resource, as in W/"3".', where)
    return None


def _relative(url: str, bases: tuple[str, ...]) -> str | None:
    """Return the URL relative to this server's base; None when it is not one of this server."""
    text = url.strip()
    if len(text) > _MAX_URL or any(ord(one) < ord(" ") for one in text):
        return None
    for base in bases:
        if text == base or text.startswith((f"{base}/", f"{base}?")):
            text = text.removeprefix(base)
            break
    if ":" in text.partition("?")[0] or text.startswith("//") or "#" in text:
        return None
    return text.removeprefix("/")


def _checked(entry: Entry) -> Entry | Malformed:
    """Return the entry with type and id out of its path, if it is what its method needs."""
    parts = entry.path.split("/") if entry.path else []
    if ".." in parts or "." in parts or (parts and "" in parts):
        return _fault(f"{entry.expression}.request.url is not an address.", _url(entry))
    named = entry.path == "metadata" or any(part[:1] in ("$", "_") for part in parts)
    plain = not named and 1 <= len(parts) <= 2  # noqa: PLR2004 - Type/id
    if plain and parts[0] not in resource_types():
        text = f"{entry.expression}.request.url names no resource type of FHIR R4."
        return _fault(text, _url(entry))
    if plain:
        entry = _addressed(entry, *parts)
    fault = _address_fault(entry)
    return entry if fault is None else _fault(f"{entry.expression}{fault}", _url(entry))


def _url(entry: Entry) -> str:
    return f"{entry.expression}.request.url"


def _addressed(entry: Entry, resource_type: str, resource_id: str = "") -> Entry:
    given = {name: getattr(entry, name) for name in Entry.__slots__}
    return Entry(**(given | {"type": resource_type, "id": resource_id}))


def _address_fault(entry: Entry) -> str | None:
    """Return what is wrong with address and resource together."""
    if entry.id and _ID.fullmatch(entry.id) is None:
        return ".request.url: an id has up to 64 letters, digits, - and ."
    if entry.method in ("PUT", "PATCH", "DELETE"):
        if not entry.type or bool(entry.id) == bool(entry.query):
            return f".request.url: {entry.method} goes to Type/id or to Type?search."
    elif entry.method == "POST" and entry.id:
        return ".request.url: POST goes to a type, not to Type/id."
    elif entry.method == "POST" and entry.type and entry.query:
        return ".request.url: the condition of a create is ifNoneExist."
    return _resource_fault(entry) if entry.writes else None


def _resource_fault(entry: Entry) -> str | None:
    resource = entry.resource
    if entry.method not in _WITH_RESOURCE:
        return None
    if resource is None:
        return f".resource is missing: {entry.method} needs one."
    found = resource.get("resourceType")
    if entry.method == "PATCH":
        fits = found in ("Parameters", "Binary")
        return None if fits else ".resource: PATCH needs a Parameters or a Binary with the patch."
    if found != entry.type:
        return f".resource is not a {entry.type}: resourceType must say the same as the url."
    if entry.method == "PUT" and entry.id and resource.get("id") != entry.id:
        return ".resource.id must be the id in the url."
    return None
