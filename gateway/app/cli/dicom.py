"""`gateway dicom`: call a PACS, a RIS or a modality by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.app.cli.table import show
from gateway.dicom.instance import objects_in_words
from gateway.errors import GatewayError, NotFound

if TYPE_CHECKING:
    import argparse

    from gateway.dicom.json_model import Model
    from gateway.dimse.scu import Scu
    from gateway.settings import DicomDestination, Settings

_STUDY_ROOT_FIND: Final = "1.2.840.10008.5.1.4.1.2.2.1"
_STUDY_ROOT_MOVE: Final = "1.2.840.10008.5.1.4.1.2.2.2"
# What is asked of studies, by the names of the options and of the columns.
_KEYS: Final = {
    "patient": ("00100020", "LO"),
    "name": ("00100010", "PN"),
    "date": ("00080020", "DA"),
    "accession": ("00080050", "SH"),
    "study": ("0020000D", "UI"),
}
_COLUMNS: Final = {**_KEYS, "modalities": ("00080061", "CS"), "description": ("00081030", "LO")}


class NotSent(GatewayError):
    """The peer was not reached, or said no."""


def add_commands(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type private
    """Add `dicom echo`, `find`, `get` and `send`."""
    family = commands.add_parser("dicom", help="DICOM peers by hand: [[dicom_destinations]]")
    actions = family.add_subparsers(required=True, metavar="ACTION")
    for name, work, words in (
        ("echo", echo, "is it there, and does it know us"),
        ("find", find, "studies of a PACS"),
        ("get", get, "have a study sent to us"),
        ("send", send, "send a study that is held here"),
    ):
        action = actions.add_parser(name, help=words)
        action.add_argument("destination", help="its name in gateway.toml")
        if name == "find":
            _add_keys(action)
        elif name != "echo":
            action.add_argument("study", help="Study Instance UID")
        action.set_defaults(run=work)


def _add_keys(action: Any) -> None:  # noqa: ANN401 - as above
    for name in _KEYS:
        action.add_argument(f"--{name}", default="", help="value, wildcard or range")
    action.add_argument("--json", action="store_true")


def _scu(settings: Settings, name: str) -> Scu:
    from gateway.dimse.scu import Scu  # noqa: PLC0415 - other commands need none

    return Scu(_destination(settings, name), settings.dicom_ae_title)


def _destination(settings: Settings, name: str) -> DicomDestination:
    for one in settings.peers.dicom_destinations:
        if one.name == name:
            return one
    message = f"There is no DICOM destination {name} in gateway.toml."
    raise NotFound(message)


def echo(settings: Settings, given: argparse.Namespace) -> int:
    """Say whether a peer answers."""
    scu = _scu(settings, given.destination)
    status = _reached(scu.echo)
    print(f"{scu.peer}: {status:04X}")
    return int(status != 0)


def find(settings: Settings, given: argparse.Namespace) -> int:
    """Print the studies of a PACS that match."""
    scu = _scu(settings, given.destination)
    keys: Model = {"00080052": {"vr": "CS", "Value": ["STUDY"]}}
    for name, (number, vr) in _COLUMNS.items():
        asked = getattr(given, name, "")
        value = {"Alphabetic": asked} if vr == "PN" else asked
        keys[number] = {"vr": vr, "Value": [value]} if asked else {"vr": vr}
    found = _reached(lambda: list(scu.find(_STUDY_ROOT_FIND, keys)))
    rows: list[dict[str, object]] = [
        {name: _shown(one, number) for name, (number, _) in _COLUMNS.items()} for one in found
    ]
    show(rows, as_json=given.json, empty="No study matches.")
    return 0


def _shown(model: Model, number: str) -> str:
    content = model.get(number, {}).get("Value") or []
    texts = (one.get("Alphabetic", "") if isinstance(one, dict) else str(one) for one in content)
    return " ".join(texts)


def get(settings: Settings, given: argparse.Namespace) -> int:
    """Have a PACS send a study to the DICOM door of this gateway."""
    scu = _scu(settings, given.destination)
    keys: Model = {
        "00080052": {"vr": "CS", "Value": ["STUDY"]},
        "0020000D": {"vr": "UI", "Value": [given.study]},
    }
    done, failed = _reached(lambda: scu.move(_STUDY_ROOT_MOVE, keys, settings.dicom_ae_title))
    print(f"{objects_in_words(done)} came, {failed} failed")
    # A PACS that has no such study says success as well.
    return int(failed > 0 or done == 0)


def send(settings: Settings, given: argparse.Namespace) -> int:
    """Send a study that is held and not hidden."""
    from gateway.app import assembly  # noqa: PLC0415 - other commands need none
    from gateway.delivery.holdings import Holdings  # noqa: PLC0415 - as above
    from gateway.dicom.query import Level, Query  # noqa: PLC0415 - as above
    from gateway.dimse.courier import DimseCourier  # noqa: PLC0415 - as above

    destination = _destination(settings, given.destination)
    base = assembly.found(settings)
    try:
        holdings = Holdings(base.store, base.objects)
        query = Query(Level.STUDY, {"0020000D": {"vr": "UI", "Value": [given.study]}})
        instances = list(holdings.instances(query))
        if not instances:
            message = f"No study {given.study} is held here."
            raise NotFound(message)
        courier = DimseCourier(destination, settings.dicom_ae_title, holdings)
        print(_reached(lambda: courier.send(instances)))
    finally:
        base.close()
    return 0


def _reached(call: Any) -> Any:  # noqa: ANN401 - what the call returns
    from gateway.delivery.failures import CourierFailure  # noqa: PLC0415 - as above

    try:
        return call()
    except CourierFailure as failure:
        raise NotSent(failure.text) from failure
