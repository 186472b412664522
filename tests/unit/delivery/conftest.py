from __future__ import annotations

import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from gateway.delivery.recipients import resource_changed
from gateway.store.api import open_store
from gateway.store.migrate import migrate
from gateway.store.objects import FileObjects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gateway.fhir.wire import Resource
    from gateway.store.api import Store

NOON = datetime(2026, 3, 12, 12, 0, tzinfo=UTC)


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrate once: the tables take half a second."""
    path: Path = tmp_path_factory.mktemp("migrated") / "gateway.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def store(tmp_path: Path, migrated: Path, clock: Clock) -> Iterator[Store]:
    shutil.copy(migrated, tmp_path / "gateway.db")
    url = f"sqlite:///{tmp_path / 'gateway.db'}"
    opened = open_store(url, clock=clock)
    opened.watch(resource_changed)
    yield opened
    opened.close()


@pytest.fixture
def objects(tmp_path: Path) -> FileObjects:
    return FileObjects(tmp_path / "objects")


@pytest.fixture
def write(store: Store) -> Callable[..., None]:
    """Write resources, one transaction for all."""

    def write_all(*resources: Resource) -> None:
        with store.transaction() as tx:
            for resource in resources:
                tx.put(resource)

    return write_all


@pytest.fixture
def people() -> list[Resource]:
    """Return the treating physician, the requester, the radiologist and the centre."""
    return [
        _practitioner("lecoeur", "10000023084", "Lecœur", "Hélène", "h.lecoeur@cabinet.example"),
        _practitioner("garnier", "10002909371", "GARNIER", "LUC", "luc@medecin.mssante.fr"),
        _practitioner("garcon", "99700218896", "GARÇON", "NOËL", "n.garcon@imagerie.example"),
        {
            "resourceType": "Organization",
            "id": "ill",
            "name": "Centre d'imagerie de l'Ill",
        },
    ]


def _practitioner(name: str, rpps: str, family: str, given: str, mail: str) -> Resource:
    return {
        "resourceType": "Practitioner",
        "id": name,
        "identifier": [{"system": "https://rpps.esante.gouv.fr", "value": rpps}],
        "name": [{"family": family, "given": [given], "prefix": ["Dr"]}],
        "telecom": [{"system": "email", "value": mail}],
    }


@pytest.fixture
def patient() -> Resource:
    """Return the ANS test patient, qualified, with a treating physician."""
    reliability = "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-identity-reliability"
    return {
        "resourceType": "Patient",
        "id": "pat-trois",
        "extension": [
            {
                "url": reliability,
                "extension": [{"url": "identityStatus", "valueCoding": {"code": "VALI"}}],
            }
        ],
        "identifier": [
            {"use": "official", "system": "urn:oid:1.2.250.1.213.1.4.10", "value": _INS},
        ],
        "name": [{"use": "official", "family": "PAT-TROIS", "given": ["DOMINIQUE"]}],
        "gender": "female",
        "birthDate": "1979-03-28",
        "generalPractitioner": [{"reference": "Practitioner/lecoeur"}],
    }


_INS = "279035121518989"


@pytest.fixture
def order() -> Resource:
    return {
        "resourceType": "ServiceRequest",
        "id": "order",
        "status": "active",
        "intent": "order",
        "identifier": [{"type": {"coding": [{"code": "ACSN"}]}, "value": "ACC-2026-0042"}],
        "subject": {"reference": "Patient/pat-trois"},
        "requester": {"reference": "Practitioner/garnier"},
    }


@pytest.fixture
def study() -> Resource:
    return {
        "resourceType": "ImagingStudy",
        "id": "study",
        "status": "available",
        "subject": {"reference": "Patient/pat-trois"},
        "started": "2026-03-12T09:00:00+01:00",
    }


@pytest.fixture
def measurements() -> list[Resource]:
    return [
        {
            "resourceType": "Observation",
            "id": "canal",
            "status": "final",
            "code": {"text": "Canal lombaire L4-L5"},
            "valueQuantity": {"value": 11.5, "unit": "mm"},
        },
        {
            "resourceType": "Observation",
            "id": "t-score",
            "status": "final",
            "code": {"coding": [{"code": "x", "display": "T-score"}]},
            "valueQuantity": {"value": -2.3},
        },
    ]


@pytest.fixture
def report() -> Resource:
    return {
        "resourceType": "DiagnosticReport",
        "id": "1a2b3c4d-0000-5000-8000-000000000001",
        "status": "final",
        "code": {"text": "Scanner du rachis lombaire sans injection"},
        "subject": {"reference": "Patient/pat-trois"},
        "basedOn": [{"reference": "ServiceRequest/order"}],
        "imagingStudy": [{"reference": "ImagingStudy/study"}],
        "performer": [{"reference": "Organization/ill"}],
        "resultsInterpreter": [{"reference": "Practitioner/garcon"}],
        "effectiveDateTime": "2026-03-12T09:00:00+01:00",
        "issued": "2026-03-12T13:05:00+01:00",
        "result": [{"reference": "Observation/canal"}, {"reference": "Observation/t-score"}],
        "conclusion": "Hernie discale L4-L5 gauche.\n"
        "Œdème des plateaux : à confronter à la clinique.",
    }


@pytest.fixture
def everything(
    people: list[Resource],
    patient: Resource,
    order: Resource,
    study: Resource,
    measurements: list[Resource],
) -> list[Resource]:
    """Return everything that a report leads to."""
    return [*people, patient, order, study, *measurements]
