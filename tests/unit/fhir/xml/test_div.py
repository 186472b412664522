"""Divs in documents whose namespaces are declared in every way."""

from __future__ import annotations

import pytest

from gateway.fhir.xml import read_xml

FHIR = "http://hl7.org/fhir"
XHTML = "http://www.w3.org/1999/xhtml"


DOCUMENTS = {
    f'<div xmlns="{XHTML}" id="a">x</div>': (
        f'<f:Basic xmlns:f="{FHIR}" xmlns="{XHTML}"><f:text><div id="a">x</div></f:text></f:Basic>'
    ),
    f'<h:div xmlns:h="{XHTML}"/>': (
        f'<Basic xmlns="{FHIR}"><text xmlns:h="{XHTML}"><status value="x"/><h:div/></text></Basic>'
    ),
    f'<div xmlns="{XHTML}"><p xmlns:y="urn:y" y:z="1"/></div>': (
        f'<Basic xmlns="{FHIR}"><text><x:status xmlns:x="{FHIR}" value="x"/>'
        f'<div xmlns="{XHTML}"><p xmlns:y="urn:y" y:z="1"/></div></text></Basic>'
    ),
}


@pytest.mark.parametrize("div", list(DOCUMENTS))
def test_a_div_takes_its_namespaces_with_it(div: str) -> None:
    assert read_xml(DOCUMENTS[div].encode())["text"]["div"] == div


def test_every_narrative_of_a_bundle_is_cut_out_where_it_stands() -> None:
    divs = [f'<div xmlns="{XHTML}">é{number}<br/></div>' for number in range(5)]
    entries = "".join(
        f"<entry><resource><Basic><text>{div}</text></Basic></resource></entry>" for div in divs
    )
    bundle = read_xml(f'<Bundle xmlns="{FHIR}">{entries}</Bundle>'.encode())
    assert [entry["resource"]["text"]["div"] for entry in bundle["entry"]] == divs
