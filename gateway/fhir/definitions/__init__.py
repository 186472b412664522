"""The definitions of FHIR R4 as data, written by `scripts/compile_definitions.py`."""

from __future__ import annotations

import json
from functools import cache, lru_cache
from importlib.resources import files
from io import BytesIO
from typing import Any, Final
from zipfile import ZipFile

FHIR_VERSION: Final = "4.0.1"


@cache
def _archive() -> ZipFile:
    return ZipFile(BytesIO(files(__name__).joinpath("r4.zip").read_bytes()))


def member(name: str) -> Any:  # noqa: ANN401 - JSON, told by the script that writes it
    """Return one JSON member of `r4.zip`; raises KeyError when there is none."""
    return json.loads(_archive().read(name))


@cache
def resource_types() -> frozenset[str]:
    """Return the names of all R4 resource types."""
    return frozenset(member("resources.json"))


@lru_cache(maxsize=8)
def _type(name: str) -> dict[str, dict[str, list[Any]]]:
    found: dict[str, dict[str, list[Any]]] = member(f"{name}.json")
    return found


def elements(path: str) -> dict[str, list[Any]]:
    """Return {JSON name: [type, min, max, choice, value set, targets]} of a type path.

    KeyError when there is none.
    """
    return _type(path.partition(".")[0])[path]


@cache
def _systems() -> dict[str, str]:
    listed: dict[str, dict[str, list[str]]] = member("codes.json")
    return {name: next(iter(codes)) for name, codes in listed.items() if len(codes) == 1}


def code_system(value_set: str) -> str:
    """Return the system of all codes of a required binding, "" when there are several."""
    return _systems().get(value_set, "")


@cache
def _search_table() -> dict[str, list[list[Any]]]:
    text = files(__name__).joinpath("search_parameters.json").read_bytes()
    found: dict[str, list[list[Any]]] = json.loads(text)
    return found


def search_rows(resource_type: str) -> list[list[Any]]:
    """Return [[code, kind, paths, targets, definition id, components]] of a type or `Resource`."""
    return _search_table().get(resource_type, [])


def summary_names(path: str) -> frozenset[str]:
    """Return the JSON names below a type path that are part of a summary (isSummary).

    https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.isSummary; a type
    that is not there has none.
    """
    return _summary().get(path, frozenset())


def mandatory_names(path: str) -> frozenset[str]:
    """Return the JSON names below a type path that must be there (min > 0), choices included."""
    try:
        rows = elements(path)
    except KeyError:
        return frozenset()
    return frozenset(name for name, row in rows.items() if row[1])


def compartment_rows() -> dict[str, dict[str, list[str]]]:
    """Return {compartment: {resource type: codes of its search parameters}}."""
    found: dict[str, dict[str, list[str]]] = member("compartments.json")
    return found


@cache
def _summary() -> dict[str, frozenset[str]]:
    return {path: frozenset(names) for path, names in member("summary.json").items()}
