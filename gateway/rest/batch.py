"""batch: each entry a request of its own (https://hl7.org/fhir/R4/http.html#transaction).

An entry goes through the table of routes as if it had come alone, and is answered as it would
have been; one that is refused does not stop the others.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import orjson

from gateway.errors import GatewayError, Malformed, TooLarge, Unavailable
from gateway.fhir.patch.json_patch import MEDIA_TYPE
from gateway.fhir.wire import dumps
from gateway.rest.call import read_pairs
from gateway.rest.negotiation import DEFAULT, FHIR_JSON
from gateway.rest.refusals import failed, refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gateway.fhir.transaction import Entry
    from gateway.fhir.wire import Resource
    from gateway.rest.answer import Answer
    from gateway.rest.call import Call
    from gateway.rest.dispatch import Found, Table

# Deletes first, reads last, whatever the order of the entries.
_ORDER: Final = {"DELETE": 0, "POST": 1, "PUT": 2, "PATCH": 2, "GET": 3, "HEAD": 3}
# So many writes share a commit: other writers wait for it.
_TOGETHER: Final = 32
# What all the answers of one bundle may take.
_MAX_ANSWER: Final = 128 * 1024 * 1024
_JSON: Final = FHIR_JSON.encode("ascii")
_HEADERS: Final = {
    "if_none_match": b"if-none-match",
    "if_modified_since": b"if-modified-since",
    "if_match": b"if-match",
    "if_none_exist": b"if-none-exist",
}
# What the request says for all its entries.
_KEPT: Final = (b"prefer", b"x-provenance", b"authorization")

Told = dict[str, Any]


def batch(call: Call, table: Table, read: Sequence[Entry | Malformed]) -> list[Told]:
    """Return the entries of the answer, in the order of the request."""
    told: dict[int, Told] = {}
    entries: list[tuple[int, Entry]] = []
    for at, one in enumerate(read):
        if isinstance(one, Malformed):
            told[at] = told_answer(refused(one), "")
        else:
            entries.append((at, one))
    entries.sort(key=lambda item: (not item[1].writes, _ORDER[item[1].method]))
    writes = [item for item in entries if item[1].writes]
    for start in range(0, len(writes), _TOGETHER):
        told |= _write(call, table, writes[start : start + _TOGETHER])
    told |= read_all(call, table, [item for item in entries if not item[1].writes])
    return [told[at] for at in range(len(read))]


def _write(call: Call, table: Table, entries: list[tuple[int, Entry]]) -> dict[int, Told]:
    """Do some writes as one commit; each is refused for itself, none is told before the commit."""
    told: dict[int, Told] = {}
    try:
        with call.ports.store.together():
            for at, entry in entries:
                told[at] = told_answer(_answer(call, table, entry), entry.method)
    except Unavailable as fault:
        lost = told_answer(refused(fault), "")
        return {
            at: lost if at not in told or _succeeded(told[at]) else told[at] for at, _ in entries
        }
    return told


def _succeeded(told: Told) -> bool:
    return str(told["response"]["status"]).startswith("2")


def read_all(call: Call, table: Table, entries: Iterable[tuple[int, Entry]]) -> dict[int, Told]:
    """Answer reads, searches and operations one after the other, up to a size in all."""
    told: dict[int, Told] = {}
    size = 0
    for at, entry in entries:
        if size > _MAX_ANSWER:
            message = "The answers to this bundle are too large: ask for less in one."
            told[at] = told_answer(refused(TooLarge(message)), "")
            continue
        answer = _answer(call, table, entry)
        size += len(answer.body)
        told[at] = told_answer(answer, entry.method)
    return told


def _answer(call: Call, table: Table, entry: Entry) -> Answer:
    try:
        found = find(call, table, entry)
        answer = found.route.answer(_call(call, found, entry))
        return _held(answer)
    except GatewayError as refusal:
        return refused(refusal)
    except Exception as fault:  # noqa: BLE001 - the other entries have their answers all the same
        return failed(fault)


def find(call: Call, table: Table, entry: Entry) -> Found:
    """Return the route of an entry; raises what the door raises for its address."""
    if entry.method == "POST" and not entry.path:
        message = "A bundle within a bundle is not processed."
        raise Malformed(message, expression=f"{entry.expression}.request")
    found = table.find(entry.method, f"/fhir/{entry.path}")
    call.judge(found)
    return found


def _call(call: Call, found: Found, entry: Entry) -> Call:
    headers = {name: call.headers[name] for name in _KEPT if name in call.headers}
    for name, header in _HEADERS.items():
        value: str | None = getattr(entry, name)
        if value is not None:
            headers[header] = value.encode()
    headers[b"accept"] = _JSON
    body = b""
    if entry.resource is not None and entry.method in ("POST", "PUT", "PATCH"):
        headers[b"content-type"], body = _body(entry, entry.resource)
    return replace(
        call,
        method=entry.method,
        type=found.type,
        id=found.id,
        version=found.version,
        member=found.member,
        parameters=read_pairs((entry.query or "").encode()),
        headers=headers,
        representation=DEFAULT,
        body=body,
    )


def _body(entry: Entry, resource: Resource) -> tuple[bytes, bytes]:
    """Return media type and octets; a patch in a Binary comes out of it."""
    if entry.method != "PATCH" or resource.get("resourceType") != "Binary":
        return _JSON, dumps(resource)
    try:
        content = base64.b64decode(str(resource.get("data", "")), validate=True)
    except ValueError:
        message = f"{entry.expression}.resource.data is not base64."
        raise Malformed(message, expression=f"{entry.expression}.resource.data") from None
    kind = str(resource.get("contentType", MEDIA_TYPE))
    return kind.encode("ascii", "replace"), content


def _held(answer: Answer) -> Answer:
    """Return an answer with all of its body in hand."""
    if answer.stream is not None:
        with answer.stream as stream:
            return replace(answer, stream=None, body=stream.read(_MAX_ANSWER))
    if answer.pieces is not None:
        return replace(answer, pieces=None, body=b"".join(answer.pieces))
    return answer


def told_answer(answer: Answer, method: str) -> Told:
    """Return an answer as an entry of the bundle; a refusal's OperationOutcome is its outcome."""
    headers = dict(answer.headers)
    response: Told = {"status": status_of(answer.status)}
    if b"location" in headers:
        response["location"] = headers[b"location"].decode("ascii")
    if b"etag" in headers:
        response["etag"] = headers[b"etag"].decode("ascii")
    if b"last-modified" in headers:
        moment = parsedate_to_datetime(headers[b"last-modified"].decode("ascii"))
        response["lastModified"] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    told: Told = {"response": response}
    if not answer.body or method == "HEAD":
        return told
    if answer.status >= HTTPStatus.BAD_REQUEST or (method in _WRITES and _is_outcome(answer)):
        response["outcome"] = orjson.Fragment(answer.body)
    elif answer.media is None or answer.media.startswith(_JSON):
        told = {"resource": orjson.Fragment(answer.body), **told}
    return told


_WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def _is_outcome(answer: Answer) -> bool:
    return answer.body.startswith(b'{"resourceType":"OperationOutcome"')


def status_of(code: int) -> str:
    """Return a status as a bundle has it: number and phrase."""
    return f"{code} {HTTPStatus(code).phrase}"
