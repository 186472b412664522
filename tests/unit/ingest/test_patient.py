from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from gateway.ingest.identity import is_former
from gateway.ingest.lateness import is_late, stamped, without
from gateway.ingest.patient import newer_identity

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
EARLY, LATER = "2026-03-05T09:00:00+01:00", "2026-03-05T10:00:00+01:00"
NIR = "urn:oid:1.2.250.1.213.1.4.8"
NIA = "urn:oid:1.2.250.1.213.1.4.9"
OTHER = "urn:oid:1.2.3"


def patient(when: str = "", **parts: Any) -> Resource:  # noqa: ANN401 - any element of a Patient
    return stamped({"resourceType": "Patient", "id": "1", **parts}, when, NOW)


def number(system: str, value: str, use: str) -> dict[str, str]:
    return {"use": use, "system": system, "value": value}


def test_a_newer_identity_overlays_what_it_says() -> None:
    held = patient(EARLY, gender="male", birthDate="1980-01-01", name=[{"family": "A"}])
    merged = newer_identity(held, patient(LATER, gender="female", name=[{"family": "B"}]))
    assert merged == patient(LATER, gender="female", birthDate="1980-01-01", name=[{"family": "B"}])


def test_a_late_one_only_fills_and_brings_no_ins_back() -> None:
    held = patient(LATER, gender="male", deceasedBoolean=True)
    late = patient(
        EARLY,
        gender="female",
        birthDate="1980-01-01",
        deceasedDateTime="2026-01-01",
        identifier=[number(NIR, "1", "official"), number(OTHER, "2", "usual")],
    )
    assert newer_identity(held, late) == patient(
        LATER,
        gender="male",
        deceasedBoolean=True,
        birthDate="1980-01-01",
        identifier=[number(OTHER, "2", "usual")],
    )


@pytest.mark.parametrize(
    ("held", "said", "expected"),
    [
        ({"deceasedBoolean": True}, {"deceasedDateTime": "2026"}, {"deceasedDateTime": "2026"}),
        ({"deceasedDateTime": "2026"}, {"deceasedBoolean": False}, {"deceasedBoolean": False}),
        ({"deceasedDateTime": "2026"}, {}, {"deceasedDateTime": "2026"}),
    ],
)
def test_death_is_said_in_one_way(
    held: dict[str, Any], said: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert newer_identity(patient(**held), patient(**said)) == patient(**expected)


def test_one_national_number_is_official_and_a_number_given_up_stays_given_up() -> None:
    held = patient(
        identifier=[
            number(NIA, "1", "official"),
            number(OTHER, "2", "old"),
            number(OTHER, "3", "usual"),
        ]
    )
    said = patient(
        identifier=[number(NIR, "9", "official"), number(OTHER, "2", "usual")],
    )
    assert newer_identity(held, said)["identifier"] == [
        number(NIA, "1", "old"),
        number(OTHER, "2", "old"),
        number(OTHER, "3", "usual"),
        number(NIR, "9", "official"),
    ]


def test_extensions_count_by_their_url_and_labels_stay() -> None:
    held = patient(
        extension=[{"url": "a", "valueCode": "1"}, {"url": "b", "valueCode": "1"}],
        meta={"security": [{"code": "R"}], "tag": [{"code": "t"}], "profile": ["old"]},
    )
    said = patient(extension=[{"url": "a", "valueCode": "2"}], meta={"profile": ["new"]})
    assert newer_identity(held, said) == patient(
        extension=[{"url": "b", "valueCode": "1"}, {"url": "a", "valueCode": "2"}],
        meta={"profile": ["new"], "security": [{"code": "R"}], "tag": [{"code": "t"}]},
    )


def test_the_names_of_merged_records_stay() -> None:
    former = {"use": "old", "family": "MOREAU"}
    held = patient(name=[{"family": "DURAND"}, former])
    merged = newer_identity(held, patient(name=[{"family": "MARTIN"}]))
    assert merged["name"] == [{"family": "MARTIN"}, former]


@pytest.mark.parametrize(
    ("held", "said", "late"),
    [(LATER, EARLY, True), (EARLY, LATER, False), (EARLY, EARLY, False), ("", EARLY, False)],
)
def test_late_is_what_is_older_than_what_is_held(held: str, said: str, *, late: bool) -> None:
    assert is_late(patient(held), patient(said)) is late


@pytest.mark.parametrize("when", ["2026-03-07T12:00:00Z", "rubbish", "2026-03-05", ""])
def test_a_time_far_ahead_or_no_time_leaves_no_stamp(when: str) -> None:
    assert patient(when) == {"resourceType": "Patient", "id": "1"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("telecom", {"extension", "participant", "hospitalization"}),
        ("hospitalization.admitSource", {"extension", "participant", "telecom"}),
        ("extension#a", {"participant", "telecom", "hospitalization"}),
        ("participant#ATND", {"extension", "telecom", "hospitalization"}),
        ("participant#REF", {"extension", "participant", "telecom", "hospitalization"}),
        ("unknown", {"extension", "participant", "telecom", "hospitalization"}),
    ],
)
def test_a_deleted_element_is_gone(name: str, expected: set[str]) -> None:
    resource = {
        "telecom": [{"value": "1"}],
        "extension": [{"url": "a"}],
        "participant": [{"type": [{"coding": [{"code": "ATND"}]}]}],
        "hospitalization": {"admitSource": {"text": "x"}},
    }
    assert without(resource, [name]).keys() == expected


def test_who_speaks_of_a_number_given_up_speaks_of_a_former_record() -> None:
    held = patient(identifier=[number(OTHER, "1", "old"), number(OTHER, "2", "usual")])
    assert is_former(patient(identifier=[number(OTHER, "1", "usual")]), held)
    assert not is_former(patient(identifier=[number(OTHER, "2", "usual")]), held)
    assert not is_former(patient(), held)
