from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Malformed
from gateway.fhir.validation import validate
from gateway.fhir.wire import dumps
from gateway.fhir.xml import read_xml

PATIENT = b'<Patient xmlns="http://hl7.org/fhir"'
XHTML = b'xmlns="http://www.w3.org/1999/xhtml"'


def patient(inside: bytes, attributes: bytes = b"") -> bytes:
    return PATIENT + attributes + b">" + inside + b"</Patient>"


def test_a_resource_is_what_json_would_have_been() -> None:
    body = b"""<?xml version="1.0" encoding="UTF-8"?>
    <!-- a comment --><?a style-sheet?>
    <Observation xmlns="http://hl7.org/fhir">
      <id value="o1"/>
      <contained><Patient><id value="p"/><active value="true"/></Patient></contained>
      <extension url="urn:x"><valueInteger value="-12"/></extension>
      <status value="final"><extension url="urn:y"><valueCode value="z"/></extension></status>
      <category id="c1"><text value="a&#10;b"/></category>
      <code><text value="Poids &amp; taille"/></code>
      <valueQuantity><value value="72.50"/></valueQuantity>
    </Observation>"""
    resource = read_xml(body)
    assert dumps(resource) == dumps(
        {
            "resourceType": "Observation",
            "id": "o1",
            "contained": [{"resourceType": "Patient", "id": "p", "active": True}],
            "extension": [{"url": "urn:x", "valueInteger": -12}],
            "status": "final",
            "_status": {"extension": [{"url": "urn:y", "valueCode": "z"}]},
            "category": [{"id": "c1", "text": "a\nb"}],
            "code": {"text": "Poids & taille"},
            "valueQuantity": {"value": resource["valueQuantity"]["value"]},
        }
    )
    assert b'"value":72.50}' in dumps(resource)


def test_values_and_extensions_of_a_list_stay_side_by_side() -> None:
    inside = (
        b'<name><given value="A"/><given id="g2"/>'
        b'<given value="C"><extension url="urn:x"/></given></name>'
        b'<name><given id="g1"/><given value="B"/></name><name><given id="g"/></name>'
    )
    assert read_xml(patient(inside))["name"] == [
        {
            "given": ["A", None, "C"],
            "_given": [None, {"id": "g2"}, {"extension": [{"url": "urn:x"}]}],
        },
        {"given": [None, "B"], "_given": [{"id": "g1"}, None]},
        {"_given": [{"id": "g"}]},
    ]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (b'<div %b title="a>b"><p>A &amp; B<br/></p>\n</div >' % XHTML, None),
        (b'<div %b title="a>b"/>' % XHTML, None),
        (b"<div %b></div>" % XHTML, None),
        (
            b"<h:div>x<h:br/></h:div>",
            '<h:div xmlns:h="http://www.w3.org/1999/xhtml">x<h:br/></h:div>',
        ),
    ],
)
def test_a_narrative_is_kept_letter_for_letter(written: bytes, read: str | None) -> None:
    around = b' xmlns:h="http://www.w3.org/1999/xhtml"'
    body = patient(b'<text><status value="generated"/>' + written + b"</text>", around)
    assert read_xml(body)["text"]["div"] == (read or written.decode())


def test_a_value_that_is_not_of_its_type_is_left_for_validation_to_name() -> None:
    inside = (
        b'<active value="yes"/><birthDate/><multipleBirthInteger value="007"/>'
        b'<extension url="urn:x"><valueDecimal value="1e400"/></extension><name/>'
    )
    named = {issue.expression for issue in validate(read_xml(patient(inside)))}
    assert named == {
        "Patient.active",
        "Patient.birthDate",
        "Patient.multipleBirthInteger",
        "Patient.extension[0].valueDecimal",
        "Patient.name[0]",
    }


@pytest.mark.parametrize(
    ("body", "place", "expression"),
    [
        (b"", "line 1 column 1", None),
        (b"<Patient/>", "line 1 column 1", "Patient"),
        (PATIENT + b">\n  <active", "line 2 column 3", None),
        (patient(b'\n<colour value="red"/>'), "line 2 column 1", "Patient.colour"),
        (patient(b"<contact><gender/><url/></contact>"), "column", "Patient.contact[0].url"),
        (patient(b"<name/>\n<name><id/></name>"), "line 2", "Patient.name[1].id"),
        (patient(b'<x:gender xmlns:x="urn:x"/>'), "line 1", "Patient.gender"),
        (patient(b"<text><div>x</div></text>"), "line 1", "Patient.text.div"),
        (
            patient(b'<gender value="a"/><gender/>'),
            "gender stands more than once",
            "Patient.gender",
        ),
        (
            patient(b"<contact><name/><name/></contact>"),
            "more than once",
            "Patient.contact[0].name",
        ),
        (patient(b'<active val="true"/>'), "attribute val is unknown", "Patient.active"),
        (patient(b"true"), "values are attributes", "Patient"),
        (patient(b"<contained><Colour/></contained>"), "not a resource", "Patient.contained[0]"),
        (
            patient(b"<contained><Basic/><Basic/></contained>"),
            "more than one resource",
            "Patient.contained[0]",
        ),
        (patient(b'<gender value="&nbsp;"/>'), "undefined entity", None),
        (patient(b'<gender value="&#0;"/>'), "invalid character", None),
        (patient(b'<gender value="\xff"/>'), "line 1", None),
        (b"<!DOCTYPE a []>" + patient(b""), "document type declaration", None),
        (b'<?xml version="1.0" encoding="latin-1"?>' + patient(b""), "must be UTF-8", None),
        (patient(b"").decode().encode("utf-16"), "not UTF-8", None),
        (PATIENT + b">" + b"<contained><Patient>" * 5000, "nested too deeply", "Patient"),
    ],
)
def test_what_is_not_fhir_xml_is_refused_with_its_place(
    body: bytes, place: str, expression: str | None
) -> None:
    with pytest.raises(Malformed) as refused:
        read_xml(body)
    assert place in refused.value.text
    assert (refused.value.issues[0].expression or "").startswith(expression or "")


def test_entities_that_would_grow_are_refused_before_they_do() -> None:
    lines = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(12))
    body = f'<!DOCTYPE Patient [<!ENTITY e0 "ha">{lines}]>'.encode()
    with pytest.raises(Malformed, match="document type declaration"):
        read_xml(body + patient(b'<gender value="&e12;"/>'))


def test_a_schema_location_and_a_byte_order_mark_do_no_harm() -> None:
    around = b' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b"'
    assert read_xml(b"\xef\xbb\xbf" + patient(b"", around)) == {"resourceType": "Patient"}


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: patient(text.encode())))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        assert read_xml(body)["resourceType"]
    except Malformed as refusal:
        assert refusal.text  # noqa: PT017 - either outcome is right
