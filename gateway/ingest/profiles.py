"""The profiles of a package before it is installed: whole, and without contradictions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.errors import Invalid, NotFound
from gateway.fhir.terminology.elements import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.fhir.packages import Package
    from gateway.fhir.wire import Resource
    from gateway.store.api import Store

# Its definitions are a part of the gateway.
_BUILT_IN: Final = frozenset({"hl7.fhir.r4.core"})


class PackageProfiles:
    """Makes the snapshots that a package left out, from its own profiles and those installed.

    `untold` is [(what, why there is no snapshot)].
    """

    def __init__(self, store: Store, package: Package) -> None:
        """Read the profiles of `package`."""
        # Not needed for the gateway's own package, whose first installation delays the doors.
        from gateway.store.profiles import StoredProfiles  # noqa: PLC0415 - see above

        self._stored = StoredProfiles(store)
        self._own: dict[str, Resource] = {}
        self.untold: list[tuple[str, str]] = []
        for one in package.resources():
            if one["resourceType"] == "StructureDefinition":
                self._own[text(one, "url")] = one

    def check(self) -> None:
        """Raise `Invalid` for profiles that contradict, before anything is written."""
        for one in self._own.values():
            self.whole(one)
        self.untold.clear()

    def whole(self, resource: Resource) -> Resource:
        """Return a resource, a profile with its snapshot."""
        if not _lacks_snapshot(resource):
            return resource
        from gateway.fhir.snapshot import with_snapshot  # noqa: PLC0415 - as above

        try:
            return with_snapshot(resource, self._find)
        except NotFound as missing:
            self.untold.append((f"StructureDefinition/{text(resource, 'id')}", missing.text))
            return resource

    def _find(self, canonical: str) -> Resource | None:
        url, _, version = canonical.partition("|")
        own = self._own.get(url)
        if own is not None and version in ("", text(own, "version")):
            return own
        return self._stored.structure(canonical)


def _lacks_snapshot(resource: Resource) -> bool:
    given = resource.get("snapshot")
    return (
        resource["resourceType"] == "StructureDefinition"
        and text(resource, "derivation") == "constraint"
        and text(resource, "kind") != "logical"
        and not (isinstance(given, dict) and given.get("element"))
    )


def missing_dependencies(package: Package, installed: Mapping[str, set[str]]) -> list[str]:
    """Return `name#version` of the packages that it needs and that are not here."""
    return [
        f"{name}#{version}"
        for name, version in sorted(package.dependencies.items())
        if name not in _BUILT_IN and name not in installed
    ]


def require_no_ring(package: Package, installed: Mapping[str, set[str]]) -> None:
    """Raise `Invalid` when a package depends on one that depends on it."""
    waiting: list[tuple[str, tuple[str, ...]]] = [
        (name, (package.name, name)) for name in package.dependencies
    ]
    seen: set[str] = set()
    while waiting:
        name, path = waiting.pop()
        if name == package.name:
            message = f"The packages depend on each other in a ring: {' > '.join(path)}."
            raise Invalid(message)
        if name not in seen:
            seen.add(name)
            waiting += [(one, (*path, one)) for one in installed.get(name, ())]
