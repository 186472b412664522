"""An operator gives a standard code for one of a sender's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gateway.errors import Invalid
from gateway.fhir.datatypes import stable_id
from gateway.store.translations import concept_map_url

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource
    from gateway.ingest.resource import ResourceIngest
    from gateway.store.api import Store, Written

_TYPE: Final = "ConceptMap"


class Given(NamedTuple):
    """The sender (`MSH-3|MSH-4`) with its code, and the standard one."""

    sender: str
    system: str
    code: str
    target_system: str
    target_code: str
    display: str


def map_code(store: Store, resources: ResourceIngest, given: Given) -> Written:
    """Write the ConceptMap of a sender with one more code, or with another target for it.

    It goes the way of any resource: validated, a new version. Raises `Invalid`.
    """
    if not all(given[:5]):
        message = "A sender, a system, a code and the system and code of the target are needed."
        raise Invalid(message)
    url = concept_map_url(given.sender)
    name = stable_id(_TYPE, "urn:passerelle:concept-map", url)
    held = store.read(_TYPE, name)
    if held is not None and not held.deleted:
        resource = with_code(held.resource, given)
        return resources.update(_TYPE, name, resource, expected=held.version)
    return resources.update(_TYPE, name, with_code(_empty(name, url, given.sender), given))


def _empty(name: str, url: str, sender: str) -> Resource:
    return {
        "resourceType": _TYPE,
        "id": name,
        "url": url,
        "name": "LocalCodes",
        "title": f"Codes of {sender}",
        "status": "active",
        "group": [],
    }


def with_code(concept_map: Resource, given: Given) -> Resource:
    """Return the map in which a code has one target, the one that was given."""
    target: dict[str, Any] = {"code": given.target_code, "equivalence": "equivalent"}
    if given.display:
        target["display"] = given.display
    groups = [_without(group, given) for group in concept_map.get("group", ())]
    element = {"code": given.code, "target": [target]}
    for group in groups:
        if (group.get("source"), group.get("target")) == (given.system, given.target_system):
            group["element"] = [*group["element"], element]
            break
    else:
        wanted = {"source": given.system, "target": given.target_system, "element": [element]}
        groups.append(wanted)
    return {**concept_map, "group": [group for group in groups if group["element"]]}


def _without(group: Resource, given: Given) -> Resource:
    elements = group.get("element", [])
    if group.get("source") == given.system:
        elements = [one for one in elements if one.get("code") != given.code]
    return {**group, "element": elements}
