"""$meta, $meta-add, $meta-delete: profiles, tags and security labels.

https://hl7.org/fhir/R4/resource-operation-meta.html and its two neighbours. What is added or
deleted makes a new version through the ordinary write path, so that the history tells who changed
a label and `If-Match` holds; what changes nothing makes none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Gone, Malformed, NotFound
from gateway.fhir.definitions import resource_types
from gateway.fhir.parameters import Input, named, parameters_resource
from gateway.fhir.search.parameters import parameter
from gateway.rest.operations.given import given, told
from gateway.rest.preconditions import expected_version
from gateway.rest.read import current
from gateway.store.labels_in_use import tokens_in_use, uris_in_use

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.fhir.wire import Resource
    from gateway.rest.answer import Answer
    from gateway.rest.call import Call
    from gateway.store.api import Store
    from gateway.store.records import Stored

    Meta = dict[str, Any]

CHANGE_INPUTS: Final = (Input("meta", "Meta", low=1),)
_CODED: Final = ("security", "tag")


def meta(call: Call) -> Answer:
    """Answer the meta of one version, or all that is in use in a type or anywhere."""
    given(call)
    if not call.id:
        types = (call.type,) if call.type else tuple(sorted(resource_types()))
        return _return(_in_use(call.ports.store, types))
    stored = _version(call) if call.version else current(call)
    return _return(stored.resource.get("meta", {}))


def meta_add(call: Call) -> Answer:
    """Add what is not there yet and answer the resulting meta."""
    return _change(call, added)


def meta_delete(call: Call) -> Answer:
    """Take away what is there and answer the resulting meta."""
    return _change(call, deleted)


def added(held: Meta, more: Meta) -> Meta:
    """Return `held` with the profiles, tags and labels of `more` that it has not."""
    profiles = [*held.get("profile", ()), *more.get("profile", ())]
    merged = {**held, "profile": list(dict.fromkeys(profiles))}
    for name in _CODED:
        known = {_identity(one): one for one in more.get(name, ())}
        known |= {_identity(one): one for one in held.get(name, ())}
        order = dict.fromkeys(map(_identity, (*held.get(name, ()), *more.get(name, ()))))
        merged[name] = [known[one] for one in order]
    return _without_empty(merged)


def deleted(held: Meta, less: Meta) -> Meta:
    """Return `held` without the profiles, tags and labels of `less`."""
    left = {**held, "profile": [p for p in held.get("profile", ()) if p not in _profiles(less)]}
    for name in _CODED:
        gone = {_identity(one) for one in less.get(name, ())}
        left[name] = [one for one in held.get(name, ()) if _identity(one) not in gone]
    return _without_empty(left)


def _profiles(meta_element: Meta) -> frozenset[str]:
    return frozenset(meta_element.get("profile", ()))


def _identity(coding: dict[str, Any]) -> tuple[str, str]:
    # Version and display do not make another label.
    return coding.get("system", ""), coding.get("code", "")


def _without_empty(element: Meta) -> Meta:
    return {name: value for name, value in element.items() if value != []}


def _change(call: Call, change: Callable[[Meta, Meta], Meta]) -> Answer:
    asked = _checked(given(call, *CHANGE_INPUTS).element("meta") or {})

    def patch(resource: Resource) -> Resource:
        resource["meta"] = change(resource.get("meta", {}), asked)
        return resource

    expected = expected_version(call.header(b"if-match"))
    written = call.ports.write.patch(call.type, call.id, patch, expected)
    return _return(written.stored.resource["meta"])


def _checked(meta_element: Meta) -> Meta:
    """Return `meta_element`, whose parts are judged by the write; these two are read before it."""
    for name in (*_CODED, "profile"):
        listed = meta_element.get(name, [])
        kind = str if name == "profile" else dict
        if not isinstance(listed, list) or not all(isinstance(one, kind) for one in listed):
            message = f"meta.{name} must be an array of {'URLs' if kind is str else 'Codings'}."
            raise Malformed(message, expression=f"Parameters.parameter.meta.{name}")
    return meta_element


def _version(call: Call) -> Stored:
    stored = call.ports.store.vread(call.type, call.id, int(call.version))
    if stored is None:
        message = f"{call.type}/{call.id} has no version {call.version}."
        raise NotFound(message)
    if stored.deleted:
        message = f"Version {call.version} of {call.type}/{call.id} is a deletion."
        raise Gone(message)
    return stored


def _in_use(store: Store, types: tuple[str, ...]) -> Meta:
    profiles: dict[str, None] = {}
    labels: dict[str, dict[tuple[str, str], None]] = {name: {} for name in _CODED}
    for name in types:
        profiles |= dict.fromkeys(uris_in_use(store, _param(name, "_profile")))
        for coded in _CODED:
            labels[coded] |= dict.fromkeys(tokens_in_use(store, _param(name, f"_{coded}")))
    told_labels = {name: [_coding(*one) for one in sorted(labels[name])] for name in _CODED}
    return _without_empty({"profile": sorted(profiles), **told_labels})


def _param(resource_type: str, code: str) -> int:
    found = parameter(resource_type, code)
    return found.id if found else 0


def _coding(system: str, code: str) -> dict[str, str]:
    return {"system": system, "code": code} if system else {"code": code}


def _return(found: Meta) -> Answer:
    # A Meta with nothing in it cannot be written: then there is no value.
    rows = [named("return", "Meta", found)] if found else []
    return told(parameters_resource(*rows))
