from __future__ import annotations

from html import escape

import pytest

from gateway.errors import Unsupported
from gateway.fhir.wire import loads
from gateway.fhir.xml import read_xml, write_xml

PROLOGUE = b'<?xml version="1.0" encoding="UTF-8"?>'
DIV = '<div xmlns="http://www.w3.org/1999/xhtml"><p>A&nbsp;&amp; B</p></div>'


def test_elements_come_in_the_order_of_the_definitions() -> None:
    resource = loads(
        b'{"gender":"female","name":[{"given":["A","B"],"_given":[null,{"id":"g"}]}],'
        b'"extension":[{"valueDecimal":1.50,"url":"urn:x"}],"id":"p","_birthDate":{"id":"b"},'
        b'"resourceType":"Patient","active":true}'
    )
    assert write_xml(resource) == PROLOGUE + (
        b'<Patient xmlns="http://hl7.org/fhir"><id value="p"/>'
        b'<extension url="urn:x"><valueDecimal value="1.50"/></extension><active value="true"/>'
        b'<name><given value="A"/><given value="B" id="g"/></name><gender value="female"/>'
        b'<birthDate id="b"/></Patient>'
    )


def test_the_one_type_that_was_compiled_in_another_order_is_written_in_that_of_r4() -> None:
    characteristic = {"exclude": True, "definitionCanonical": "urn:a", "usageContext": []}
    body = write_xml({"resourceType": "EvidenceVariable", "characteristic": [characteristic]})
    assert body.index(b"<definitionCanonical") < body.index(b"<exclude")


def test_pretty_indents_everything_but_the_narrative() -> None:
    resource = {"resourceType": "Basic", "id": "b", "text": {"status": "generated", "div": DIV}}
    assert write_xml(resource, pretty=True).decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<Basic xmlns="http://hl7.org/fhir">\n'
        '  <id value="b"/>\n'
        "  <text>\n"
        '    <status value="generated"/>\n'
        f"    {DIV.replace('&nbsp;', '&#160;')}\n"
        "  </text>\n"
        "</Basic>\n"
    )


@pytest.mark.parametrize(
    "text", ["a\tb\nc\rd", "<&>\"'", "é\u00a0\u2028", "\U0001f600", "  two  spaces ", "]]>"]
)
def test_any_text_comes_back_as_it_was(text: str) -> None:
    resource = {"resourceType": "Patient", "name": [{"family": text}]}
    assert read_xml(write_xml(resource)) == resource


def test_what_xml_cannot_hold_is_replaced() -> None:
    resource = {"resourceType": "Patient", "name": [{"family": "a\x00b\x1bc\ud800d\uffff"}]}
    family = read_xml(write_xml(resource))["name"][0]["family"]
    assert family == "a\ufffdb\ufffdc\ufffdd\ufffd"


@pytest.mark.parametrize(
    "div", ["<p>", "no div", "<div>&copy</div>", '<!DOCTYPE a><div xmlns="x"/>']
)
def test_a_narrative_that_is_no_xhtml_is_written_as_text(div: str) -> None:
    resource = {"resourceType": "Basic", "text": {"status": "generated", "div": div}}
    assert escape(div, quote=False).replace('"', "&quot;") in write_xml(resource).decode()


def test_what_the_definitions_do_not_know_is_written_all_the_same() -> None:
    resource = {"resourceType": "Basic", "colour": {"shade": [1, "a", None]}, "not a name": 1}
    assert write_xml(resource) == PROLOGUE + (
        b'<Basic xmlns="http://hl7.org/fhir"><colour><shade value="1"/><shade value="a"/><shade/>'
        b"</colour></Basic>"
    )


def test_what_has_the_wrong_shape_is_written_all_the_same() -> None:
    resource = {"resourceType": "Patient", "name": "x", "active": [True], "contact": [3]}
    assert write_xml(resource).decode() == (
        '<?xml version="1.0" encoding="UTF-8"?><Patient xmlns="http://hl7.org/fhir">'
        '<active value="true"/><name value="x"/><contact value="3"/></Patient>'
    )


@pytest.mark.parametrize("resource", [{}, {"resourceType": "Colour"}, {"resourceType": 3}])
def test_what_is_no_resource_has_no_xml(resource: dict[str, object]) -> None:
    with pytest.raises(Unsupported):
        write_xml(resource)


def test_what_is_nested_beyond_reason_has_no_xml() -> None:
    deep: dict[str, object] = {"url": "urn:x"}
    for _ in range(2000):
        deep = {"url": "urn:x", "extension": [deep]}
    with pytest.raises(Unsupported):
        write_xml({"resourceType": "Basic", "extension": [deep]})
