from __future__ import annotations

from typing import Any

import pytest

from gateway.delivery.routing import allowed, concerned, routed
from gateway.settings import Route

FINESS = "https://finess.esante.gouv.fr|750712184"
HELD: dict[str, dict[str, Any]] = {
    "Organization/centre": {
        "resourceType": "Organization",
        "id": "centre",
        "identifier": [{"system": "https://finess.esante.gouv.fr", "value": "750712184"}],
    },
    "Practitioner/gp": {
        "resourceType": "Practitioner",
        "id": "gp",
        "identifier": [{"system": "https://rpps.esante.gouv.fr", "value": "10000023084"}],
    },
    "PractitionerRole/gp": {
        "resourceType": "PractitionerRole",
        "id": "gp",
        "practitioner": {"reference": "Practitioner/gp"},
        "organization": {"reference": "Organization/centre"},
    },
    "Patient/p": {
        "resourceType": "Patient",
        "id": "p",
        "generalPractitioner": [{"reference": "Practitioner/gp"}],
    },
    "ServiceRequest/o": {
        "resourceType": "ServiceRequest",
        "id": "o",
        "requester": {"reference": "PractitionerRole/gp"},
    },
    "DiagnosticReport/r": {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "basedOn": [{"reference": "ServiceRequest/o"}],
    },
}
ORDER = {
    "resourceType": "ServiceRequest",
    "id": "x",
    "performer": [{"reference": "Organization/centre"}],
}


def test_a_route_without_conditions_takes_everything_of_its_kind() -> None:
    routes = [Route("ris", ("orders",))]
    assert routed(ORDER, routes, HELD.get)
    assert not routed({"resourceType": "Patient", "id": "p"}, routes, HELD.get)


@pytest.mark.parametrize(
    ("concerning", "goes"),
    [
        ((FINESS,), True),
        (("750712184",), True),
        (("urn:other|750712184",), False),
        (("300017985",), False),
    ],
)
def test_an_order_goes_where_its_performer_is(concerning: tuple[str, ...], goes: bool) -> None:  # noqa: FBT001 - a column of the table
    assert routed(ORDER, [Route("ris", ("orders",), concerning)], HELD.get) is goes


def test_a_performer_known_by_number_alone_is_enough() -> None:
    named = {"identifier": {"system": "https://finess.esante.gouv.fr", "value": "750712184"}}
    order = {**ORDER, "performer": [named]}
    assert routed(order, [Route("ris", ("orders",), (FINESS,))], HELD.get)


@pytest.mark.parametrize(
    "resource",
    [
        {
            "resourceType": "Patient",
            "id": "p",
            "generalPractitioner": [{"reference": "Practitioner/gp"}],
        },
        {"resourceType": "DiagnosticReport", "id": "r", "subject": {"reference": "Patient/p"}},
        {
            "resourceType": "DiagnosticReport",
            "id": "r",
            "basedOn": [{"reference": "ServiceRequest/o"}],
        },
        {
            "resourceType": "DocumentReference",
            "id": "d",
            "context": {"related": [{"reference": "DiagnosticReport/r"}]},
        },
        {
            "resourceType": "DocumentReference",
            "id": "d",
            "context": {"related": [{"reference": "ServiceRequest/o"}]},
        },
        {
            "resourceType": "Appointment",
            "id": "a",
            "participant": [{"actor": {"reference": "PractitionerRole/gp"}}],
        },
    ],
)  # fmt: skip - a resource a paragraph
def test_a_physician_is_found_by_rpps_wherever_he_is_concerned(resource: dict[str, Any]) -> None:
    assert "10000023084" in set(concerned(resource, HELD.get))


def test_a_route_may_let_some_events_go_and_no_others() -> None:
    routes = [Route("dpi", ("identity",), events=("A40",)), Route("dpi", ("orders",))]
    assert allowed("A40", routes, "Patient")
    assert not allowed("A31", routes, "Patient")
    assert allowed("XO", routes, "ServiceRequest")
