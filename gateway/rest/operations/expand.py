"""$expand of a ValueSet: https://hl7.org/fhir/R4/valueset-operation-expand.html."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Malformed
from gateway.fhir.parameters import Input
from gateway.fhir.terminology.canonical import read_canonical
from gateway.fhir.terminology.composition import Versions
from gateway.fhir.terminology.expansion import Expanding, expand
from gateway.fhir.terminology.value_set import read_value_set
from gateway.rest.operations.coded import terminology_of
from gateway.rest.operations.given import given, told
from gateway.rest.read import current

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.fhir.parameters import Given
    from gateway.fhir.terminology.terminology import Terminology
    from gateway.fhir.terminology.value_set import ValueSet
    from gateway.rest.answer import Answer
    from gateway.rest.call import Call

INPUTS: Final = (
    Input("url", "uri"),
    Input("valueSet", "ValueSet"),
    Input("valueSetVersion", "string"),
    Input("filter", "string"),
    Input("offset", "integer"),
    Input("count", "integer"),
    Input("includeDesignations", "boolean"),
    Input("designation", "string", high=0),
    Input("includeDefinition", "boolean"),
    Input("activeOnly", "boolean"),
    # Expansions are flat, and nothing is post-coordinated: both are kept whatever is asked.
    Input("excludeNested", "boolean"),
    Input("excludePostCoordinated", "boolean"),
    Input("excludeNotForUI", "boolean"),
    Input("displayLanguage", "code"),
    Input("exclude-system", "canonical", high=0),
    Input("system-version", "canonical", high=0),
    Input("check-system-version", "canonical", high=0),
    Input("force-system-version", "canonical", high=0),
)
# Told back in `expansion.parameter`.
_SAID: Final = (
    *("filter", "offset", "count", "includeDesignations", "designation", "activeOnly"),
    *("excludeNested", "excludeNotForUI", "excludePostCoordinated", "displayLanguage"),
    *("exclude-system", "system-version", "check-system-version", "force-system-version"),
)


def expand_value_set(call: Call) -> Answer:
    """Answer a ValueSet with its expansion; raises `NotFound`, `Invalid`, `Malformed`."""
    terminology = terminology_of(call)
    asked = given(call, *INPUTS)
    value_set = asked_value_set(call, asked, terminology)
    expanding = _expanding(asked)
    walk = terminology.walk(value_set, expanding.versions)
    moment = call.ports.clock().isoformat(timespec="seconds")
    return told(expand(walk, expanding, moment=moment))


def asked_value_set(call: Call, asked: Given, terminology: Terminology) -> ValueSet:
    """Return the ValueSet of the address, of `url` or of `valueSet`; raises `Malformed`."""
    if call.id:
        return read_value_set(current(call).resource)
    whole, url = asked.resource("valueSet"), asked.text("url")
    if whole is not None:
        return read_value_set(whole)
    if not url:
        message = "A value set is to be given, by url or as valueSet."
        raise Malformed(message, expression="url")
    return terminology.value_set(url, asked.text("valueSetVersion") or "")


def _expanding(asked: Given) -> Expanding:
    count, offset = asked.integer("count"), asked.integer("offset") or 0
    if offset < 0 or (count or 0) < 0:
        message = "count and offset must not be negative."
        raise Malformed(message, expression="offset" if offset < 0 else "count")
    return Expanding(
        filter=asked.text("filter") or "",
        offset=offset,
        count=count,
        include_designations=asked.boolean("includeDesignations") or "designation" in asked,
        designations=asked.texts("designation"),
        include_definition=asked.boolean("includeDefinition") or False,
        active_only=asked.boolean("activeOnly") or False,
        exclude_abstract=asked.boolean("excludeNotForUI") or False,
        exclude_systems=frozenset(asked.texts("exclude-system")),
        language=asked.text("displayLanguage") or "",
        versions=_asked_versions(asked),
        said=tuple(_said(asked)),
    )


def _said(asked: Given) -> Iterable[tuple[str, Any]]:
    for name in _SAID:
        for value in asked.values.get(name, ()):
            yield name, value


def _asked_versions(asked: Given) -> Versions | None:
    names = ("system-version", "force-system-version", "check-system-version")
    if not any(name in asked for name in names):
        return None
    return Versions(*(_versions(asked.texts(name)) for name in names))


def _versions(canonicals: Iterable[str]) -> dict[str, str]:
    return dict(read_canonical(one) for one in canonicals)
