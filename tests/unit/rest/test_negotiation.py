from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import NotAcceptable, UnsupportedMedia
from gateway.rest.negotiation import (
    DEFAULT,
    Representation,
    is_fhir_json,
    ranked,
    represent,
    require_json,
)


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, b"application/fhir+json;charset=utf-8"),
        (b"", b"application/fhir+json;charset=utf-8"),
        (b"*/*", b"application/fhir+json;charset=utf-8"),
        (b"application/*", b"application/fhir+json;charset=utf-8"),
        (b"application/fhir+json; fhirVersion=4.0", b"application/fhir+json;charset=utf-8"),
        (b"application/json", b"application/json;charset=utf-8"),
        (b"APPLICATION/JSON+FHIR", b"application/json+fhir;charset=utf-8"),
        (b"text/json", b"text/json;charset=utf-8"),
        (b"text/html,application/xml;q=0.9,*/*;q=0.8", b"application/fhir+json;charset=utf-8"),
        (
            b"application/fhir+xml;q=1.0, application/fhir+json;q=0.5, application/json;q=0.9",
            b"application/json;charset=utf-8",
        ),
    ],
)
def test_accept_chooses_the_media_type(accept: bytes | None, media: bytes) -> None:
    assert represent(accept, ()) == Representation(media)


@pytest.mark.parametrize(
    "accept",
    [b"application/fhir+xml", b"application/xml", b"application/fhir+json;q=0", b"image/png"],
)
def test_what_is_not_json_is_not_acceptable(accept: bytes) -> None:
    with pytest.raises(NotAcceptable):
        represent(accept, ())


@pytest.mark.parametrize("name", ["json", "application/fhir+json", "application/fhir json"])
def test_format_overrides_accept(name: str) -> None:
    assert represent(b"application/fhir+xml", (("_format", name),)) == DEFAULT


@pytest.mark.parametrize("name", ["xml", "application/fhir+xml", "ttl", "", "é"])
def test_an_unknown_format_is_not_acceptable(name: str) -> None:
    with pytest.raises(NotAcceptable):
        represent(None, (("_format", name),))


def test_pretty_is_asked_for_by_parameter() -> None:
    assert represent(None, (("_pretty", "true"),)) == Representation(pretty=True)


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        b"application/fhir+json",
        b"application/json; charset=UTF-8",
        b'text/json;charset="utf-8"',
    ],
)
def test_json_bodies_are_read(content_type: bytes | None) -> None:
    require_json(content_type)
    assert is_fhir_json(content_type)


@pytest.mark.parametrize(
    "content_type",
    [b"application/fhir+xml", b"text/plain", b"application/json; charset=iso-8859-1"],
)
def test_other_bodies_are_refused(content_type: bytes) -> None:
    with pytest.raises(UnsupportedMedia):
        require_json(content_type)


@given(st.text())
def test_any_accept_header_can_be_ranked(accept: str) -> None:
    assert all(isinstance(name, str) for name in ranked(accept))
