"""FHIR XML both ways (https://hl7.org/fhir/R4/xml.html).

A resource is the same plain dict that JSON gives: what is read here can be stored, validated and
answered as JSON, and what came as JSON can be written here, with every digit kept.
"""

from __future__ import annotations

from gateway.fhir.xml.reader import read_xml
from gateway.fhir.xml.writer import write_xml

__all__ = ["read_xml", "write_xml"]
