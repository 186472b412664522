from __future__ import annotations

import pytest

from gateway.errors import GatewayError, NotFound
from gateway.fhir.search.clauses import known_parameter
from gateway.fhir.search.conditions import AnyOf, Clause
from gateway.fhir.search.query import SearchQuery, parse_search
from gateway.fhir.search.values import ReferenceValue, TokenValue

_OWNER = (ReferenceValue("Patient", "123"),)


def test_a_compartment_is_any_of_its_references() -> None:
    found = parse_search("Observation", [("status", "final")], compartment=("Patient", "123"))
    assert found == SearchQuery(
        type="Observation",
        clauses=(
            AnyOf(
                (
                    Clause(known_parameter("Observation", "subject"), "", _OWNER),
                    Clause(known_parameter("Observation", "performer"), "", _OWNER),
                )
            ),
            Clause(known_parameter("Observation", "status"), "", (TokenValue(None, "final"),)),
        ),
        applied=(("status", "final"),),
    )


def test_who_owns_a_compartment_is_in_it() -> None:
    found = parse_search("Encounter", [], compartment=("Encounter", "9")).clauses
    own = Clause(known_parameter("Encounter", "_id"), "", (TokenValue(None, "9"),))
    assert found == (own,)


def test_a_compartment_may_be_searched_for_named_types() -> None:
    pairs = [("_type", "Condition,Flag")]
    clauses = parse_search("", pairs, compartment=("Patient", "123")).clauses
    assert clauses == (
        AnyOf(
            (
                Clause(known_parameter("Condition", "patient"), "", _OWNER),
                Clause(known_parameter("Condition", "asserter"), "", _OWNER),
                Clause(known_parameter("Flag", "patient"), "", _OWNER),
            )
        ),
    )


def test_a_compartment_may_be_searched_whole() -> None:
    (found,) = parse_search("", [], compartment=("Patient", "123")).clauses
    assert isinstance(found, AnyOf)
    types = {each.parameter.type for each in found.conditions if isinstance(each, Clause)}
    assert {"Patient", "Observation", "DiagnosticReport", "Appointment"} <= types


def test_a_type_that_is_never_in_a_compartment_is_not_found_there() -> None:
    with pytest.raises(NotFound, match="can be in the compartment of a Patient"):
        parse_search("ValueSet", [], compartment=("Patient", "123"))


def test_the_owner_of_a_compartment_has_an_id() -> None:
    with pytest.raises(GatewayError, match="The id of the Patient is not an id"):
        parse_search("Observation", [], compartment=("Patient", "a b"))


def test_most_types_have_no_compartment() -> None:
    with pytest.raises(NotFound, match="Organization has no compartment"):
        parse_search("Organization", [], compartment=("Organization", "1"))
