from __future__ import annotations

from typing import Any

import pytest

from gateway.delivery.addresses import address_of


def person(*telecom: dict[str, Any]) -> dict[str, Any]:
    return {
        "resourceType": "Practitioner",
        "identifier": [{"system": "https://rpps.esante.gouv.fr", "value": "10000023084"}],
        "telecom": [{"system": "email"} | point for point in telecom],
    }


PLAIN = {"value": "h@cabinet.example"}
SECURE = {"value": "h@medecin.mssante.fr"}


@pytest.mark.parametrize(
    ("telecom", "expected"),
    [
        ([PLAIN], "h@cabinet.example"),
        ([PLAIN, SECURE], "h@medecin.mssante.fr"),
        ([{"value": "h@pasmssante.fr"}, {"value": "x@mssante.fr"}], "x@mssante.fr"),
        ([{"value": "b@x.example", "rank": 2}, {"value": "a@x.example", "rank": 1}], "a@x.example"),
        ([SECURE | {"use": "old"}, PLAIN], "h@cabinet.example"),
        ([SECURE | {"period": {"end": "2020-01-01"}}], None),
        ([{"system": "phone", "value": "0388000000"}], None),
        ([{"value": "h@cabinet.example\r\nBcc: x@y.example"}], None),
        ([{"value": "Hélène <h@cabinet.example>"}], None),
        ([], None),
    ],
)
def test_the_best_mailbox_of_a_person(telecom: list[dict[str, Any]], expected: str | None) -> None:
    assert address_of(person(*telecom), [], {}) == expected


def test_a_role_gives_its_mailbox_when_the_person_has_none() -> None:
    assert address_of(person(), [person(PLAIN)], {}) == "h@cabinet.example"


@pytest.mark.parametrize("key", ["10000023084", "https://rpps.esante.gouv.fr|10000023084"])
def test_the_operators_list_comes_first(key: str) -> None:
    listed = {key: "listed@cabinet.example"}
    assert address_of(person(SECURE), [], listed) == "listed@cabinet.example"
