"""A FHIR document made of a Composition and what it refers to.

https://hl7.org/fhir/R4/documents.html#content, https://hl7.org/fhir/R4/composition-operation-document.html
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Invalid, Issue, UnknownReference
from gateway.fhir.search.references import target_of

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource

# A document is read as a whole by whoever gets it.
MAX_ENTRIES: Final = 1000

# Returns the current resource of a type and id, None when there is none.
Read = Callable[[str, str], "Resource | None"]


def document_bundle(
    composition: Resource, read: Read, *, base_url: str, identifier: str, timestamp: str
) -> Resource:
    """Return the document: the Composition first, then all that it leads to.

    What the Composition names must be here, else `UnknownReference` says what is not; what those
    name in their turn is added as far as it is here. `identifier` is a URI, `timestamp` an instant.
    Raises `Invalid` for more than 1000 resources.
    """
    resources = [composition, *reachable(composition, read, (base_url,))]
    return {
        "resourceType": "Bundle",
        "identifier": {"system": "urn:ietf:rfc:3986", "value": identifier},
        "type": "document",
        "timestamp": timestamp,
        "entry": [
            {"fullUrl": f"{base_url}/{one['resourceType']}/{one['id']}", "resource": one}
            for one in resources
        ],
    }


def reachable(composition: Resource, read: Read, local_bases: tuple[str, ...]) -> list[Resource]:
    """Return every local resource that references lead to from `composition`, nearest first."""
    own = (composition["resourceType"], composition["id"])
    found: dict[tuple[str, str], Resource | None] = {own: composition}
    waiting = deque([composition])
    missing = []
    while waiting:
        resource = waiting.popleft()
        for path, kind, identity in local_references(resource, local_bases):
            if (kind, identity) in found:
                continue
            one = found[kind, identity] = read(kind, identity)
            if one is not None:
                waiting.append(one)
            elif resource is composition:
                text = f"{kind}/{identity} is not here."
                missing.append(Issue(text, expression=path, code="not-found"))
            _check_size(found)
    if missing:
        raise UnknownReference(missing[0].text, issues=tuple(missing))
    return [one for key, one in found.items() if one is not None and key != own]


def _check_size(found: dict[tuple[str, str], Resource | None]) -> None:
    if len(found) > MAX_ENTRIES:
        message = f"The document would have more than {MAX_ENTRIES} resources."
        raise Invalid(message, issues=(Issue(message, code="too-costly"),))


def local_references(
    resource: Resource, local_bases: tuple[str, ...]
) -> Iterator[tuple[str, str, str]]:
    """Give (FHIRPath, type, id) of each reference into this server, contained ones among them."""
    waiting: deque[tuple[str, Any]] = deque([(resource["resourceType"], resource)])
    while waiting:
        path, element = waiting.popleft()
        if isinstance(element, dict):
            target = element.get("reference")
            if isinstance(target, str):
                named = target_of(target, local_bases)
                if named is not None and named[0] and "/" not in named[1]:
                    yield f"{path}.reference", *named
            waiting += [(f"{path}.{name}", part) for name, part in element.items()]
        elif isinstance(element, list):
            waiting += [(f"{path}[{at}]", part) for at, part in enumerate(element)]
