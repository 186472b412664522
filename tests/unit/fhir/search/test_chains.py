from __future__ import annotations

import pytest

from gateway.errors import GatewayError
from gateway.fhir.search.chains import read_condition
from gateway.fhir.search.clauses import known_parameter
from gateway.fhir.search.conditions import Chain, Clause, Condition, Has, Members
from gateway.fhir.search.reader import Reader
from gateway.fhir.search.values import ReferenceValue, StringValue, TokenValue

_X = StringValue("x", "x")


def _clause(resource_type: str, code: str, *values: StringValue | TokenValue) -> Clause:
    return Clause(known_parameter(resource_type, code), "", values)


_SUBJECT = known_parameter("Observation", "subject")
_PATIENT = known_parameter("Observation", "patient")
_ORGANIZATION = known_parameter("Patient", "organization")
_ENTITY = known_parameter("AuditEvent", "entity")


@pytest.mark.parametrize(
    ("resource_type", "name", "text", "condition"),
    [
        ("Observation", "subject:Patient.family", "x",
         Chain(_SUBJECT, (("Patient", _clause("Patient", "family", _X)),))),
        ("Observation", "subject.name", "x",
         Chain(_SUBJECT, (("Location", _clause("Location", "name", _X)),
                          ("Patient", _clause("Patient", "name", _X))))),
        ("Observation", "patient.organization.name", "x",
         Chain(_PATIENT, (("Patient", Chain(_ORGANIZATION, (
             ("Organization", _clause("Organization", "name", _X)),))),))),
        ("Observation", "patient.name:exact", "x",
         Chain(_PATIENT, (("Patient",
                           Clause(known_parameter("Patient", "name"), "exact", (_X,))),))),
        ("Observation", "patient._list", "7", Chain(_PATIENT, (("Patient", Members("7")),))),
        ("Patient", "_has:Observation:patient:status", "final",
         Has("Observation", _PATIENT, _clause("Observation", "status",
                                              TokenValue(None, "final")))),
        ("Patient", "_has:Observation:patient:_has:AuditEvent:entity:agent", "Practitioner/u",
         Has("Observation", _PATIENT, Has("AuditEvent", _ENTITY, Clause(
             known_parameter("AuditEvent", "agent"), "",
             (ReferenceValue("Practitioner", "u"),))))),
        ("Observation", "patient._has:AuditEvent:entity:action:not", "R",
         Chain(_PATIENT, (("Patient", Has("AuditEvent", _ENTITY, Clause(
             known_parameter("AuditEvent", "action"), "not", (TokenValue(None, "R"),)))),))),
        ("Patient", "_has:Observation:patient:patient.family", "x",
         Has("Observation", _PATIENT,
             Chain(_PATIENT, (("Patient", _clause("Patient", "family", _X)),)))),
    ],
)  # fmt: skip
def test_a_chain_asks_what_a_reference_leads_to(
    resource_type: str, name: str, text: str, condition: Condition
) -> None:
    assert read_condition(Reader(), resource_type, name, text) == condition


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("code.name", "x", "code of Observation is not a reference: nothing can follow it."),
        ("nothing.name", "x", "nothing is not a search parameter of Observation."),
        ("subject:Nothing.name", "x", "subject:Nothing does not name a resource type."),
        ("subject:Practitioner.name", "x",
         "subject of Observation cannot point to a Practitioner."),
        ("subject.nothing", "x",
         "nothing is not a search parameter of any type that subject points to."),
        ("patient.nothing", "x", "nothing is not a search parameter of Patient."),
        ("patient.", "x", " is not a search parameter of Patient."),
        ("_has:Observation:code:x", "x",
         "code of Observation is not a reference: nothing can follow it."),
        ("_has:Observation", "x", "_has is written _has:Type:reference-parameter:parameter."),
        ("_has:Nothing:patient:code", "x", "Nothing is not a resource type of FHIR R4."),
        ("_has:Encounter:patient:status", "x",
         "patient of Encounter cannot point to a Observation."),
        ("patient.link." * 8 + "name", "x",
         "A search follows at most 8 references, and not to all types."),
        ("focus." * 3 + "_id", "x",
         "The search stands for more than 500 conditions: name the types in its chains."),
    ],
)  # fmt: skip
def test_a_chain_that_leads_nowhere_is_refused(name: str, text: str, sentence: str) -> None:
    with pytest.raises(GatewayError) as refused:
        read_condition(Reader(), "Observation", name, text)
    assert (refused.value.http_status, refused.value.text) == (400, sentence)


def test_a_value_that_no_type_can_read_says_what_is_wrong_with_it() -> None:
    with pytest.raises(GatewayError, match="birthdate is not a date"):
        read_condition(Reader(), "Observation", "subject.birthdate", "yesterday")


def test_eight_references_can_be_followed() -> None:
    found = read_condition(Reader(), "Patient", "link:Patient." * 8 + "name", "x")
    for _ in range(8):
        assert isinstance(found, Chain)
        found = found.branches[0][1]
    assert found == _clause("Patient", "name", _X)
