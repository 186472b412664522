"""The real application over the real store on SQLite, asked through ASGI."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import pytest

from gateway.fhir.terminology.base import BaseTerminology
from gateway.fhir.terminology.resolver import Chain
from gateway.fhir.terminology.terminology import Terminology
from gateway.ingest.resource import ResourceIngest
from gateway.rest.application import build_application
from gateway.rest.ports import Ports
from gateway.settings import Peers, Settings
from gateway.store.api import open_store
from gateway.store.canonicals import StoredTerminology
from gateway.store.migrate import migrate
from gateway.store.objects import FileObjects

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.rest.application import Application

MAX_BYTES = 300_000


@dataclass
class Caller:
    """A client of the door."""

    ports: Ports
    application: Application
    doors: dict[str, str]
    counted: list[tuple[str, str, int]]

    def ask(self, method: str, path: str, **said: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own keywords
        """Send one request."""
        return self.ask_all([(method, path, said)])[0]

    def ask_all(self, requests: list[tuple[str, str, dict[str, Any]]]) -> list[httpx.Response]:
        """Send requests at once."""

        async def run() -> list[httpx.Response]:
            transport = httpx.ASGITransport(self.application)
            async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
                return await asyncio.gather(
                    *(client.request(method, path, **said) for method, path, said in requests)
                )

        return asyncio.run(run())

    def create(self, resource: dict[str, Any]) -> dict[str, Any]:
        """Create a resource and return it as the door answers it."""
        answer = self.ask("POST", f"/fhir/{resource['resourceType']}", json=resource)
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.json()
        return created


@pytest.fixture(scope="session")
def blank_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a migrated database once."""
    path = tmp_path_factory.mktemp("blank") / "gateway.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def caller(tmp_path: Path, blank_database: Path) -> Iterator[Caller]:
    """Open a door of its own for each test."""
    shutil.copy(blank_database, tmp_path / "gateway.db")
    store = open_store(f"sqlite:///{tmp_path / 'gateway.db'}")
    doors = {"mllp": "ready"}
    counted: list[tuple[str, str, int]] = []
    ports = Ports(
        store=store,
        write=ResourceIngest(store, validation="base", new_id=lambda: str(uuid4())),
        objects=FileObjects(tmp_path / "objects"),
        settings=Settings(data_dir=tmp_path, peers=Peers(http_max_bytes=MAX_BYTES)),
        version="1.2.3",
        doors=lambda: doors,
        metrics=lambda: (b"up 1\n", "text/plain; version=0.0.4; charset=utf-8"),
        observe=lambda method, route, status, _: counted.append((method, route, status)),
        terminology=Terminology(Chain(StoredTerminology(store), BaseTerminology())),
    )
    yield Caller(ports, build_application(ports), doors, counted)
    store.close()


@pytest.fixture
def patient() -> dict[str, Any]:
    """Return a synthetic patient without id."""
    return {
        "resourceType": "Patient",
        "identifier": [{"system": "urn:oid:1.2.250.1.999.1", "value": "IPP-0042"}],
        "name": [{"family": "Lefèvre", "given": ["Camille"]}],
        "gender": "female",
        "birthDate": "1958-03-09",
    }
