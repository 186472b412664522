from __future__ import annotations

from typing import Any

import pytest

from gateway.fhir.search.converters import strings
from gateway.fhir.search.tree import Node, Only, Path, read_path, visit

_URL = "http://x.example/a.b:c=d"


def _path(
    steps: tuple[tuple[str, Only | None], ...],
    type_name: str,
    target: str = "",
    *,
    rooted: bool = False,
) -> Path:
    return Path(rooted, steps, type_name, target)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (":Observation", _path((), "Observation")),
        ("name.given:string", _path((("name", None), ("given", None)), "string")),
        ("gender:code@http://x/y", _path((("gender", None),), "code@http://x/y")),
        (
            "/subject[->Patient]:Reference",
            _path((("subject", None),), "Reference", "Patient", rooted=True),
        ),
        (
            f"extension[url={_URL}][#0].valueCode:code",
            _path((("extension", Only((("url", _URL),), 0)), ("valueCode", None)), "code"),
        ),
    ],
)
def test_a_path_is_steps_with_conditions_and_a_type(text: str, path: Path) -> None:
    assert read_path(text) == path


def test_what_is_no_path_is_refused() -> None:
    with pytest.raises(ValueError, match="not a path"):
        read_path("name.given")


@pytest.mark.parametrize(
    ("path", "texts"),
    [
        ("name.given:string", {"Anne", "Marie", "Nana"}),
        ("name[use=usual].given:string", {"Nana"}),
        ("name[#1].given:string", {"Nana"}),
        ("name[#0].given[#1]:string", {"Marie"}),
        ("name[use=old].given:string", set()),
        ("name[#7].given:string", set()),
        ("language:string", {"fr"}),
        ("nothing.given:string", set()),
    ],
)
def test_only_what_meets_the_conditions_is_entered(path: str, texts: set[str]) -> None:
    patient = {
        "name": [
            {"use": "official", "given": ["Anne", "Marie"]},
            {"use": "usual", "given": "Nana"},
            "no name",
            None,
        ],
        "language": "fr",
    }
    root, found = Node(), (set[Any](),)
    root.plant(read_path(path).steps).emit(strings, 0, 7)
    visit(root, patient, found)
    assert {row[2] for row in found[0]} == texts


def test_a_converter_runs_once_for_all_who_ask() -> None:
    asked = []

    def convert(element: Any) -> tuple[tuple[str], ...]:  # noqa: ANN401 - any element
        asked.append(element)
        return ((element,),)

    root, found = Node(), (set[Any](), set[Any]())
    for kind, identity in ((0, 1), (0, 2), (0, 2), (1, 1)):
        root.below(("a",)).emit(convert, kind, identity)
    visit(root, {"a": "x"}, found)
    assert (asked, found) == (["x"], ({(1, "x"), (2, "x")}, {(1, "x")}))
