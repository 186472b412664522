"""A FHIR package into the store: its conformance resources under ids that stay.

The package itself is kept as its ImplementationGuide, which names package, version and
dependencies (https://hl7.org/fhir/R4/implementationguide.html); one is made where the package has
none. Everything that a package brought carries its label as a tag, and the ImplementationGuide is
written last: what it lists is whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from uuid import NAMESPACE_URL, uuid5

from gateway.fhir.search.query import parse_search
from gateway.fhir.terminology.canonical import version_order
from gateway.fhir.terminology.elements import rows, text
from gateway.fhir.validation import validate
from gateway.ingest.contention import persistently
from gateway.ingest.profiles import PackageProfiles, missing_dependencies, require_no_ring

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gateway.fhir.packages import Package
    from gateway.fhir.wire import Resource
    from gateway.store.api import Store, Transaction
    from gateway.store.records import Outcome, Stored

#: The system of the tag that says which package a resource came with; its code is name#version.
TAG_SYSTEM: Final = "urn:passerelle:package"
_ID: Final = re.compile(r"[A-Za-z0-9.-]{1,64}")
# As many resources are committed at once: other writers wait no longer than that.
_BATCH: Final = 250
_GUIDE: Final = "ImplementationGuide"


@dataclass(slots=True)
class Installed:
    """What became of a package: resources by outcome, and those that base R4 does not accept.

    `invalid` is [(what, first fault)], `missing` the packages it needs that are not here.
    """

    label: str
    outcomes: dict[Outcome, int] = field(default_factory=dict)
    invalid: list[tuple[str, str]] = field(default_factory=list)
    left_out: int = 0
    missing: list[str] = field(default_factory=list)

    @property
    def changed(self) -> int:
        """How many resources were written."""
        return sum(number for how, number in self.outcomes.items() if how != "unchanged")


@dataclass(frozen=True, slots=True)
class Listed:
    """A package that is installed."""

    name: str
    version: str
    title: str
    guide: str


def install(store: Store, package: Package, *, judged: bool = False) -> Installed:
    """Write the resources of a package; the same package again changes nothing.

    `judged`: base R4 accepts it and its profiles are whole and do not contradict, as is known of
    the gateway's own package; nothing of it is judged nor told then.

    A package is written in batches, each in one transaction, most packages in one. What published
    packages have wrong is kept as published and told. Raises `Unavailable` when the store cannot
    commit: installing again goes on where it ended; `Invalid`, with nothing written, for packages
    that depend on each other and for profiles that contradict.
    """
    held = _dependencies(store)
    require_no_ring(package, held)
    profiles = None if judged else PackageProfiles(store, package)
    if profiles is not None:
        profiles.check()
    done = Installed(package.label, left_out=package.left_out)
    done.missing = missing_dependencies(package, held)
    resources = _with_guide(package)
    for batch in _batches(resources if profiles is None else map(profiles.whole, resources)):
        outcomes = persistently(partial(_write, store, batch, package.label))
        for outcome in outcomes:
            done.outcomes[outcome] = done.outcomes.get(outcome, 0) + 1
        if profiles is not None:
            done.invalid += [fault for one in batch for fault in _faults(one)]
    if profiles is not None:
        done.invalid += profiles.untold
    return done


def _batches(resources: Iterable[Resource]) -> Iterator[list[Resource]]:
    batch: list[Resource] = []
    for one in resources:
        batch.append(one)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _with_guide(package: Package) -> Iterator[Resource]:
    found = False
    for one in package.resources():
        found |= one["resourceType"] == _GUIDE and text(one, "packageId") == package.name
        yield one
    if not found:
        yield _guide(package)


def _guide(package: Package) -> Resource:
    """Return an ImplementationGuide for a package that has none."""
    made: Resource = {
        "resourceType": _GUIDE,
        "url": _guide_url(package.name),
        "version": package.version,
        "name": re.sub(r"\W", "_", package.name, flags=re.ASCII),
        "status": "active",
        "packageId": package.name,
        "fhirVersion": ["4.0.1"],
    }
    if package.title:
        made["title"] = package.title
    if package.dependencies:
        made["dependsOn"] = [
            {"uri": _guide_url(name), "packageId": name, "version": version}
            for name, version in package.dependencies.items()
        ]
    return made


def _guide_url(name: str) -> str:
    return f"http://fhir.org/packages/{name}/{_GUIDE}/{name}"


def _faults(resource: Resource) -> Iterator[tuple[str, str]]:
    errors = [issue for issue in validate(resource) if issue.severity == "error"]
    if errors:
        kind, name = resource["resourceType"], text(resource, "id") or text(resource, "url")
        first = errors[0]
        yield (
            f"{kind}/{name}",
            f"{first.expression}: {first.text}" if first.expression else first.text,
        )


# Writing


def _write(store: Store, batch: Iterable[Resource], label: str) -> list[Outcome]:
    with store.transaction() as tx:
        return [tx.put(_placed(tx, one, label)).outcome for one in batch]


def _placed(tx: Transaction, resource: Resource, label: str) -> Resource:
    """Return the resource with the id that it is kept under, and with the tags that it has."""
    kind, canonical = resource["resourceType"], _canonical(resource)
    own, stable = (
        text(resource, "id"),
        str(uuid5(NAMESPACE_URL, f"{resource['resourceType']}:{canonical}")),
    )
    held = tx.read(kind, stable)
    if (held is None or held.deleted) and _ID.fullmatch(own):
        there = tx.read(kind, own)
        if there is None or there.deleted or _canonical(there.resource) == canonical:
            stable, held = own, there
    tags = [] if held is None or held.deleted else _package_tags(held.resource)
    return _tagged(resource | {"id": stable}, [*tags, label])


def _canonical(resource: Resource) -> str:
    """Return `url|version`, or the id of a NamingSystem, which has neither."""
    url = text(resource, "url") or text(resource, "name")
    return f"{url}|{text(resource, 'version')}"


def _package_tags(resource: Resource) -> list[str]:
    meta = resource.get("meta")
    tags = rows(meta.get("tag")) if isinstance(meta, dict) else []
    return [text(one, "code") for one in tags if text(one, "system") == TAG_SYSTEM]


def _tagged(resource: Resource, labels: Iterable[str]) -> Resource:
    given = resource.get("meta")
    meta: dict[str, Any] = dict(given) if isinstance(given, dict) else {}
    kept = [one for one in rows(meta.get("tag")) if text(one, "system") != TAG_SYSTEM]
    tags = [{"system": TAG_SYSTEM, "code": label} for label in sorted(set(labels))]
    return resource | {"meta": meta | {"tag": kept + tags}}


# Listing


def installed(store: Store) -> list[Listed]:
    """Return the packages that are there as a whole, by name and version."""
    found = []
    for stored in _guides(store):
        guide = stored.resource
        title = text(guide, "title") or text(guide, "name")
        for label in _package_tags(guide):
            name, _, version = label.partition("#")
            if name == text(guide, "packageId"):
                found.append(Listed(name, version, title, stored.reference))
    return sorted(found, key=lambda one: (one.name, version_order(one.version)))


def _dependencies(store: Store) -> dict[str, set[str]]:
    """Return {package: the packages it depends on} of those that are there."""
    found: dict[str, set[str]] = {}
    for stored in _guides(store):
        guide = stored.resource
        names = {text(one, "packageId") for one in rows(guide.get("dependsOn"))}
        found.setdefault(text(guide, "packageId"), set()).update(names - {""})
    return found


def _guides(store: Store) -> Iterator[Stored]:
    query = parse_search(_GUIDE, [("_tag", f"{TAG_SYSTEM}|"), ("_count", "200")])
    yield from store.search(query).matches
