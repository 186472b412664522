from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import NotAcceptable, UnsupportedMedia
from gateway.rest.negotiation import (
    DEFAULT,
    Representation,
    is_fhir,
    is_xml,
    ranked,
    represent,
    require_fhir,
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
        (b"text/html, */*;q=0.8", b"application/fhir+json;charset=utf-8"),
        (
            b"application/fhir+xml;q=0.2, application/fhir+json;q=0.5, application/json;q=0.9",
            b"application/json;charset=utf-8",
        ),
        (
            b"application/fhir+xml;fhirVersion=5.0, application/fhir+json;q=0.1",
            b"application/fhir+json;charset=utf-8",
        ),
    ],
)
def test_accept_chooses_the_media_type(accept: bytes | None, media: bytes) -> None:
    assert represent(accept, ()) == Representation(media)


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (b"application/fhir+xml", b"application/fhir+xml;charset=utf-8"),
        (b"application/fhir+xml; fhirVersion=4.0", b"application/fhir+xml;charset=utf-8"),
        (b"application/xml", b"application/xml;charset=utf-8"),
        (b"text/xml;q=0.5, image/png", b"text/xml;charset=utf-8"),
        (
            b"text/html,application/xml;q=0.9,*/*;q=0.8",
            b"application/xml;charset=utf-8",
        ),
    ],
)
def test_accept_may_choose_xml(accept: bytes, media: bytes) -> None:
    assert represent(accept, ()) == Representation(media, xml=True)


@pytest.mark.parametrize(
    "accept",
    [
        b"application/fhir+json;q=0",
        b"application/fhir+json;fhirVersion=3.0",
        b"application/fhir+json;q=high",
        b"text/turtle",
        b"image/png",
    ],
)
def test_what_is_neither_json_nor_xml_of_r4_is_not_acceptable(accept: bytes) -> None:
    with pytest.raises(NotAcceptable):
        represent(accept, ())


@pytest.mark.parametrize("name", ["json", "application/fhir+json", "application/fhir json"])
def test_format_overrides_accept(name: str) -> None:
    assert represent(b"application/fhir+xml", (("_format", name),)) == DEFAULT


@pytest.mark.parametrize("name", ["xml", "application/fhir+xml", "application/fhir xml"])
def test_format_may_choose_xml(name: str) -> None:
    wanted = Representation(b"application/fhir+xml;charset=utf-8", xml=True)
    assert represent(b"application/fhir+json", (("_format", name),)) == wanted


@pytest.mark.parametrize("name", ["ttl", "", "é", "application/fhir+json; fhirVersion=5.0"])
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
        b"application/fhir+xml; fhirVersion=4.0",
        b"text/xml",
    ],
)
def test_json_and_xml_bodies_are_read(content_type: bytes | None) -> None:
    require_fhir(content_type)
    assert is_fhir(content_type)


@pytest.mark.parametrize(
    "content_type",
    [
        b"text/plain",
        b"application/json; charset=iso-8859-1",
        b"application/fhir+xml; charset=klingon",
        b"application/fhir+json; fhirVersion=3.0",
    ],
)
def test_other_bodies_are_refused(content_type: bytes) -> None:
    with pytest.raises(UnsupportedMedia):
        require_fhir(content_type)


@given(st.text())
def test_any_accept_header_can_be_ranked(accept: str) -> None:
    assert all(isinstance(name, str) for name in ranked(accept))


def test_xml_is_told_from_json_by_its_name() -> None:
    names = (b"text/xml", b"application/fhir+xml;charset=utf-8", b"application/json", None)
    assert [is_xml(name) for name in names] == [True, True, False, False]
