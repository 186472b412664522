"""history of an instance, a type and everything: https://hl7.org/fhir/R4/http.html#history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from gateway.errors import Malformed, NotFound, Unsupported
from gateway.fhir.bundle import Version
from gateway.fhir.bundle import history as history_bundle
from gateway.rest.answer import Answer

if TYPE_CHECKING:
    from gateway.rest.call import Call, Pairs
    from gateway.store.records import Stored

_DEFAULT_COUNT: Final = 50
_MAX_COUNT: Final = 1000
_KNOWN: Final = frozenset({"_count", "_cursor", "_format", "_pretty"})


def history(call: Call) -> Answer:
    """Answer a page of versions, newest first; raises `NotFound` for an id never seen."""
    given = _given(call.parameters)
    count = min(_number(given, "_count", _DEFAULT_COUNT), _MAX_COUNT)
    before = _number(given, "_cursor", 0) or None
    # One more than asked for tells that there is another page.
    versions = call.ports.store.history(
        call.type or None, call.id or None, before_seq=before, limit=count + 1
    )
    if call.id and not versions and before is None:
        message = f"{call.type}/{call.id} is not here."
        raise NotFound(message)
    page = versions[:count]
    following = page[-1].seq if page and len(versions) > count else None
    links = _links(call, before, following)
    base_url = call.ports.settings.fhir_url
    return Answer(200, history_bundle(base_url, map(_version, page), links=links))


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
        raise Malformed(message)
    return int(text)


def _version(stored: Stored) -> Version:
    return Version(
        stored.type,
        stored.id,
        stored.version,
        stored.last_updated.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        stored.method,
        stored.content,
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
    return f"{url}?{urlencode(pairs)}" if pairs else url
