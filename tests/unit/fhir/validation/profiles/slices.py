"""The elements of profiles that slice, one way each."""

from __future__ import annotations

from typing import Any

from tests.unit.fhir.validation.profiles.made import BASE, LOINC, Json, profile


def slicing(*paths: str, kind: str = "value", rules: str = "open", **more: Any) -> Json:  # noqa: ANN401 - any JSON
    told = [{"type": kind, "path": path} for path in paths]
    return {"slicing": {"discriminator": told, "rules": rules} | more}


IPP = {"system": "urn:oid:1.2.3", "value": "1"}
INS = {"system": "urn:oid:1.2.4", "value": "2"}
BY_SYSTEM = (
    {"id": "Patient.identifier"} | slicing("system"),
    {"id": "Patient.identifier:ipp", "min": 1, "max": "1"},
    {"id": "Patient.identifier:ipp.system", "fixedUri": "urn:oid:1.2.3", "max": "1"},
    {"id": "Patient.identifier:ipp.value", "min": 1, "max": "1", "maxLength": 3},
    {"id": "Patient.identifier:ins"},
    {"id": "Patient.identifier:ins.system", "fixedUri": "urn:oid:1.2.4", "max": "1"},
)
CLOSED = ({"id": "Patient.identifier"} | slicing("system", rules="closed"), *BY_SYSTEM[1:])
ORDERED = ({"id": "Patient.identifier"} | slicing("system", ordered=True), *BY_SYSTEM[1:])
AT_END = ({"id": "Patient.identifier"} | slicing("system", rules="openAtEnd"), *BY_SYSTEM[1:])
RESLICED = (
    *BY_SYSTEM[:4],
    {"id": "Patient.identifier:ins"} | slicing("use"),
    {"id": "Patient.identifier:ins.system", "fixedUri": "urn:oid:1.2.4", "max": "1"},
    {"id": "Patient.identifier:ins/official", "min": 1, "max": "1"},
    {"id": "Patient.identifier:ins/official.use", "patternCode": "official", "max": "1"},
)
BY_PATTERN = (
    {"id": "Observation.category"} | slicing("$this", kind="pattern"),
    {
        "id": "Observation.category:imaging",
        "min": 1,
        "patternCodeableConcept": {"coding": [{"code": "imaging"}]},
    },
)
BY_TYPE = (
    {"id": "Observation.value[x]", "max": "1"} | slicing("$this", kind="type"),
    {"id": "Observation.value[x]:valueQuantity", "max": "1", "type": [{"code": "Quantity"}]},
    {"id": "Observation.value[x]:valueQuantity.code", "min": 1, "max": "1"},
)
BY_EXISTENCE = (
    {"id": "Patient.telecom"} | slicing("period", kind="exists"),
    {"id": "Patient.telecom:old"},
    {"id": "Patient.telecom:old.period", "min": 1, "max": "1"},
    {"id": "Patient.telecom:old.use", "fixedCode": "old", "min": 1, "max": "1"},
    {"id": "Patient.telecom:now", "max": "1"},
    {"id": "Patient.telecom:now.period", "max": "0"},
)
BY_PROFILE = (
    {"id": "Bundle.entry"} | slicing("resource", kind="profile", rules="closed"),
    {"id": "Bundle.entry:patient", "min": 1, "max": "1"},
    {
        "id": "Bundle.entry:patient.resource",
        "min": 1,
        "max": "1",
        "type": [{"code": "Patient", "profile": [f"{BASE}/named"]}],
    },
)
NAMED = profile("Patient", {"id": "Patient.name", "min": 1}, name="named")
BY_RESOLVE = (
    {"id": "CareTeam.participant"} | slicing("member.resolve()", kind="type"),
    {"id": "CareTeam.participant:person", "min": 1},
    {
        "id": "CareTeam.participant:person.member",
        "max": "1",
        "type": [{"code": "Reference", "targetProfile": [f"{BASE}/named"]}],
    },
)
BY_EXTENSION = (
    {"id": "Patient.contact"} | slicing("extension('urn:kind').value"),
    {"id": "Patient.contact:kin", "max": "1"},
    {"id": "Patient.contact:kin.extension"} | slicing("url"),
    {"id": "Patient.contact:kin.extension:kind", "min": 1, "max": "1"},
    {"id": "Patient.contact:kin.extension:kind.url", "fixedUri": "urn:kind", "max": "1"},
    {"id": "Patient.contact:kin.extension:kind.value[x]", "fixedCode": "kin", "max": "1"},
)
KIN = {"extension": [{"url": "urn:kind", "valueCode": "kin"}]}
NESTED = (
    {"id": "Observation.component"} | slicing("code.coding.code"),
    {"id": "Observation.component:systolic", "min": 1, "max": "1"},
    {"id": "Observation.component:systolic.code", "max": "1"},
    {"id": "Observation.component:systolic.code.coding"} | slicing("code", "system"),
    {"id": "Observation.component:systolic.code.coding:loinc", "min": 1, "max": "1"},
    {"id": "Observation.component:systolic.code.coding:loinc.code", "fixedCode": "8480-6"},
    {"id": "Observation.component:systolic.code.coding:loinc.system", "fixedUri": LOINC},
)
