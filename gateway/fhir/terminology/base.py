"""The terminology that R4 itself publishes, from `definitions/terminology.zip`.

One member of the archive holds the resources of one shard: what is asked for is read, the rest
stays packed.
"""

from __future__ import annotations

import json
from functools import cache, lru_cache
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final
from zipfile import ZipFile
from zlib import crc32

from gateway.fhir.terminology.code_system import CodeSystem, read_code_system
from gateway.fhir.terminology.concept_map import ConceptMap, read_concept_map
from gateway.fhir.terminology.implicit import all_of
from gateway.fhir.terminology.value_set import ValueSet, read_value_set

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.fhir.terminology.canonical import Canonical
    from gateway.fhir.wire import Resource

SHARDS: Final = 32


def shard_of(url: str) -> int:
    """Return the shard that a canonical URL is in."""
    return crc32(url.encode()) % SHARDS


@cache
def _archive() -> ZipFile:
    place = files("gateway.fhir.definitions").joinpath("terminology.zip")
    return ZipFile(BytesIO(place.read_bytes()))


def _member(name: str) -> Any:  # noqa: ANN401 - JSON, told by the script that writes it
    try:
        return json.loads(_archive().read(name))
    except KeyError:
        return {}


def _find(kind: str, canonical: Canonical) -> Resource | None:
    shard: dict[str, Resource] = _member(f"{kind}-{shard_of(canonical.url):02d}.json")
    found = shard.get(canonical.url)
    if found is None or canonical.version not in ("", found.get("version", "")):
        return None
    return found


@cache
def _implied() -> dict[str, str]:
    found: dict[str, str] = _member("implied.json")
    return found


@lru_cache(maxsize=256)
def _code_system(canonical: Canonical) -> CodeSystem | None:
    found = _find("CodeSystem", canonical)
    return None if found is None else read_code_system(found)


@lru_cache(maxsize=256)
def _value_set(canonical: Canonical) -> ValueSet | None:
    found = _find("ValueSet", canonical)
    if found is not None:
        return read_value_set(found)
    system = _implied().get(canonical.url)
    return None if system is None or canonical.version else all_of(canonical.url, system)


@cache
def _concept_maps() -> tuple[ConceptMap, ...]:
    shards = (_member(f"ConceptMap-{number:02d}.json") for number in range(SHARDS))
    return tuple(read_concept_map(one) for shard in shards for one in shard.values())


class BaseTerminology:
    """A `Resolver` over the code systems, value sets and concept maps of R4."""

    def code_system(self, canonical: Canonical) -> CodeSystem | None:
        """Return the code system, or None."""
        return _code_system(canonical)

    def value_set(self, canonical: Canonical) -> ValueSet | None:
        """Return the value set, or the one that a code system says holds all its codes."""
        return _value_set(canonical)

    def concept_map(self, canonical: Canonical) -> ConceptMap | None:
        """Return the concept map, or None."""
        asked = (canonical.url, canonical.version)
        for one in _concept_maps():
            if asked in ((one.canonical.url, ""), tuple(one.canonical)):
                return one
        return None

    def concept_maps(self, system: str, *, reverse: bool = False) -> Iterable[ConceptMap]:
        """Return the maps from (reversed: to) a code system."""
        return [one for one in _concept_maps() if one.covers(system, reverse=reverse)]
