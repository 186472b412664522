"""`gateway packages`: FHIR packages, and how far their search parameters are."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gateway.app import assembly
from gateway.app.cli.table import show
from gateway.errors import TooLarge
from gateway.fhir.packages import read_package
from gateway.ingest.packages import install, installed
from gateway.store.migrate import migrate

if TYPE_CHECKING:
    import argparse

    from gateway.ingest.packages import Installed
    from gateway.settings import Settings

_MIB: Final = 1024 * 1024
_LARGEST: Final = 256 * _MIB
# The others are told by number.
_FAULTS_SHOWN: Final = 5


def add_commands(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type private
    """Add `packages add` and `packages list`."""
    family = commands.add_parser("packages", help="FHIR packages: profiles, value sets, parameters")
    actions = family.add_subparsers(required=True, metavar="ACTION")
    adding = actions.add_parser("add", help="install packages")
    adding.add_argument("file", type=Path, nargs="+", metavar="FILE.tgz")
    adding.set_defaults(run=add_packages)
    listing = actions.add_parser("list", help="what is installed")
    listing.add_argument("--json", action="store_true")
    listing.set_defaults(run=list_packages)


def add_packages(settings: Settings, given: argparse.Namespace) -> int:
    """Install each file; a file that is refused changes nothing, and those before it stay."""
    migrate(settings.database_url)
    base = assembly.found(settings)
    for file in given.file:
        package = read_package(_content(file))
        _tell(install(base.store, package))
    base.parameters.refresh()
    for url, why in base.parameters.unserved.items():
        print(f"{url} is not searchable: {why}", file=sys.stderr)
    base.close()
    return 0


def _content(file: Path) -> bytes:
    if file.stat().st_size > _LARGEST:
        message = f"{file} is larger than {_LARGEST // _MIB} MiB."
        raise TooLarge(message)
    return file.read_bytes()


def _tell(done: Installed) -> None:
    told = [f"{number} {outcome}" for outcome, number in sorted(done.outcomes.items())]
    left = f"; {done.left_out} other files left out" if done.left_out else ""
    print(f"{done.label}: {', '.join(told) or 'nothing to install'}{left}.")
    if done.missing:
        print(f"  needs packages that are not here: {', '.join(done.missing)}", file=sys.stderr)
    if done.invalid:
        number = len(done.invalid)
        print(f"  {number} against base R4, kept as published:", file=sys.stderr)
        for what, fault in done.invalid[:_FAULTS_SHOWN]:
            print(f"    {what}: {fault}", file=sys.stderr)
        if number > _FAULTS_SHOWN:
            print(f"    and {number - _FAULTS_SHOWN} more", file=sys.stderr)


def list_packages(settings: Settings, given: argparse.Namespace) -> int:
    """Print the packages, and what is being indexed anew."""
    base = assembly.found(settings)
    rows: list[dict[str, object]] = [
        {"package": one.name, "version": one.version, "title": one.title, "guide": one.guide}
        for one in installed(base.store)
    ]
    show(rows, as_json=given.json, empty="No package is installed.")
    for line in progress(base):
        print(line, file=sys.stderr)
    base.close()
    return 0


def progress(base: assembly.Foundation) -> list[str]:
    """Return a line a resource type whose index rows are being filled."""
    return [
        f"{one.type or 'words'}: {one.done} of {one.total} indexed, {one.state}"
        for one in base.store.reindexing()
        # A type that waits and has nothing yet is nothing to wait for.
        if one.total
    ]


def packages_state(settings: Settings) -> str:
    """Return what `gateway check` says of packages and search parameters."""
    base = assembly.found(settings)
    served, unserved = base.parameters.served, len(base.parameters.unserved)
    told = [f"installed: {len(installed(base.store))}", f"search parameters: {served}"]
    if unserved:
        told.append(f"not searchable: {unserved}")
    told += progress(base)
    base.close()
    return ", ".join(told)
