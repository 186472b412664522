"""The definitions that ship with the gateway: FHIR resources, one a file, a folder a programme.

They lie in `profiles/programmes/` of the sources and in `gateway/profiles/programmes/` of the
wheel. Nothing here knows what they say.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.errors import Invalid, Malformed
from gateway.fhir.wire import loads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.fhir.wire import Resource

_PACKAGE: Final = Path(__file__).parent.parent
_PLACES: Final = (
    _PACKAGE / "profiles" / "programmes",
    _PACKAGE.parent / "profiles" / "programmes",
)  # fmt: skip - the wheel's first


def content_folder() -> Path:
    """Return the folder of the definitions that came with the gateway."""
    return next(place for place in _PLACES if place.is_dir())


def read_content(folder: Path) -> Iterator[Resource]:
    """Yield the resources below `folder`, in the order of their paths.

    Raises `Invalid` naming the file that is not a resource with an id and a canonical URL.
    """
    for file in sorted(folder.glob("*/*.json")):
        yield _resource(file)


def _resource(file: Path) -> Resource:
    where = f"{file.parent.name}/{file.name}"
    try:
        found = loads(file.read_bytes())
    except Malformed as fault:
        message = f"{where}: {fault.text}"
        raise Invalid(message) from None
    whole = isinstance(found, dict) and all(
        isinstance(found.get(name), str) for name in ("resourceType", "id", "url")
    )
    if not whole:
        message = f"{where} must be a FHIR resource with resourceType, id and url."
        raise Invalid(message)
    resource: Resource = found
    return resource
