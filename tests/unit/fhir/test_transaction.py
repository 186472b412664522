from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Malformed
from gateway.fhir.transaction import MAX_ENTRIES, Entry, kind_of, read_entries, whole

BASES = ("http://door.example/fhir",)
URLS = st.text("Patient/?$_.:#%a1é ", max_size=12) | st.sampled_from(
    ["Patient/1", "Patient?identifier=1", "http://door.example/fhir/Patient/1", "$validate", ""]
)
JSON: st.SearchStrategy[Any] = (
    st.none() | st.integers() | st.text(max_size=3) | st.just([]) | st.just({})
)


def read(*entries: Any) -> list[Entry | Malformed]:  # noqa: ANN401 - any JSON
    return read_entries({"entry": list(entries)}, BASES)


def request(method: str, url: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - parts of a request
    return {"request": {"method": method, "url": url, **more}}


@pytest.mark.parametrize(
    ("method", "url", "expected"),
    [
        ("GET", "Patient/1", ("Patient/1", None, "Patient", "1")),
        ("GET", "/Patient/1", ("Patient/1", None, "Patient", "1")),
        ("GET", "http://door.example/fhir/Patient/1", ("Patient/1", None, "Patient", "1")),
        ("GET", "Patient?name=Anne Marie", ("Patient", "name=Anne Marie", "Patient", "")),
        ("GET", "?_type=Patient", ("", "_type=Patient", "", "")),
        ("GET", "Patient/1/$everything", ("Patient/1/$everything", None, "", "")),
        ("GET", "Patient/%24match", ("Patient/$match", None, "", "")),
        ("POST", "Patient/_search", ("Patient/_search", None, "", "")),
        ("DELETE", "Patient?identifier=1", ("Patient", "identifier=1", "Patient", "")),
    ],
)
def test_an_address_is_read_relative_to_the_base(
    method: str, url: str, expected: tuple[str, str | None, str, str]
) -> None:
    (one,) = read(request(method, url))
    assert isinstance(one, Entry)
    assert (one.path, one.query, one.type, one.id) == expected


@pytest.mark.parametrize(
    ("method", "url", "writes"),
    [
        ("POST", "Patient/_search", False),
        ("POST", "$validate", False),
        ("POST", "Patient/1/$meta-add", False),
        ("GET", "Patient", False),
        ("DELETE", "Patient/1", True),
    ],
)
def test_what_writes_is_told_from_what_reads(method: str, url: str, *, writes: bool) -> None:
    (one,) = read(request(method, url))
    assert isinstance(one, Entry)
    assert one.writes is writes


def test_conditions_are_read() -> None:
    patient = {"resourceType": "Patient", "id": "1"}
    put = {**request("PUT", "Patient/1", ifMatch='W/"3"', ifNoneMatch="*"), "resource": patient}
    post = {**request("POST", "Patient", ifNoneExist="identifier=1"), "resource": patient}
    first, second = whole(read(put, post))
    assert (first.expected, first.only_new, first.condition) == (3, True, None)
    assert (second.expected, second.only_new, second.condition) == (None, False, "identifier=1")


def test_all_that_cannot_be_read_is_told_at_once() -> None:
    with pytest.raises(Malformed) as refused:
        whole(read(3, request("GET", "Patient/1"), request("TURN", "Patient/1")))
    assert [issue.expression for issue in refused.value.issues] == [
        "Bundle.entry[0].request",
        "Bundle.entry[2].request.method",
    ]


def test_two_entries_for_one_address_are_both_named() -> None:
    with pytest.raises(Malformed) as refused:
        whole(read(request("DELETE", "Patient/1"), request("DELETE", "/Patient/1")))
    assert refused.value.text == "Bundle.entry[0] and Bundle.entry[1] both write Patient/1."


def test_a_bundle_is_bounded() -> None:
    with pytest.raises(Malformed, match="send it in parts"):
        read_entries({"entry": [{}] * (MAX_ENTRIES + 1)}, BASES)


@pytest.mark.parametrize("kind", ["document", None, []])
def test_only_batch_and_transaction_are_processed(kind: Any) -> None:  # noqa: ANN401 - any JSON
    with pytest.raises(Malformed):
        kind_of({"resourceType": "Bundle", "type": kind})


@given(
    st.fixed_dictionaries(
        {
            "request": JSON
            | st.fixed_dictionaries(
                {"method": JSON | st.sampled_from(["GET", "POST", "PUT", "DELETE"])},
                optional={"url": JSON | URLS, "ifMatch": JSON, "ifNoneExist": JSON},
            )
        },
        optional={"resource": JSON, "fullUrl": JSON},
    )
)
def test_any_entry_is_read_or_refused_by_name(item: Any) -> None:  # noqa: ANN401 - any JSON
    (one,) = read(item)
    if isinstance(one, Malformed):
        assert (one.issues[0].expression or "").startswith("Bundle.entry[0]")
