from __future__ import annotations

import pytest

from gateway.fhir.terminology.canonical import Canonical, read_canonical, version_order


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("http://a.example/x", Canonical("http://a.example/x")),
        ("http://a.example/x|1.2", Canonical("http://a.example/x", "1.2")),
        ("", Canonical("")),
    ],
)
def test_a_canonical_is_a_url_and_perhaps_a_version(text: str, canonical: Canonical) -> None:
    assert (read_canonical(text), str(canonical)) == (canonical, text)


@pytest.mark.parametrize(
    "ascending",
    [
        ["1.9.0", "1.10.0", "2.0.0"],
        ["2.0.0-ballot", "2.0.0-snapshot-2", "2.0.0", "2.0.1"],
        ["2019-10-30", "2020-01-01", "2020-01-01.1"],
        ["", "1"],
        ["beta", "1.0"],
    ],
)
def test_versions_sort_as_their_publishers_mean_them(ascending: list[str]) -> None:
    descending = sorted(ascending, key=version_order, reverse=True)
    assert descending == ascending[::-1]
