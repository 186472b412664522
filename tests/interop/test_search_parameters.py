"""The search parameters of published French packages can all be indexed."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from gateway.errors import Unsupported
from gateway.fhir.search.expressions import rows_of
from gateway.fhir.search.tree import read_path
from gateway.fhir.wire import loads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.fhir.wire import Resource

_SHARED: Final = Path(os.environ.get("GATEWAY_SHARED", Path(__file__).parents[3] / "shared"))
_PACKAGES: Final = _SHARED / "packages"
pytestmark = pytest.mark.skipif(
    not _PACKAGES.is_dir(), reason="the published packages are not here (GATEWAY_SHARED)"
)


def _definitions() -> Iterator[tuple[str, Resource]]:
    for package in sorted(_PACKAGES.glob("*.tgz")):
        with tarfile.open(package) as archive:
            for found in archive:
                name = Path(found.name).name
                body = archive.extractfile(found) if name.startswith("SearchParameter-") else None
                if body is not None:
                    yield name, loads(body.read())


def test_every_published_search_parameter_has_rows_of_paths_that_can_be_read() -> None:
    refused: dict[str, str] = {}
    paths = 0
    for name, definition in _definitions():
        try:
            rows = rows_of(definition)
        except Unsupported as fault:
            refused[name] = str(fault)
            continue
        assert set(rows) == set(definition["base"])
        for [row] in rows.values():
            paths += len([read_path(path) for path in row[2]])
    assert refused == {}
    assert paths > 100
