"""A resource through the FHIR door: validated, checked, committed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Conflict, Invalid, Issue, PreconditionFailed, UnknownReference
from gateway.fhir.validation import validate

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.fhir.search.query import SearchQuery
    from gateway.fhir.wire import Resource
    from gateway.store.api import Store, Transaction, Written

_NESTED: Final = (dict, list)
# Two matches are enough to know that there is not one.
_ENOUGH: Final = 2


class ResourceIngest:
    """Creates, updates and deletes resources on behalf of FHIR clients."""

    def __init__(self, store: Store, *, validation: str, new_id: Callable[[], str]) -> None:
        """Write to `store`; `validation` is `base` or `off`."""
        self._store = store
        self._validation = validation
        self._new_id = new_id

    def create(
        self,
        resource_type: str,
        resource: Resource,
        if_none_exist: SearchQuery | None = None,
    ) -> Written:
        """Create under a new id; with `if_none_exist`, only when nothing matches.

        https://hl7.org/fhir/R4/http.html#ccreate. Raises `Invalid`, `UnknownReference`,
        `PreconditionFailed` when several match.
        """
        self._validate(resource_type, resource)
        new = {**resource, "id": self._new_id()}
        with self._store.transaction() as tx:
            if if_none_exist is not None:
                found = tx.search_ids(if_none_exist, limit=_ENOUGH)
                if len(found) >= _ENOUGH:
                    message = "If-None-Exist matches more than one resource."
                    raise PreconditionFailed(message)
                if found:
                    return tx.unchanged(resource_type, found[0])
            _check_references(tx, new)
            return tx.put(new, method="POST")

    def update(
        self,
        resource_type: str,
        resource_id: str,
        resource: Resource,
        expected: int | None = None,
    ) -> Written:
        """Update, or create under the client's id; `expected` is the version of `If-Match`.

        https://hl7.org/fhir/R4/http.html#update. Raises `Invalid`, `UnknownReference`,
        `PreconditionFailed`.
        """
        self._validate(resource_type, resource)
        if resource.get("id") != resource_id:
            text = "The id in the resource must be the id in the address."
            raise Invalid(text, expression=f"{resource_type}.id")
        with self._store.transaction() as tx:
            _check_references(tx, resource)
            return tx.put(resource, expected=expected)

    def delete(self, resource_type: str, resource_id: str, expected: int | None = None) -> Written:
        """Delete what nothing current refers to; raises `Conflict` naming the referrers."""
        with self._store.transaction() as tx:
            referrers = tx.referrers(f"{resource_type}/{resource_id}")
            if referrers:
                named = ", ".join(sorted(referrers)[:10])
                message = f"{resource_type}/{resource_id} is referred to by {named}."
                raise Conflict(message)
            return tx.delete(resource_type, resource_id, expected=expected)

    def _validate(self, resource_type: str, resource: object) -> None:
        if self._validation == "off":
            return
        issues = [
            issue
            for issue in validate(resource, expected_type=resource_type)
            if issue.severity == "error"
        ]
        if issues:
            raise Invalid(issues[0].text, issues=tuple(issues))


def _check_references(tx: Transaction, resource: Resource) -> None:
    """Raise `UnknownReference` naming every local reference that leads nowhere."""
    issues = []
    for path, target in _references(resource, resource["resourceType"]):
        resource_type, _, rest = target.partition("/")
        if not resource_type.isalpha() or not rest or ":" in target:
            continue
        found = tx.read(resource_type, rest.split("/", 1)[0])
        own = target == f"{resource['resourceType']}/{resource['id']}"
        if not own and (found is None or found.deleted):
            issues.append(
                Issue(f"{target} is not here.", expression=f"{path}.reference", code="not-found")
            )
    if issues:
        raise UnknownReference(issues[0].text, issues=tuple(issues))


def _references(resource: Resource, path: str) -> list[tuple[str, str]]:
    """Return (path, target) of every reference outside `contained`."""
    found: list[tuple[str, str]] = []
    _collect(resource, path, found)
    return found


def _collect(element: Any, path: str, found: list[tuple[str, str]]) -> None:  # noqa: ANN401 - any element
    # Only what can hold something is entered: most of a resource is strings.
    if isinstance(element, dict):
        target = element.get("reference")
        if isinstance(target, str):
            found.append((path, target))
        for name, part in element.items():
            if isinstance(part, _NESTED) and name != "contained":
                _collect(part, f"{path}.{name}", found)
    else:
        for position, part in enumerate(element):
            if isinstance(part, _NESTED):
                _collect(part, f"{path}[{position}]", found)
