from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.errors import Invalid
from gateway.fhir.packages import read_package
from gateway.ingest.packages import TAG_SYSTEM, Installed, Listed, install, installed
from tests.unit.fhir.test_packages import GUIDE, MANIFEST, SET, packed

if TYPE_CHECKING:
    from gateway.fhir.packages import Package
    from gateway.store.api import Store


def package(*resources: dict[str, Any], **more: Any) -> Package:  # noqa: ANN401 - any JSON
    """Return a package of resources."""
    files: dict[str, Any] = {"package/package.json": MANIFEST | more}
    files |= {f"package/{number}.json": one for number, one in enumerate(resources)}
    return read_package(packed(files))


def stored(store: Store, reference: str) -> dict[str, Any]:
    """Return a resource without what the write adds."""
    found = store.read(*reference.split("/"))
    assert found is not None
    resource = found.resource
    resource["meta"] = {"tag": resource["meta"]["tag"]}
    return resource


def test_a_package_is_installed_once(store: Store) -> None:
    done = install(store, package(SET))
    assert done == Installed("example.fhir.test#1.0.0", {"created": 2})
    tag = {"tag": [{"system": TAG_SYSTEM, "code": "example.fhir.test#1.0.0"}]}
    assert stored(store, "ValueSet/s") == SET | {"meta": tag}
    (listed,) = installed(store)
    assert (listed.name, listed.version, listed.title) == ("example.fhir.test", "1.0.0", "Test")
    assert stored(store, listed.guide) == {
        "resourceType": "ImplementationGuide",
        "id": listed.guide.partition("/")[2],
        "meta": tag,
        "url": "http://fhir.org/packages/example.fhir.test/ImplementationGuide/example.fhir.test",
        "version": "1.0.0",
        "name": "example_fhir_test",
        "title": "Test",
        "status": "active",
        "packageId": "example.fhir.test",
        "fhirVersion": ["4.0.1"],
        "dependsOn": [
            {
                "uri": "http://fhir.org/packages/hl7.fhir.r4.core/ImplementationGuide/"
                "hl7.fhir.r4.core",
                "packageId": "hl7.fhir.r4.core",
                "version": "4.0.1",
            }
        ],
    }
    before = store.history(limit=10)
    assert install(store, package(SET)).outcomes == {"unchanged": 2}
    assert store.history(limit=10) == before


def test_its_own_guide_stands_for_the_package(store: Store) -> None:
    guide = GUIDE | {"packageId": "example.fhir.test", "version": "1.0.0", "name": "Guide"}
    done = install(store, package(guide, SET))
    assert done.outcomes == {"created": 2}
    assert [what for what, _ in done.invalid] == ["ImplementationGuide/g"]
    assert installed(store) == [
        Listed("example.fhir.test", "1.0.0", "Guide", "ImplementationGuide/g")
    ]


def test_two_versions_live_side_by_side(store: Store) -> None:
    older, newer = SET | {"version": "1"}, SET | {"version": "2", "title": "New"}
    install(store, package(older))
    install(store, package(newer, version="2.0.0"))
    install(store, package(newer, version="10.0.0"))
    assert stored(store, "ValueSet/s")["version"] == "1"
    found = [one.resource for one in store.history("ValueSet")]
    tags = [[tag["code"].partition("#")[2] for tag in one["meta"]["tag"]] for one in found]
    assert [(one["version"], labels) for one, labels in zip(found, tags, strict=True)] == [
        ("2", ["10.0.0", "2.0.0"]),
        ("2", ["2.0.0"]),
        ("1", ["1.0.0"]),
    ]
    assert found[0]["id"] == found[1]["id"] != "s"
    assert [one.version for one in installed(store)] == ["1.0.0", "2.0.0", "10.0.0"]


def test_what_somebody_else_wrote_is_not_overwritten(store: Store) -> None:
    own = {"resourceType": "ValueSet", "id": "s", "status": "draft", "url": "urn:own"}
    with store.transaction() as tx:
        tx.put(own)
    install(store, package(SET))
    found = store.read("ValueSet", "s")
    assert found is not None
    assert found.resource["url"] == "urn:own"
    assert len(store.history("ValueSet")) == 2
    assert install(store, package(SET)).outcomes == {"unchanged": 2}


def test_what_a_package_has_wrong_is_kept_and_told(store: Store) -> None:
    wrong = {"resourceType": "ValueSet", "id": "Not an id!", "url": "urn:w", "status": "maybe"}
    done = install(store, package(wrong))
    assert done.outcomes == {"created": 2}
    assert [what for what, _ in done.invalid] == ["ValueSet/Not an id!"]
    assert store.history("ValueSet")[0].resource["status"] == "maybe"


def test_large_packages_come_in_batches(store: Store) -> None:
    many = [SET | {"id": f"s{number}", "url": f"urn:s{number}"} for number in range(600)]
    assert install(store, package(*many)).outcomes == {"created": 601}
    assert install(store, package(*many)).outcomes == {"unchanged": 601}


def _profile(name: str, base: str, *elements: dict[str, Any]) -> dict[str, Any]:
    return {
        "resourceType": "StructureDefinition",
        "id": name,
        "url": f"http://example.org/StructureDefinition/{name}",
        "name": name,
        "status": "draft",
        "kind": "resource",
        "abstract": False,
        "type": "Patient",
        "derivation": "constraint",
        "baseDefinition": base,
        "differential": {"element": list(elements)},
    }


_PATIENT = "http://hl7.org/fhir/StructureDefinition/Patient"
_NAMED = {"id": "Patient.name", "path": "Patient.name", "min": 1}


def test_a_profile_without_snapshot_is_installed_with_one(store: Store) -> None:
    done = install(store, package(_profile("named", _PATIENT, _NAMED)))
    assert done.invalid == []
    elements = stored(store, "StructureDefinition/named")["snapshot"]["element"]
    assert next(one for one in elements if one["id"] == "Patient.name")["min"] == 1


def test_profiles_that_contradict_leave_nothing_behind(store: Store) -> None:
    wrong = _NAMED | {"max": "0"}
    with pytest.raises(Invalid, match=r"Patient\.name: min 1 is above its max 0"):
        install(store, package(SET, _profile("wrong", _PATIENT, wrong)))
    assert store.read("ValueSet", "s") is None
    assert installed(store) == []


def test_a_profile_whose_base_is_not_here_is_told(store: Store) -> None:
    done = install(store, package(_profile("named", "http://example.org/other", _NAMED)))
    ((what, why),) = [one for one in done.invalid if "snapshot" not in one[1]]
    assert what == "StructureDefinition/named"
    assert "http://example.org/other, which is not here" in why


def test_packages_that_are_needed_and_not_here_are_named(store: Store) -> None:
    needs = {"dependencies": {"hl7.fhir.r4.core": "4.0.1", "example.other": "1.0.0"}}
    assert install(store, package(SET, **needs)).missing == ["example.other#1.0.0"]


def test_packages_that_depend_on_each_other_are_refused(store: Store) -> None:
    install(store, package(name="example.other", dependencies={"example.fhir.test": "1.0.0"}))
    with pytest.raises(Invalid, match=r"in a ring: example.fhir.test > example.other > example"):
        install(store, package(SET, dependencies={"example.other": "1.0.0"}))
    assert store.read("ValueSet", "s") is None
