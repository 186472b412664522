"""What a condition finds, decided inside the write (https://hl7.org/fhir/R4/http.html#cond-update)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.errors import Conflict, Gone, Malformed, NotFound, PreconditionFailed
from gateway.fhir.search.query import Clause, TokenValue
from gateway.ingest.integrity import check_referrers

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.fhir.search.query import SearchQuery
    from gateway.fhir.wire import Resource
    from gateway.store.api import Transaction, Written

# Two matches are enough to know that there is not one.
_ENOUGH: Final = 2
# One conditional delete takes away at most so many.
MAX_DELETED: Final = 1000


def matches(tx: Transaction, condition: SearchQuery, limit: int) -> list[str]:
    """Return the ids of what matches now, at most `limit`.

    Most conditions are one identifier: that is looked up without making SQL for it, which takes
    ten times as long as asking.
    """
    value = _one_identifier(condition)
    if value is None or value.code is None:
        return tx.search_ids(condition, limit=limit)
    hits = tx.lookup((condition.type,), (value.code,))
    found = dict.fromkeys(hit.id for hit in hits if value.system in (None, hit.system))
    return list(found)[:limit]


def _one_identifier(condition: SearchQuery) -> TokenValue | None:
    if len(condition.clauses) != 1:
        return None
    clause = condition.clauses[0]
    if not isinstance(clause, Clause) or clause.parameter.code != "identifier" or clause.modifier:
        return None
    value = clause.values[0] if len(clause.values) == 1 else None
    return value if isinstance(value, TokenValue) else None


def only(tx: Transaction, condition: SearchQuery) -> str | None:
    """Return the id of the only match or None; raises `PreconditionFailed` for several."""
    found = matches(tx, condition, _ENOUGH)
    if len(found) >= _ENOUGH:
        message = f"The condition matches more than one {condition.type}."
        raise PreconditionFailed(message)
    return found[0] if found else None


def identity(
    tx: Transaction, resource: Resource, found: str | None, new_id: Callable[[], str]
) -> str:
    """Return the id under which a conditional update writes.

    Raises `Malformed` when the resource has another id than the match, `Conflict` when there is no
    match and its id is taken.
    """
    own: str | None = resource.get("id")
    kind = resource["resourceType"]
    if found is not None:
        if own is not None and own != found:
            message = f"The condition matches {kind}/{found}, and the resource has another id."
            raise Malformed(message, expression=f"{kind}.id")
        return found
    if own is None:
        return new_id()
    held = tx.read(kind, own)
    if held is not None and not held.deleted:
        message = f"Nothing matches the condition, and {kind}/{own} is another {kind}."
        raise Conflict(message, expression=f"{kind}.id")
    return own


def require_absent(tx: Transaction, resource_type: str, resource_id: str) -> None:
    """Raise `PreconditionFailed` when there is such a resource (`If-None-Match: *`)."""
    held = tx.read(resource_type, resource_id)
    if held is not None and not held.deleted:
        message = f"{resource_type}/{resource_id} is there already."
        raise PreconditionFailed(message)


def current(tx: Transaction, resource_type: str, resource_id: str) -> Resource:
    """Return the current content, read anew; raises `NotFound` or `Gone`."""
    stored = tx.read(resource_type, resource_id)
    if stored is None:
        message = f"{resource_type}/{resource_id} is not here."
        raise NotFound(message)
    if stored.deleted:
        message = f"{resource_type}/{resource_id} was deleted in version {stored.version}."
        raise Gone(message)
    return stored.resource


def matching(tx: Transaction, condition: SearchQuery, expected: int | None) -> list[str]:
    """Return the ids that a conditional delete is about; raises `PreconditionFailed`."""
    found = matches(tx, condition, MAX_DELETED + 1)
    if len(found) > MAX_DELETED:
        message = f"The condition matches more than {MAX_DELETED} resources: narrow it."
        raise PreconditionFailed(message)
    if expected is not None and len(found) > 1:
        message = "If-Match names one version, and the condition matches several resources."
        raise PreconditionFailed(message)
    return found


def delete_matching(
    tx: Transaction, condition: SearchQuery, expected: int | None
) -> tuple[Written, ...]:
    """Delete all matches, then look whether anything that is left refers to them."""
    found = matching(tx, condition, expected)
    written = tuple(tx.delete(condition.type, one, expected=expected) for one in found)
    check_referrers(tx, [f"{condition.type}/{one}" for one in found])
    return written
