from __future__ import annotations

import pytest

from gateway.fhir.definitions import resource_types
from gateway.fhir.xml.layout import Element, Kind, layout


def test_a_layout_tells_how_each_element_is_written() -> None:
    elements = layout("Patient").elements
    assert list(elements)[:6] == ["id", "meta", "implicitRules", "language", "text", "contained"]
    assert [elements[name] for name in ("id", "active", "name", "contained", "contact")] == [
        Element("id", Kind.TEXT, "id", many=False),
        Element("active", Kind.BOOLEAN, "boolean", many=False),
        Element("name", Kind.COMPLEX, "HumanName", many=True),
        Element("contained", Kind.RESOURCE, "Resource", many=True),
        Element("contact", Kind.COMPLEX, "Patient.contact", many=True),
    ]
    assert layout("Extension").attributes == {"id", "url"}
    assert layout("Narrative").elements["div"].kind is Kind.XHTML


@pytest.mark.parametrize("resource_type", sorted(resource_types()))
def test_every_type_that_an_element_has_is_known(resource_type: str) -> None:
    waiting, seen = [resource_type], set()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        held = (one.type for one in layout(path).elements.values() if one.kind is Kind.COMPLEX)
        waiting += [name for name in held if name not in seen]
    assert resource_type in seen
