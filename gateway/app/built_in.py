"""What the gateway brings into its own store.

The package of its own profiles (`docs/profiles.md`) lies in `profiles/` of the sources and in
`gateway/profiles/` of the wheel; the definitions of its operations are made of their table.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway import __version__
from gateway.app.assembly import now
from gateway.ingest.contention import persistently
from gateway.store.api import open_store

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource
    from gateway.settings import Settings
    from gateway.store.api import Store

_GATEWAY: Final = Path(__file__).resolve().parent.parent
_PLACES: Final = (_GATEWAY / "profiles", _GATEWAY.parent / "profiles")
# Named by package and version: a start that finds it installed reads no more of it.
_NAME: Final = "passerelle.fhir"


def built_in_package() -> Path:
    """Return the file of the package that came with the gateway."""
    return next(file for place in _PLACES for file in place.glob(f"{_NAME}-*.tgz"))


def install_built_in(settings: Settings) -> bool:
    """Install the package unless this version of it is there; returns whether it was installed.

    The database must be migrated. Doors that do it at once write the same.
    """
    file = built_in_package()
    store = open_store(settings.database_url, clock=now, local_bases=(settings.fhir_url,))
    try:
        guide = store.read("ImplementationGuide", _NAME)
        if guide and not guide.deleted and file.stem == f"{_NAME}-{guide.resource.get('version')}":
            return False
        _install(store, file)
        return True
    finally:
        store.close()


def _install(store: Store, file: Path) -> None:
    from gateway.fhir.packages import read_package  # noqa: PLC0415 - once an installation
    from gateway.ingest.packages import install  # noqa: PLC0415 - as above

    install(store, read_package(file.read_bytes()), judged=True)


def install_operations(store: Store) -> int:
    """Write the definitions of the door's operations that are not there as they are.

    Returns how many were written. They tell what this server does, so that whatever was changed
    or deleted comes back. Raises `Unavailable`.
    """
    from gateway.rest.capabilities import DATE  # noqa: PLC0415 - the FHIR door alone
    from gateway.rest.operations.definitions import operation_definitions  # noqa: PLC0415 - as above
    from gateway.rest.routes import ROUTES  # noqa: PLC0415 - as above

    made = operation_definitions(ROUTES, version=__version__, date=DATE)
    waiting = [one for one in made if not _is_held(store, one)]

    def work() -> int:
        with store.transaction() as tx:
            for one in waiting:
                tx.put(one)
        return len(waiting)

    return persistently(work) if waiting else 0


def _is_held(store: Store, resource: Resource) -> bool:
    held = store.read(resource["resourceType"], resource["id"])
    if held is None or held.deleted:
        return False
    return {name: part for name, part in held.resource.items() if name != "meta"} == resource
