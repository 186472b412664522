from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.cda.header import Header, InstanceIdentifier, read_header

DOCUMENT = b"""<?xml version="1.0" encoding="UTF-8"?>
<!-- <id root="9.9.9"/> -->
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:ps3-20="urn:dicom-org:ps3-20">
  <id root="1.2.250.1.999.3" extension="CR1"/>
  <title>CR d&apos;imagerie</title>
  <effectiveTime value="20260305093000+0100"/>
  <confidentialityCode code="R" codeSystem="2.16.840.1.113883.5.25"/>
  <setId root="1.2.250.1.999.4"/>
  <inFulfillmentOf><order>
    <id root="1.2.250.1.999.5" extension="PL1"/>
    <ps3-20:accessionNumber root="1.2.250.1.999.6" extension="ACC1"/>
  </order></inFulfillmentOf>
  <relatedDocument typeCode="APND"><parentDocument><id root="7"/></parentDocument></relatedDocument>
  <relatedDocument typeCode="RPLC">
    <parentDocument><id root="1.2.250.1.999.2"/></parentDocument>
  </relatedDocument>
  <component><nonXMLBody><id root="8.8.8"/></nonXMLBody></component>
</ClinicalDocument>"""


def test_the_header_says_who_the_document_is() -> None:
    assert read_header(DOCUMENT) == Header(
        id=InstanceIdentifier("1.2.250.1.999.3", "CR1"),
        set_id=InstanceIdentifier("1.2.250.1.999.4"),
        title="CR d'imagerie",
        time="20260305093000+0100",
        confidentiality="R",
        order=InstanceIdentifier("1.2.250.1.999.5", "PL1"),
        accession=InstanceIdentifier("1.2.250.1.999.6", "ACC1"),
        replaced=InstanceIdentifier("1.2.250.1.999.2"),
    )


def test_what_is_no_document_has_an_empty_header() -> None:
    assert read_header(b"%PDF-1.7 <id root='1.2'/>") == Header()


@given(st.binary(max_size=300))
def test_any_bytes_have_a_header(content: bytes) -> None:
    assert isinstance(read_header(b"<ClinicalDocument>" + content), Header)
