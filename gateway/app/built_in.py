"""The package of the gateway's own profiles, installed with the database (`docs/profiles.md`).

It lies in `profiles/` of the sources and in `gateway/profiles/` of the wheel.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.app.assembly import now
from gateway.store.api import open_store

if TYPE_CHECKING:
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
