"""The door over each database, with the definitions of the programmes in it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from gateway.ingest.programmes.definitions import install
from gateway.programmes.content import content_folder, read_content
from gateway.store.api import open_store
from gateway.store.migrate import migrate
from tests.conftest import empty_postgres
from tests.contract.programmes.region import Region

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.store.api import Store


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the definitions, made once."""
    path = tmp_path_factory.mktemp("furnished") / "gateway.db"
    migrate(f"sqlite:///{path}")
    store = open_store(f"sqlite:///{path}")
    install(store, read_content(content_folder()))
    store.close()
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path, furnished: Path) -> str:
    """The URL of a migrated database of each kind; SQLite's has the definitions already."""
    if request.param == "sqlite":
        shutil.copy(furnished, tmp_path / "gateway.db")
        return f"sqlite:///{tmp_path / 'gateway.db'}"
    url: str = request.getfixturevalue("postgres_url")
    empty_postgres(url)
    migrate(url)
    return url


@pytest.fixture
def region(store: Store, tmp_path: Path) -> Region:
    return Region(store, tmp_path)
