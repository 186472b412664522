"""batch and transaction: https://hl7.org/fhir/R4/http.html#transaction.

The writes of a transaction are one commit; what it reads, it reads after that, and a read that
finds nothing is told in its entry: it undoes nothing.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

import orjson

from gateway.errors import Forbidden, GatewayError, Issue, Malformed
from gateway.fhir.outcome import outcome_of_issues
from gateway.fhir.transaction import kind_of, read_entries, whole
from gateway.rest.answer import Answer, etag
from gateway.rest.batch import batch, find, read_all, status_of
from gateway.rest.binary import set_apart
from gateway.rest.body import read_resource
from gateway.rest.conditions import condition_of_text
from gateway.rest.dispatch import Table
from gateway.rest.preconditions import Return, preferred_return
from gateway.rest.provenance import given_provenance

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.fhir.transaction import Entry
    from gateway.rest.batch import Told
    from gateway.rest.call import Call
    from gateway.rest.dispatch import Route
    from gateway.store.records import Stored, Written

_STATUS: Final = {"created": 201, "updated": 200, "unchanged": 200, "deleted": 204}
_NO_CONTENT: Final = 204


def bundles_of(routes: Callable[[], Sequence[Route]]) -> Callable[[Call], Answer]:
    """Return the interaction that processes a bundle, its entries answered by what `routes` gives.

    It is asked with the first bundle: the table that it gives may hold this interaction itself.
    """

    @cache
    def table() -> Table:
        return Table(routes())

    def bundle(call: Call) -> Answer:
        """Answer a batch-response or transaction-response; a refused transaction is refused."""
        given = read_resource(call, "Bundle")
        kind = kind_of(given)
        entries = read_entries(given, (call.ports.settings.fhir_url,))
        told = (batch if kind == "batch" else transaction)(call, table(), entries)
        return Answer(200, _response(f"{kind}-response", told))

    return bundle


def _response(kind: str, told: list[Told]) -> bytes:
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": kind}
    if told:
        bundle["entry"] = told
    return orjson.dumps(bundle)


def transaction(call: Call, table: Table, read: Sequence[Entry | Malformed]) -> list[Told]:
    """Do everything or nothing; returns the entries of the answer in the order of the request."""
    entries = whole(read)
    _check_addresses(call, table, entries)
    writes = [_apart(call, entry) for entry in entries if entry.writes]
    done: list[tuple[Written, ...]] = []
    if writes:
        ask = partial(condition_of_text, call.ports)
        done = call.ports.write.transaction(writes, ask, given_provenance(call))
    prefer = preferred_return(call.header(b"prefer"))
    told = {
        entry.index: _told(call, prefer, entry, written)
        for entry, written in zip(writes, done, strict=True)
    }
    told |= read_all(call, table, [(one.index, one) for one in entries if not one.writes])
    return [told[entry.index] for entry in entries]


def _check_addresses(call: Call, table: Table, entries: Sequence[Entry]) -> None:
    """Raise for the first entry whose address is not served, or not to this caller."""
    for entry in entries:
        try:
            find(call, table, entry)
        except GatewayError as fault:
            text = f"{entry.expression}: {fault.text}"
            issue = Issue(text, expression=f"{entry.expression}.request.url", code=fault.issue_code)
            if isinstance(fault, Forbidden):
                raise Forbidden(text, issues=(issue,)) from None
            raise Malformed(text, issues=(issue,)) from None


def _apart(call: Call, entry: Entry) -> Entry:
    """Return the entry with the large content of a Binary in the object store."""
    if entry.type != "Binary" or entry.resource is None:
        return entry
    if entry.method == "PATCH":
        message = f"{entry.expression}: a Binary is not patched in a transaction: replace it."
        raise Malformed(message, expression=entry.expression)
    return replace(entry, resource=set_apart(call.ports, entry.resource))


def _told(call: Call, prefer: Return, entry: Entry, written: tuple[Written, ...]) -> Told:
    if entry.method == "DELETE":
        response: Told = {"status": status_of(_NO_CONTENT)}
        if len(written) == 1:
            response["etag"] = etag(written[0].stored.version).decode("ascii")
        if prefer is Return.OUTCOME:
            response["outcome"] = _outcome(f"Deleted: {len(written)}.")
        return {"response": response}
    (one,) = written
    stored = one.stored
    response = {
        "status": status_of(_STATUS[one.outcome]),
        "location": f"{stored.reference}/_history/{stored.version}",
        "etag": etag(stored.version).decode("ascii"),
        "lastModified": _instant(stored),
    }
    if prefer is Return.OUTCOME:
        said = f"{stored.reference} version {stored.version}: {one.outcome}."
        response["outcome"] = _outcome(said)
    told: Told = {"fullUrl": f"{call.ports.settings.fhir_url}/{stored.reference}"}
    if prefer is Return.REPRESENTATION:
        told["resource"] = orjson.Fragment(stored.content)
    return {**told, "response": response}


def _outcome(text: str) -> Told:
    return outcome_of_issues([Issue(text, code="informational", severity="information")])


def _instant(stored: Stored) -> str:
    moment = stored.last_updated
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
