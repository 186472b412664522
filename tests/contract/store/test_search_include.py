"""_include and _revinclude bring what belongs to a page, once each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.store.searching import (
    Resource,
    observation,
    page,
    patient,
    put,
    reference,
)

if TYPE_CHECKING:
    from gateway.store.api import Store


def organization(identity: str, parent: str = "") -> Resource:
    part = {"partOf": reference(f"Organization/{parent}")} if parent else {}
    return {"resourceType": "Organization", "id": identity, **part}


@pytest.fixture
def linked(store: Store) -> Store:
    """Observations of a patient of an organization of an organization."""
    put(
        store,
        organization("root"),
        organization("mid", "root"),
        organization("leaf", "mid"),
        patient("p", managingOrganization=reference("Organization/leaf")),
        patient("q"),
        observation("a", subject=reference("Patient/p"), hasMember=[reference("Observation/b")]),
        observation("b", subject=reference("Patient/p"), hasMember=[reference("Observation/c")]),
        observation("c", subject=reference("Patient/q"), hasMember=[reference("Observation/a")]),
        observation("d", subject=reference("Patient/gone")),
        {
            "resourceType": "Provenance",
            "id": "v",
            "target": [reference("Patient/p")],
            "recorded": "2024-01-01T00:00:00Z",
            "agent": [{"who": reference("Organization/root")}],
        },
    )
    return store


def included(store: Store, search: str) -> tuple[str, str]:
    found = page(store, search)
    matches = " ".join(one.reference for one in found.matches)
    return matches, " ".join(sorted(one.reference for one in found.included))


UP = "_include:iterate=Patient:organization"


@pytest.mark.parametrize(
    ("search", "matches", "others"),
    [
        ("Observation?_id=a&_include=Observation:subject", "Observation/a", "Patient/p"),
        (
            "Observation?_id=a,b&_include=Observation:subject",
            "Observation/a Observation/b",
            "Patient/p",
        ),
        ("Observation?_id=a&_include=Observation:subject:Group", "Observation/a", ""),
        ("Observation?_id=a&_include=Observation:*", "Observation/a", "Observation/b Patient/p"),
        ("Observation?_id=a&_include=*", "Observation/a", "Observation/b Patient/p"),
        ("Observation?_id=d&_include=Observation:subject", "Observation/d", ""),
        (
            "Observation?_id=a,b&_include=Observation:has-member",
            "Observation/a Observation/b",
            "Observation/c",
        ),
        (
            "Observation?_id=a&_include:iterate=Observation:has-member",
            "Observation/a",
            "Observation/b Observation/c",
        ),
        (
            f"Observation?_id=a&_include=Observation:patient&{UP}&_include:iterate=Organization:partof",
            "Observation/a",
            "Organization/leaf Organization/mid Organization/root Patient/p",
        ),
        (
            f"Observation?_id=a&_include=Observation:patient&{UP}",
            "Observation/a",
            "Organization/leaf Patient/p",
        ),
        (
            "Patient?_id=p&_revinclude=Observation:patient",
            "Patient/p",
            "Observation/a Observation/b",
        ),
        ("Patient?_id=p&_revinclude=Provenance:target", "Patient/p", "Provenance/v"),
        ("Patient?_id=p&_revinclude=*", "Patient/p", "Observation/a Observation/b Provenance/v"),
        (
            "Organization?_id=root&_revinclude:iterate=Organization:partof",
            "Organization/root",
            "Organization/leaf Organization/mid",
        ),
        (
            "Patient?_id=p&_revinclude=Observation:patient&_include=Patient:organization",
            "Patient/p",
            "Observation/a Observation/b Organization/leaf",
        ),
    ],
)  # fmt: skip - a case a line
def test_what_comes_with_a_page(linked: Store, search: str, matches: str, others: str) -> None:
    assert included(linked, search) == (matches, others)


def test_what_was_deleted_does_not_come(linked: Store) -> None:
    with linked.transaction() as tx:
        tx.delete("Observation", "b")
        tx.delete("Organization", "leaf")
    assert included(linked, "Patient?_id=p&_revinclude=Observation:patient") == (
        "Patient/p",
        "Observation/a",
    )
    assert included(linked, "Patient?_id=p&_include=Patient:organization") == ("Patient/p", "")


def test_too_much_to_include_is_said(store: Store) -> None:
    put(store, patient("p"), patient("q"))
    put(store, *(observation(f"o{n}", subject=reference("Patient/p")) for n in range(1_001)))
    found = page(store, "Patient?_revinclude=Observation:patient")
    assert ([one.id for one in found.matches], len(found.included), found.truncated) == (
        ["p", "q"],
        1000,
        True,
    )
    whole = page(store, "Patient?_id=q&_revinclude=Observation:patient")
    assert (whole.included, whole.truncated) == ((), False)
