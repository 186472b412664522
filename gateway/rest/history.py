"""history of an instance, a type and everything: https://hl7.org/fhir/R4/http.html#history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from gateway.errors import Malformed, NotFound, Unsupported
from gateway.fhir.bundle import Version, history_pieces
from gateway.fhir.search.dates import date_range
from gateway.rest.pages import form_of, page, part_content, part_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.fhir.search.dates import Range
    from gateway.rest.answer import Answer
    from gateway.rest.call import Call, Pairs
    from gateway.store.records import Stored

_DEFAULT_COUNT: Final = 50
_MAX_COUNT: Final = 1000
_KNOWN: Final = frozenset(
    ("_at", "_count", "_cursor", "_elements", "_format", "_pretty", "_since", "_summary")
)
_SAFE: Final = ":/|,$-"


def history(call: Call) -> Answer:
    """Answer a page of versions, newest first; raises `NotFound` for an id never seen.

    `_since` takes versions from that instant on, `_at` those that were current at some time of
    that date.
    """
    given = _given(call.parameters)
    count = min(_number(given, "_count", _DEFAULT_COUNT), _MAX_COUNT)
    before = _number(given, "_cursor", 0) or None
    versions = call.ports.store.history(
        call.type or None,
        call.id or None,
        before_seq=before,
        limit=count,
        **_period(given),
    )
    if call.id and not versions and call.ports.store.read(call.type, call.id) is None:
        message = f"{call.type}/{call.id} is not here."
        raise NotFound(message)
    following = versions[-1].seq if versions and versions.more else None
    base_url = call.ports.settings.fhir_url
    pieces = history_pieces(
        base_url,
        _versions(call, versions),
        links=_links(call, before, following),
        form=form_of(call.representation),
    )
    return page(call, pieces, sum(len(one.content) for one in versions))


def _given(parameters: Pairs) -> dict[str, str]:
    unknown = sorted({name for name, _ in parameters} - _KNOWN)
    if unknown:
        message = f"{unknown[0][:64]} is not a parameter of history here."
        raise Unsupported(message)
    return dict(parameters)


def _number(given: dict[str, str], name: str, default: int) -> int:
    text = given.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < len("1000000000000000000")):
        message = f"{name} must be a whole number."
        raise Malformed(message, expression=name)
    return int(text)


def _date(given: dict[str, str], name: str) -> Range | None:
    text = given.get(name)
    if text is None:
        return None
    # A plus sign that nobody encoded arrives as a space.
    found = date_range(text.replace(" ", "+"))
    if found is None:
        message = f"{name} must be a date or an instant."
        raise Malformed(message, expression=name)
    return found


def _period(given: dict[str, str]) -> dict[str, Any]:
    """Return `since` and `at` as the store takes them, in microseconds."""
    since, at = _date(given, "_since"), _date(given, "_at")
    return ({} if since is None else {"since": since[0]}) | ({} if at is None else {"at": at})


def _versions(call: Call, shown: list[Stored]) -> Iterator[Version]:
    part = part_of(call)
    return (_version(stored, part_content(part, stored.content)) for stored in shown)


def _version(stored: Stored, content: bytes) -> Version:
    return Version(
        stored.type,
        stored.id,
        stored.version,
        stored.last_updated.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        stored.method,
        content,
        created=stored.version == 1,
    )


def _links(call: Call, before: int | None, following: int | None) -> list[tuple[str, str]]:
    place = "/".join(part for part in (call.type, call.id, "_history") if part)
    url = f"{call.ports.settings.fhir_url}/{place}"
    kept = tuple(pair for pair in call.parameters if pair[0] != "_cursor")
    links = [("self", _url(url, kept, before))]
    if following is not None:
        links.append(("next", _url(url, kept, following)))
    return links


def _url(url: str, kept: Pairs, cursor: int | None) -> str:
    pairs = kept if cursor is None else (*kept, ("_cursor", str(cursor)))
    return f"{url}?{urlencode(pairs, safe=_SAFE)}" if pairs else url
