"""Compile `profiles/ig` (FHIR Shorthand) with SUSHI into `profiles/passerelle.fhir-VERSION.tgz`.

    make profiles                                       # npm and FR Core 2.2.0 are needed
    python scripts/compile_profiles.py [--check]

SUSHI and the definitions of R4 come from npm (`profiles/ig/package.json`); FR Core 2.2.0 is found
below `$GATEWAY_SHARED` or `../shared`. SUSHI runs on a copy with a package cache of its own, asks
no registry, and errors end the script. With `--check` nothing is written: the exit status is 1 when
the package that is shipped is not what the sources say.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parent.parent
SOURCES: Final = ROOT / "profiles" / "ig"
PACKAGES: Final = "passerelle.fhir-*.tgz"
SHARED: Final = Path(os.environ.get("GATEWAY_SHARED", ROOT.parent / "shared"))
FR_CORE: Final = SHARED / "packages" / "hl7.fhir.fr.core-2.2.0.tgz"
MODULES: Final = SOURCES / "node_modules"
R4: Final = MODULES / "@medplum" / "definitions" / "dist" / "fhir" / "r4"
SUSHI: Final = MODULES / "fsh-sushi" / "dist" / "app.js"

# Nobody listens there: SUSHI works with what its cache holds.
NOWHERE: Final = "http://127.0.0.1:9"
SECONDS: Final = 600
R4_FILES: Final = (
    "profiles-types.json",
    "profiles-resources.json",
    "profiles-others.json",
    "extension-definitions.json",
    "valuesets.json",
    "v3-codesystems.json",
    "v2-tables.json",
    "search-parameters.json",
)
# What that package adds to R4.
NOT_META: Final = frozenset(
    {"project", "author", "onBehalfOf", "account", "accounts", "compartment"}
)
# FR Core 2.2.0 pins its own canonicals: without the pin 2.1.0 serves as well.
PINNED: Final = re.compile(r'(https://hl7\.fr/ig/fhir/core/[^"|]+)\|2\.2\.0')
# What the base definitions say in words, and R4's pages say better.
PROSE: Final = ("mapping", "requirements", "alias", "comment")

Json = dict[str, Any]


def main() -> int:
    """Compile, and write or compare; returns the exit status."""
    missing = [str(one) for one in (SUSHI, R4, FR_CORE) if not one.exists()]
    if missing:
        print(f"Not here: {', '.join(missing)} (npm ci in profiles/ig; GATEWAY_SHARED).")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        files = compiled(Path(folder))
    if "--check" in sys.argv[1:]:
        return check(files)
    for old in SOURCES.parent.glob(PACKAGES):
        old.unlink()
    manifest = json.loads(files["package/package.json"])
    package = SOURCES.parent / f"{manifest['name']}-{manifest['version']}.tgz"
    package.write_bytes(packed(files))
    print(f"{package.relative_to(ROOT)}: {len(files)} files, {package.stat().st_size} octets.")
    return 0


def check(files: dict[str, bytes]) -> int:
    """Compare the package that is shipped, file by file."""
    with tarfile.open(next(SOURCES.parent.glob(PACKAGES))) as archive:
        shipped = {
            entry.name: file.read() for entry in archive if (file := archive.extractfile(entry))
        }
    changed = {
        name for name in files.keys() | shipped.keys() if files.get(name) != shipped.get(name)
    }
    for name in sorted(changed):
        print(f"{name} is not what profiles/ig says: make profiles")
    return 1 if changed else 0


def compiled(folder: Path) -> dict[str, bytes]:
    """Run SUSHI and return the files of the package, by name."""
    tank = folder / "tank"
    shutil.copytree(SOURCES / "input", tank / "input")
    shutil.copy(SOURCES / "sushi-config.yaml", tank)
    cache = folder / ".fhir" / "packages"
    write_r4(cache / "hl7.fhir.r4.core#4.0.1" / "package")
    with tarfile.open(FR_CORE) as archive:
        archive.extractall(cache / "hl7.fhir.fr.core#2.2.0", filter="data")
    environment = os.environ | {
        "HOME": str(folder),
        "FPL_REGISTRY": NOWHERE,
        "npm_config_offline": "true",
    }
    done = subprocess.run(  # noqa: S603 - our own script
        [shutil.which("node") or "node", str(SUSHI), "build", "--snapshot", str(tank)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode:
        faults = re.findall(r"^(?:error|  File:|  Line:) .*$", done.stdout, re.MULTILINE)
        sys.exit("\n".join(faults) or done.stdout + done.stderr)
    return dict(package_files(tank / "fsh-generated" / "resources"))


# The package cache


def write_r4(package: Path) -> None:
    """Write the definitions of R4 as the package `hl7.fhir.r4.core#4.0.1`."""
    package.mkdir(parents=True)
    for name in R4_FILES:
        for entry in json.loads((R4 / name).read_bytes())["entry"]:
            resource = entry["resource"]
            if resource.get("name") == "Meta":
                strip_meta(resource)
            file = f"{resource['resourceType']}-{resource['id']}.json"
            (package / file).write_text(json.dumps(resource))
    manifest = {"name": "hl7.fhir.r4.core", "version": "4.0.1", "fhirVersions": ["4.0.1"]}
    (package / "package.json").write_text(json.dumps(manifest))


def strip_meta(structure: Json) -> None:
    """Take away the elements of Meta that R4 does not have."""
    for view in ("snapshot", "differential"):
        elements = structure[view]["element"]
        elements[:] = [one for one in elements if one["path"].partition(".")[2] not in NOT_META]


# The package


def package_files(resources: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of every file of the package, in the order of their names."""
    read = [json.loads(PINNED.sub(r"\1", file.read_text())) for file in resources.iterdir()]
    guide = next(one for one in read if one["resourceType"] == "ImplementationGuide")
    # SUSHI leaves an empty list of pages behind.
    guide["definition"].pop("page", None)
    # Settings of the publisher of SUSHI's, codes that R4 does not know.
    guide["definition"].pop("parameter", None)
    examples = {
        one["reference"]["reference"]
        for one in guide["definition"]["resource"]
        if one.get("exampleBoolean") or one.get("exampleCanonical")
    }
    files = {"package/package.json": written(manifest_of(guide))}
    for one in read:
        trim(one)
        if "url" in one:
            one.setdefault("version", guide["version"])
        own = f"{one['resourceType']}/{one['id']}"
        place = "package/example" if own in examples else "package"
        files[f"{place}/{own.replace('/', '-')}.json"] = written(one)
    yield from sorted(files.items())


def trim(resource: Json) -> None:
    """Take the prose of the base out of a snapshot; what the profile says of an element stays."""
    own = {one["id"]: one for one in resource.get("differential", {}).get("element", ())}
    for element in resource.get("snapshot", {}).get("element", ()):
        said = own.get(element["id"], {})
        for name in PROSE:
            if name not in said:
                element.pop(name, None)
        if "definition" not in said:
            # It must be there (sdf-3).
            element["definition"] = element.get("short", element["path"])
        for constraint in element.get("constraint", ()):
            constraint.pop("xpath", None)


def manifest_of(guide: Json) -> Json:
    """Return package.json (https://confluence.hl7.org/display/FHIR/NPM+Package+Specification)."""
    return {
        "name": guide["packageId"],
        "version": guide["version"],
        "type": "IG",
        "license": guide["license"],
        "canonical": guide["url"].partition("/ImplementationGuide/")[0],
        "url": guide["url"].partition("/ImplementationGuide/")[0],
        "title": guide["title"],
        "description": guide["description"],
        "author": guide["publisher"],
        "fhirVersions": guide["fhirVersion"],
        "dependencies": {one["packageId"]: one["version"] for one in guide["dependsOn"]},
    }


def written(resource: Json) -> bytes:
    """Return JSON of one form, whatever SUSHI's."""
    return (json.dumps(resource, ensure_ascii=False, indent=1) + "\n").encode()


def packed(files: dict[str, bytes]) -> bytes:
    """Return the archive; the same files give the same octets."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(plain.getvalue(), mtime=0)


if __name__ == "__main__":
    sys.exit(main())
