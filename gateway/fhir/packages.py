"""FHIR packages: what is in a `.tgz` (https://confluence.hl7.org/display/FHIR/NPM+Package+Specification).

Pure over bytes: nothing is unpacked to disk. Every bound is checked while reading, before anything
is used.
"""

from __future__ import annotations

import io
import tarfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from typing_extensions import Buffer, override

from gateway.errors import Malformed, TooLarge, Unsupported
from gateway.fhir.terminology.elements import text
from gateway.fhir.wire import loads

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gateway.fhir.wire import Resource

#: What is installed; whatever else a package holds (examples above all) is left out.
CONFORMANCE: Final = frozenset(
    {"CodeSystem", "ValueSet", "ConceptMap", "NamingSystem", "StructureDefinition"}
    | {"SearchParameter", "OperationDefinition", "CapabilityStatement", "ImplementationGuide"}
)
_FOLDER: Final = "package/"
_MANIFEST: Final = "package/package.json"
_MIB: Final = 1024 * 1024
_MOST_ENTRIES: Final = 50_000
_LARGEST_ENTRY: Final = 64 * _MIB
_LARGEST_WHOLE: Final = 1024 * _MIB
_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS
_CHUNK: Final = 65_536
_R4: Final = "4.0"


@dataclass(frozen=True, slots=True)
class Package:
    """A package that has been read through once; `resources` reads it again.

    `dependencies` is {package: version}; `left_out` counts the JSON files that are not installed.
    """

    body: bytes
    name: str
    version: str
    title: str
    canonical: str
    dependencies: Mapping[str, str]
    left_out: int

    @property
    def label(self) -> str:
        """How packages are written: `name#version`."""
        return f"{self.name}#{self.version}"

    def resources(self) -> Iterator[Resource]:
        """Yield the conformance resources, ImplementationGuides last."""
        guides = []
        for name, content in _entries(self.body):
            resource = None if name == _MANIFEST else _resource(content, name)
            if resource is None:
                continue
            if resource["resourceType"] == "ImplementationGuide":
                guides.append(resource)
            else:
                yield resource
        yield from guides


def read_package(body: bytes) -> Package:
    """Read a package through; raises `Malformed`, `TooLarge` or `Unsupported` in a sentence."""
    manifest: object = None
    left_out = 0
    for name, content in _entries(body):
        if name == _MANIFEST:
            manifest = loads(content)
        elif _resource(content, name) is None:
            left_out += 1
    if not isinstance(manifest, dict):
        message = "This is not a FHIR package: there is no package/package.json in it."
        raise Malformed(message)
    name, version = text(manifest, "name"), text(manifest, "version")
    if not name or not version:
        message = "This is not a FHIR package: package.json has no name or no version."
        raise Malformed(message)
    _require_r4(manifest, f"{name}#{version}")
    dependencies = manifest.get("dependencies")
    return Package(
        body,
        name,
        version,
        text(manifest, "title") or text(manifest, "description")[:200],
        text(manifest, "canonical"),
        {str(k): str(v) for k, v in dependencies.items()} if isinstance(dependencies, dict) else {},
        left_out,
    )


def _require_r4(manifest: Resource, label: str) -> None:
    versions = manifest.get("fhirVersions") or manifest.get("fhir-version-list") or []
    if versions and not any(str(one).startswith(_R4) for one in versions):
        named = ", ".join(map(str, versions))[:100]
        message = f"{label[:200]} is for FHIR {named}: this server speaks R4 (4.0)."
        raise Unsupported(message)


def _resource(content: bytes, name: str) -> Resource | None:
    """Return a conformance resource, None for another file; raises `Malformed` naming the file."""
    try:
        read = loads(content)
    except Malformed as fault:
        message = f"{name[:200]} in the package cannot be read: {fault.text}"
        raise Malformed(message) from None
    return read if isinstance(read, dict) and text(read, "resourceType") in CONFORMANCE else None


def _entries(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield (name, content) of the JSON files right in `package/`."""
    number = 0
    try:
        with tarfile.open(fileobj=_Unpacked(body), mode="r|") as archive:
            for entry in archive:
                number += 1
                _check_entry(entry, number)
                if _is_wanted(entry):
                    file = archive.extractfile(entry)
                    yield entry.name.removeprefix("./"), file.read() if file else b""
    except (tarfile.TarError, zlib.error, EOFError, ValueError) as fault:
        message = "This is not a FHIR package: a tar archive packed with gzip was expected."
        raise Malformed(message) from fault


def _check_entry(entry: tarfile.TarInfo, number: int) -> None:
    if number > _MOST_ENTRIES:
        message = f"The package has more than {_MOST_ENTRIES} entries."
        raise TooLarge(message)
    if entry.name.startswith("/") or "\\" in entry.name or ".." in entry.name.split("/"):
        message = f"The package names an entry outside of itself: {entry.name[:100]!r}."
        raise Malformed(message)
    if entry.size > _LARGEST_ENTRY:
        message = f"{entry.name[:100]!r} in the package is larger than {_LARGEST_ENTRY} octets."
        raise TooLarge(message)


def _is_wanted(entry: tarfile.TarInfo) -> bool:
    name = entry.name.removeprefix("./")
    inside = name.removeprefix(_FOLDER)
    right_there = name.startswith(_FOLDER) and "/" not in inside and not inside.startswith(".")
    return entry.isfile() and right_there and inside.endswith(".json")


class _Unpacked(io.RawIOBase):
    """The unpacked octets, a piece at a time and never more than the bound in all."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self._body = memoryview(body)
        self._unpack = zlib.decompressobj(_GZIP_WINDOW)
        self._at = 0
        self._given = 0

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Buffer, /) -> int:
        place = memoryview(buffer)
        piece = self._piece(len(place))
        place[: len(piece)] = piece
        self._given += len(piece)
        if self._given > _LARGEST_WHOLE:
            message = f"The package unpacks to more than {_LARGEST_WHOLE // _MIB} MiB."
            raise TooLarge(message)
        return len(piece)

    def _piece(self, size: int) -> bytes:
        while not self._unpack.eof:
            packed = self._unpack.unconsumed_tail
            if not packed:
                packed = bytes(self._body[self._at : self._at + _CHUNK])
                self._at += len(packed)
            if not packed:
                message = "The package ends before its end: it was cut off."
                raise Malformed(message)
            piece = self._unpack.decompress(packed, size)
            if piece:
                return piece
        return b""
