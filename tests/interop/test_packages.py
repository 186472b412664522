"""Published French packages and value sets: installed, expanded, searched by."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import pytest

from gateway.errors import NotFound
from gateway.fhir.packages import read_package
from gateway.fhir.search import parameters
from gateway.fhir.terminology.base import BaseTerminology
from gateway.fhir.terminology.expansion import Expanding, expand
from gateway.fhir.terminology.resolver import Chain
from gateway.fhir.terminology.terminology import Terminology
from gateway.fhir.terminology.value_set import read_value_set
from gateway.fhir.validation import validate
from gateway.ingest.packages import install, installed
from gateway.ingest.search_parameters import SearchParameters
from gateway.store.api import open_store
from gateway.store.canonicals import StoredTerminology
from gateway.store.migrate import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.store.api import Store
    from tests.e2e.process import GatewayProcess
    from tests.interop.conftest import Start

_SHARED: Final = Path(os.environ.get("GATEWAY_SHARED", Path(__file__).parents[3] / "shared"))
_PACKAGES: Final = sorted((_SHARED / "packages").glob("*.tgz"))
_VALUE_SETS: Final = sorted((_SHARED / "terminology").glob("JDV_*.json"))
pytestmark = pytest.mark.skipif(
    not _PACKAGES or not _VALUE_SETS,
    reason="the published packages are not here (GATEWAY_SHARED)",
)
# Code systems that the packages name and that nobody put into a package here.
_ELSEWHERE: Final = (
    *("https://mos.esante.gouv.fr/", "http://snomed.info/sct", "http://loinc.org"),
    *("https://smt.esante.gouv.fr/", "urn:iso:", "urn:ietf:"),
    # Later versions than those of R4.
    "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus|4.0.0",
    "http://terminology.hl7.org/CodeSystem/discharge-disposition|1.0.1",
)
_MOMENT: Final = "2026-03-01T10:00:00+01:00"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store with every package in it."""
    url = f"sqlite:///{tmp_path_factory.mktemp('packages') / 'gateway.db'}"
    migrate(url)
    opened = open_store(url)
    for file in _PACKAGES:
        install(opened, read_package(file.read_bytes()))
    yield opened
    opened.close()
    parameters.install({})


@pytest.fixture(scope="module")
def terminology(store: Store) -> Terminology:
    return Terminology(Chain(StoredTerminology(store), BaseTerminology()))


def value_set(file: Path) -> dict[str, Any]:
    """Return one of the French value sets as a resource."""
    given = json.loads(file.read_text("utf-8"))
    systems: dict[str, list[dict[str, str]]] = {}
    for one in given["concepts"]:
        concept = {"code": one["code"], "display": one["displayName"]}
        systems.setdefault(f"urn:oid:{one['codeSystem']}", []).append(concept)
    return {
        "resourceType": "ValueSet",
        "url": given["url"] or f"urn:oid:{given['id']}",
        "version": given["revision"] or "1",
        "status": "active",
        "compose": {"include": [{"system": s, "concept": c} for s, c in systems.items()]},
    }


def test_every_package_is_installed_once(store: Store) -> None:
    labels = [read_package(file.read_bytes()).label for file in _PACKAGES]
    assert sorted(f"{one.name}#{one.version}" for one in installed(store)) == sorted(labels)
    again = [install(store, read_package(file.read_bytes())).outcomes for file in _PACKAGES]
    assert {outcome for outcomes in again for outcome in outcomes} == {"unchanged"}


def test_every_value_set_is_expanded_or_names_the_system_that_is_missing(
    store: Store, terminology: Terminology
) -> None:
    expanded = 0
    missing: Counter[str] = Counter()
    for stored in store.history("ValueSet", limit=1000):
        asked = read_value_set(stored.resource)
        try:
            expansion = expand(terminology.walk(asked), Expanding(), moment=_MOMENT)
        except NotFound as fault:
            missing[fault.text.removeprefix("The code system ").partition(" ")[0]] += 1
            continue
        assert expansion["expansion"]["total"] == len(expansion["expansion"]["contains"])
        assert [one for one in validate(expansion) if one.severity == "error"] == []
        expanded += 1
    assert [name for name in missing if not name.startswith(_ELSEWHERE)] == []
    assert expanded > missing.total()


def test_the_newest_fr_core_answers_unless_an_older_one_is_asked_for(
    terminology: Terminology,
) -> None:
    url = "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-mode-validation-identity"
    sizes = [len(terminology.code_system(url, one).concepts) for one in ("", "2.1.0", "2.2.0")]
    assert sizes == [13, 10, 13]


def test_search_parameters_of_the_packages_are_served(store: Store) -> None:
    served = SearchParameters(store)
    served.refresh()
    assert served.served > 25
    found = {
        (name, code): parameters.parameter(name, code)
        for name, code in (
            ("PractitionerRole", "number-smartcard"),
            ("Organization", "address-insee"),
            ("CareTeam", "participant-start"),
            ("CommunicationRequest", "event-type"),
            ("DocumentReference", "isArchived"),
        )
    }
    assert [key for key, one in found.items() if one is None] == []


def test_a_serving_gateway_searches_by_what_a_package_brings(start: Start) -> None:
    annuaire = next(file for file in _PACKAGES if "annuaire" in file.name)
    trace = "https://interop.esante.gouv.fr/ig/fhir/annuaire/StructureDefinition/"
    role = {
        "resourceType": "PractitionerRole",
        "extension": [
            {
                "url": f"{trace}as-ext-practitionerrole-smartcard",
                "extension": [{"url": "number", "valueString": "2800123456"}],
            }
        ],
    }
    with start() as gateway:
        before = gateway.send("POST", "/fhir/PractitionerRole", role)[1]
        done = gateway.command("packages", "add", str(annuaire))
        assert done.returncode == 0, done.stderr
        # Every process knows the parameters within a second.
        time.sleep(1.5)
        after = gateway.send("POST", "/fhir/PractitionerRole", role)[1]
        deadline = time.monotonic() + 20
        found: set[str] = set()
        while len(found) < 2 and time.monotonic() < deadline:
            time.sleep(0.2)
            bundle = gateway.get("/fhir/PractitionerRole?number-smartcard=2800123456")
            # While rows are being filled, an OperationOutcome says so.
            entries = [one["resource"] for one in bundle.get("entry", [])]
            found = {one["id"] for one in entries if one["resourceType"] == "PractitionerRole"}
            assert after["id"] in found
        assert found == {before["id"], after["id"]}


def test_a_serving_gateway_answers_by_french_value_sets(start: Start) -> None:
    with start() as gateway:
        for file in _VALUE_SETS:
            made = value_set(file)
            status, answer = gateway.send("POST", "/fhir/ValueSet", made)
            assert status == 201, answer
            _check_value_set(gateway, made)


def _check_value_set(gateway: GatewayProcess, made: dict[str, Any]) -> None:
    url = quote(made["url"])
    total = sum(len(one["concept"]) for one in made["compose"]["include"])
    counted = gateway.get(f"/fhir/ValueSet/$expand?url={url}&count=0")["expansion"]["total"]
    assert 0 < counted <= total
    include = made["compose"]["include"][-1]
    last = include["concept"][-1]
    query = f"url={url}&system={include['system']}&code={quote(last['code'])}"
    valid = gateway.get(f"/fhir/ValueSet/$validate-code?{query}")["parameter"]
    assert valid[0] == {"name": "result", "valueBoolean": True}
    absent = gateway.get(f"/fhir/ValueSet/$validate-code?{query}x")["parameter"]
    assert absent[0] == {"name": "result", "valueBoolean": False}
