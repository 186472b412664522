"""Write the pages of `docs/profiles/` from the package of the gateway's own profiles.

    python scripts/document_profiles.py [--check]

With `--check` nothing is written: the exit status is 1 when a page is not what the package says.
"""

from __future__ import annotations

import json
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT: Final = Path(__file__).resolve().parent.parent
PAGES: Final = ROOT / "docs" / "profiles"
PACKAGES: Final = "passerelle.fhir-*.tgz"
NOTE: Final = "<!-- Written by `make profiles` from profiles/ig. -->"
R4: Final = "http://hl7.org/fhir/StructureDefinition/"
_FIXED: Final = ("fixed", "pattern")

Json = dict[str, Any]


def main() -> int:
    """Write or compare every page; returns the exit status."""
    pages = dict(all_pages(read_package()))
    if "--check" in sys.argv[1:]:
        return check(pages)
    PAGES.mkdir(exist_ok=True)
    for old in PAGES.glob("*.md"):
        old.unlink()
    for name, text in pages.items():
        (PAGES / name).write_text(text, "utf-8")
    print(f"{PAGES.relative_to(ROOT)}: {len(pages)} pages.")
    return 0


def check(pages: dict[str, str]) -> int:
    """Say which pages are not what the package says."""
    held = {file.name: file.read_text("utf-8") for file in PAGES.glob("*.md")}
    changed = {name for name in pages.keys() | held.keys() if pages.get(name) != held.get(name)}
    for name in sorted(changed):
        print(f"docs/profiles/{name} is not what profiles/ says: make profiles")
    return 1 if changed else 0


def read_package() -> list[Json]:
    """Return the resources of the package, by type and id; examples are marked `example`."""
    found = []
    with tarfile.open(next((ROOT / "profiles").glob(PACKAGES))) as archive:
        for entry in archive:
            file = archive.extractfile(entry)
            resource = json.loads(file.read()) if file else {}
            if "resourceType" in resource:
                resource["example"] = entry.name.startswith("package/example/")
                found.append(resource)
    return sorted(found, key=lambda one: (one["resourceType"], one["id"]))


def all_pages(resources: list[Json]) -> Iterator[tuple[str, str]]:
    """Yield name and text of every page."""
    profiles = [one for one in of(resources, "StructureDefinition") if one["type"] != "Extension"]
    yield "README.md", page(index(resources, profiles))
    yield "terminology.md", page(terminology(resources))
    yield "extensions.md", page(extensions(resources))
    for one in profiles:
        yield f"{one['id']}.md", page(profile(one))


def page(lines: Iterable[str]) -> str:
    """Return a page of lines."""
    return "\n".join([NOTE, "", *lines]) + "\n"


def of(resources: list[Json], kind: str) -> list[Json]:
    """Return the definitions of a type."""
    return [one for one in resources if one["resourceType"] == kind and not one["example"]]


def table(heads: str, rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """Yield a table; a cell is one line."""
    names = heads.split("|")
    yield f"| {' | '.join(names)} |"
    yield "|---" * len(names) + "|"
    for row in rows:
        cells = (" ".join(cell.split()).replace("|", r"\|") for cell in row)
        yield f"| {' | '.join(cells)} |"
    yield ""


# Pages


def index(resources: list[Json], profiles: list[Json]) -> Iterator[str]:
    """Yield the canonical names of everything."""
    guide = of(resources, "ImplementationGuide")[0]
    yield from ("# Profiles of the gateway", "", guide["description"], "")
    yield from table(
        "package|version|FHIR|built on",
        [[f"`{guide['packageId']}`", guide["version"], ", ".join(guide["fhirVersion"]),
          ", ".join(f"{one['packageId']} {one['version']}" for one in guide["dependsOn"])]],
    )  # fmt: skip
    yield from (
        "Canonical addresses begin with `https://passerelle.example/fhir/`. How resources",
        "",
    )
    yield from ("are held to them: [validation](../profiles.md).", "")
    yield from ("## Profiles", "")
    rows = ([f"[{one['id']}]({one['id']}.md)", one["type"], one["title"]] for one in profiles)
    yield from table("`StructureDefinition/`|resource|title", rows)
    yield from (
        "[Extensions](extensions.md), [code systems, value sets, maps](terminology.md).",
        "",
    )
    yield from ("## Search parameters", "")
    rows = (
        [
            f"`{one['base'][0]}?{one['code']}=`",
            one["type"],
            f"`{one['expression']}`",
            one["description"],
        ]
        for one in of(resources, "SearchParameter")
    )
    yield from table("search|type|expression|use", rows)
    yield from ("## Capability statement", "")
    for one in of(resources, "CapabilityStatement"):
        yield from (f"`{one['url']}`: {one['description']}", "")
    examples = [one for one in resources if one["example"]]
    if examples:
        yield from ("## Examples", "", "In the folder `example` of the package.", "")
        yield from table(
            "example|profile", ([f"`{o['resourceType']}/{o['id']}`", declared(o)] for o in examples)
        )


def declared(resource: Json) -> str:
    """Return the profiles that an example declares, as links."""
    ids = [one.rpartition("/")[2] for one in resource.get("meta", {}).get("profile", ())]
    return ", ".join(f"[{one}]({one}.md)" for one in ids) or "R4"


def profile(structure: Json) -> Iterator[str]:
    """Yield the page of a profile."""
    base = structure["baseDefinition"]
    yield from (f"# {structure['title']}", "", structure["description"], "")
    yield from table(
        "address|resource|built on",
        [[f"`{structure['url']}`", structure["type"], f"`{base.removeprefix(R4)}`"]],
    )
    yield from ("MS: must support. What is not listed is as in what it is built on.", "")
    yield from table("element|card.|MS|type|rule", elements(structure))
    invariants = [
        [f"`{one['key']}`", one["severity"], one["human"], f"`{one['expression']}`"]
        for element in structure["differential"]["element"]
        for one in element.get("constraint", ())
    ]
    if invariants:
        yield from ("## Invariants", "")
        yield from table("key|severity|meaning|FHIRPath", invariants)


def elements(structure: Json) -> Iterator[list[str]]:
    """Yield a row an element that the profile says something of."""
    whole = {one["id"]: one for one in structure["snapshot"]["element"]}
    for own in structure["differential"]["element"]:
        if "." in own["id"]:
            held = whole.get(own["id"], own)
            yield [
                f"`{own['id'].partition('.')[2]}`",
                f"{held['min']}..{held['max']}",
                "MS" if held.get("mustSupport") else "",
                ", ".join(kinds(own)),
                ". ".join(one.rstrip(".") for one in rules(own)),
            ]


def kinds(element: Json) -> Iterator[str]:
    """Yield the types that an element is narrowed to."""
    for one in element.get("type", ()):
        targets = [last(target) for target in one.get("targetProfile", ())]
        yield f"{one['code']}({', '.join(targets)})" if targets else last(one["code"])


def rules(element: Json) -> Iterator[str]:
    """Yield what an element is held to, a clause each."""
    for name, value in element.items():
        if name.startswith(_FIXED):
            yield f"`{plain(value)}`"
    if "binding" in element:
        binding = element["binding"]
        yield f"{binding['strength']}: `{last(binding['valueSet'])}`"
    if "slicing" in element:
        slicing = element["slicing"]
        by = ", ".join(
            f"{one['type']} of {one['path']}" for one in slicing.get("discriminator", ())
        )
        yield f"slices by {by}, {slicing['rules']}"
    if "comment" in element:
        yield element["comment"]


def plain(value: object) -> str:
    """Return a fixed value or pattern in few words."""
    if isinstance(value, dict):
        codings = value.get("coding", [value])
        return ", ".join(
            f"{last(str(one.get('system', '')))}#{one.get('code', '')}" for one in codings
        )
    return str(value)


def last(address: str) -> str:
    """Return the last part of an address."""
    return address.rpartition("/")[2]


def extensions(resources: list[Json]) -> Iterator[str]:
    """Yield the page of the extensions."""
    yield from ("# Extensions", "", "Only where R4 has no place.", "")
    rows = []
    for one in of(resources, "StructureDefinition"):
        if one["type"] == "Extension":
            where = ", ".join(context["expression"] for context in one["context"])
            rows.append([f"`{one['url']}`", where, value_of(one), one["title"], one["description"]])
    yield from table("address|on|value|title|meaning", rows)


def value_of(extension: Json) -> str:
    """Return the type of an extension's value, or its parts."""
    snapshot = extension["snapshot"]["element"]
    parts = [
        one["sliceName"]
        for one in snapshot
        if one["path"] == "Extension.extension" and "sliceName" in one
    ]
    value = next(one for one in snapshot if one["id"] == "Extension.value[x]")
    return ", ".join(parts) or ", ".join(one["code"] for one in value.get("type", ()))


def terminology(resources: list[Json]) -> Iterator[str]:
    """Yield the page of code systems, value sets and concept maps."""
    yield from ("# Code systems, value sets, concept maps", "")
    for one in of(resources, "CodeSystem"):
        yield from (
            f"## {one['title']}",
            "",
            f"`{one['url']}`, {one['content']}. {one['description']}",
            "",
        )
        rows = ([f"`{c['code']}`", c["display"], c.get("definition", "")] for c in one["concept"])
        yield from table("code|display|definition", rows)
    yield from ("## Value sets", "")
    rows = ([f"`{one['url']}`", one["description"]] for one in of(resources, "ValueSet"))
    yield from table("address|holds", rows)
    yield from ("## Concept maps", "")
    rows = ([f"`{one['url']}`", one["description"]] for one in of(resources, "ConceptMap"))
    yield from table("address|maps", rows)


if __name__ == "__main__":
    sys.exit(main())
