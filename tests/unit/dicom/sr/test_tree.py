from __future__ import annotations

from typing import Any

from pydicom.dataset import Dataset

from gateway.dicom.document import read_document
from gateway.dicom.sr.codes import Term, term
from gateway.dicom.sr.tree import Item, read_tree, template
from tests.documents import code, coded, container, file_of, image, item, num, report, uid, words


def tree(*children: Dataset, **more: Any) -> Item:  # noqa: ANN401 - attributes
    title = code("126000", meaning="Imaging Measurement Report")
    return read_tree(read_document(file_of(report(title, *children, **more))).model)


def test_items_come_in_their_order_parents_first() -> None:
    root = tree(
        container(code("1"), words(code("1.1"), "a"), words(code("1.2"), "b")),
        words(code("2"), "c"),
    )

    assert [one.meaning for one in root.walk()] == [
        "Imaging Measurement Report",
        "1",
        "1.1",
        "1.2",
        "2",
    ]  # fmt: skip - one line
    assert [one.place for one in root.walk()] == [(1,), (1, 1), (1, 1, 1), (1, 1, 2), (1, 2)]


def test_every_value_type_says_what_it_holds() -> None:
    root = tree(
        words(code("1"), "Texte"),
        coded(code("2"), code("39607008", "SCT", "Lung")),
        uid(code("3"), "1.2.3"),
        item("PNAME", code("4"), PersonName="RADIOLOGUE^Anne"),
        item("DATE", code("5"), Date="20260915"),
        item("TIME", code("6"), Time="0915"),
        item("DATETIME", code("7"), DateTime="20260915091500"),
        num(code("8"), "3", "mm"),
        image("1.2.9"),
    )

    assert [one.value for one in root.children] == [
        "Texte",
        "Lung",
        "1.2.3",
        "Anne RADIOLOGUE",
        "20260915",
        "0915",
        "20260915091500",
        "",
        "",
    ]  # fmt: skip - one line
    assert root.children[8].referenced == (("1.2.840.10008.5.1.4.1.1.2", "1.2.9"),)


def test_an_item_by_reference_finds_its_target() -> None:
    by_reference = Dataset()
    by_reference.RelationshipType = "INFERRED FROM"
    by_reference.add_new(0x0040DB73, "UL", [1, 1])
    lost = Dataset()
    lost.add_new(0x0040DB73, "UL", [1, 9])
    root = tree(image("1.2.9"), container(code("1"), by_reference, lost))

    first, second = root.children[1].children
    assert first.target is root.children[0]
    assert second.target is None


def test_an_item_without_anything_is_an_item_without_anything() -> None:
    root = tree(Dataset(), item("NUM", None), item("CODE", code("1")))
    nothing, nameless, valueless = root.children

    assert (nothing.kind, nothing.term, nothing.meaning, nothing.value) == ("", ("", ""), "", "")
    assert (nameless.measured, nameless.modifiers()) == ({}, [])
    assert valueless.code == {}


def test_snomed_rt_is_snomed_ct() -> None:
    root = tree(
        coded(code("G-C0E3", "SRT", "Finding Site"), code("T-A7010", "SNM3", "Spinal cord"))
    )

    assert root.find(Term("SCT", "363698007")) is root.children[0]
    assert term(root.children[0].code) == Term("SCT", "2748008")


def test_the_template_is_the_one_that_the_root_claims() -> None:
    claimed = Dataset()
    claimed.MappingResource, claimed.TemplateIdentifier = "DCMR", "1500"

    assert template(tree(ContentTemplateSequence=[claimed])) == "1500"
    assert template(tree()) == ""
