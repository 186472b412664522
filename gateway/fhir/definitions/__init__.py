"""The definitions of FHIR R4 as data, written by `scripts/compile_definitions.py`."""

from __future__ import annotations

import json
from functools import cache
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


@cache
def search_rows() -> dict[str, list[list[Any]]]:
    """Return {type: [[code, kind, paths, targets, definition id]]}."""
    text = files(__name__).joinpath("search_parameters.json").read_bytes()
    found: dict[str, list[list[Any]]] = json.loads(text)
    return found
