from __future__ import annotations

import pytest

from gateway.fhir.search.references import Target, target_of, targets_of_canonical

_BASE = "https://passerelle.example/fhir"


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("Patient/1", ("Patient", "1")),
        ("Patient/1/_history/2", ("Patient", "1")),
        ("Patient/1#contained", ("Patient", "1")),
        (f"{_BASE}/Patient/1", ("Patient", "1")),
        ("https://elsewhere.example/Patient/1", ("Patient", "https://elsewhere.example/Patient/1")),
        ("urn:uuid:0d7e6d0e-0000-4000-8000-000000000000",) * 2,
        ("Nothing/1", ("", "Nothing/1")),
        ("#contained", None),
        ("", None),
    ],
)
def test_a_reference_names_a_type_and_an_id(text: str, target: Target | str | None) -> None:
    wanted = ("", target) if isinstance(target, str) else target
    assert target_of(text, (_BASE,)) == wanted


def test_a_canonical_is_found_with_its_version_and_without() -> None:
    assert targets_of_canonical("http://x.example/plan|1") == (
        ("", "http://x.example/plan|1"),
        ("", "http://x.example/plan"),
    )
