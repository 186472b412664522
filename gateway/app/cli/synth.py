"""`gateway synth`: a synthetic region, for trials and measurements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.app import assembly
from gateway.app.built_in import install_built_in
from gateway.app.synth.region import Size
from gateway.errors import Invalid
from gateway.store.migrate import migrate

if TYPE_CHECKING:
    import argparse

    from gateway.settings import Settings

_NAMES = {
    "structures": "200",
    "patients": "500 000",
    "episodes": "one for 25 patients",
    "encounters": "four for each patient, besides those of programmes",
    "seed": "1",
}


def add_commands(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type private
    """Add `synth`."""
    parser = commands.add_parser("synth", help="fill a new database with a synthetic region")
    for name, told in _NAMES.items():
        parser.add_argument(f"--{name}", type=int, help=f"default {told}")
    parser.add_argument(
        "--beside-other-data",
        action="store_true",
        help="also where there is data that is not synthetic",
    )
    parser.set_defaults(run=synth)


def synth(settings: Settings, given: argparse.Namespace) -> int:
    """Fill the database; nothing else may use it meanwhile."""
    from gateway.app.synth.filling import fill, require_free  # noqa: PLC0415 - other commands need none

    size = _size({name: getattr(given, name) for name in _NAMES})
    _check(size)
    migrate(settings.database_url)
    assembly.install_definitions(settings)
    # Its search parameters index what is loaded.
    install_built_in(settings)
    base = assembly.found(settings)
    try:
        require_free(base.store, beside_others=given.beside_other_data)
    finally:
        base.close()
    fill(settings.database_url, size)
    return 0


def _size(given: dict[str, int | None]) -> Size:
    """Return the size that was asked for; what was not said goes with the patients."""
    said = {name: number for name, number in given.items() if number is not None}
    patients = said.get("patients", Size().patients)
    return Size(**{"episodes": patients // 25, "encounters": 4 * patients} | said)


def _check(size: Size) -> None:
    if size.patients < 1 or size.structures < 1 or min(size.episodes, size.encounters) < 0:
        message = "A region has at least one patient and one structure, and nothing below zero."
        raise Invalid(message)
    if size.episodes > size.patients:
        message = "There are more episodes than patients: each patient has one at most."
        raise Invalid(message)
    if size.patients > 1_000_000:  # noqa: PLR2004 - six digits of the number of a test identity
        message = "At most 1 000 000 patients: there are no more test identities."
        raise Invalid(message)
