"""The smallest valid resource of each type, made from the compiled definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.validation.shapes import codes, shape

if TYPE_CHECKING:
    from gateway.fhir.validation.shapes import Field

_PRIMITIVES: Final[dict[str, Any]] = {
    "base64Binary": "QUJD",
    "boolean": True,
    "canonical": "http://example.org/canonical",
    "code": "x",
    "date": "2024-01-02",
    "dateTime": "2024-01-02",
    "decimal": 1,
    "id": "x",
    "instant": "2024-01-02T03:04:05Z",
    "integer": 1,
    "key": "x",
    "markdown": "x",
    "oid": "urn:oid:1.2.3",
    "positiveInt": 1,
    "string": "x",
    "time": "03:04:05",
    "unsignedInt": 1,
    "uri": "http://example.org/uri",
    "url": "http://example.org/url",
    "uuid": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
    "xhtml": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>',
}
_COVERED: Final = {"text": "x"}
# What may be left out one by one, and not altogether.
_MORE: Final[dict[str, dict[str, Any]]] = {
    "AllergyIntolerance": {
        "clinicalStatus": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical",
                    "code": "active",
                }
            ]
        }
    },
    "Appointment": {
        "status": "proposed",
        "participant": [{"status": "accepted", "actor": {"display": "x"}}],
    },
    "AppointmentResponse": {"actor": {"display": "x"}},
    "CapabilityStatement": {
        "kind": "capability",
        "software": {"name": "x"},
        "rest": [{"mode": "server"}],
    },
    "Consent": {"policyRule": _COVERED},
    "ImmunizationRecommendation": {
        "recommendation": [{"vaccineCode": [_COVERED], "forecastStatus": _COVERED}]
    },
    "InsurancePlan": {"name": "x"},
    "Linkage": {
        "item": [{"type": kind, "resource": {"display": "x"}} for kind in ("source", "alternate")]
    },
    "Organization": {"name": "x"},
    "StructureDefinition": {
        "differential": {"element": [{"id": "Basic", "path": "Basic"}]},
        "type": "Basic",
    },
    "TerminologyCapabilities": {"kind": "capability", "software": {"name": "x"}},
}


def minimal(resource_type: str) -> dict[str, Any]:
    """Return the smallest valid resource of a type, without an id."""
    return {
        "resourceType": resource_type,
        **_object(resource_type),
        **_MORE.get(resource_type, {}),
    }


def _object(path: str) -> dict[str, Any]:
    one = shape(path)
    found = {}
    for names in one.required:
        field = one.fields[names[0]]
        value = _value(field)
        found[field.name] = [value] if field.many else value
    return found


def _value(field: Field) -> Any:  # noqa: ANN401 - any JSON
    if field.value_set is not None:
        return _coded(field.type, field.value_set)
    if field.check is not None:
        return _PRIMITIVES[field.type]
    match field.type:
        case "Reference":
            return {"display": "x"}
        case "CodeableConcept":
            return {"text": "x"}
        case "Resource":
            return {"resourceType": "Basic", "code": {"text": "x"}}
        case _:
            return _object(field.type) or _filled(field.type)


def _coded(type_name: str, value_set: str) -> Any:  # noqa: ANN401 - any JSON
    system, listed = min((name, sorted(one)) for name, one in codes(value_set).items())
    code = listed[0]
    coding = {"system": system, "code": code}
    return {"code": code, "CodeableConcept": {"coding": [coding]}, "Coding": coding}.get(
        type_name, code
    )


def _filled(type_name: str) -> dict[str, Any]:
    """Return an element of which nothing is required, with something in it."""
    first = next(
        field
        for field in shape(type_name).fields.values()
        if field.check is not None and field.name != "id"
    )
    value = _value(first)
    return {first.name: [value] if first.many else value}
