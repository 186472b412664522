"""`gateway init|migrate|check|backup|restore`: the installation itself."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from gateway.app.built_in import install_built_in
from gateway.app.certificates import certificates_of
from gateway.app.cli.packages import packages_state
from gateway.app.cli.words import in_words
from gateway.app.data_directory import make_data_directory
from gateway.dicom.instance import objects_in_words
from gateway.errors import GatewayError
from gateway.mail.courier import Server, open_courier
from gateway.settings import SettingsError
from gateway.store import backup
from gateway.store.api import open_store
from gateway.store.migrate import migrate
from gateway.store.objects import open_objects

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from gateway.settings import Settings


_TLS: Final = ("mllp", "dicom")


def add_commands(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type private
    """Add the five commands."""
    for name, text in (
        ("init", "create the database"),
        ("migrate", "upgrade the database"),
    ):
        commands.add_parser(name, help=text).set_defaults(run=upgrade)
    commands.add_parser("check", help="verify the installation").set_defaults(run=check)
    saving = commands.add_parser("backup", help="the embedded database and objects, in one file")
    saving.add_argument("file", type=Path)
    saving.set_defaults(run=save)
    loading = commands.add_parser("restore", help="bring a backup back")
    loading.add_argument("file", type=Path)
    loading.set_defaults(run=load)


def upgrade(settings: Settings, _given: argparse.Namespace) -> int:
    """Create or upgrade the database."""
    make_data_directory(settings)
    changed = migrate(settings.database_url)
    install_built_in(settings)
    print("The database is ready." if changed else "The database was ready already.")
    return 0


def save(settings: Settings, given: argparse.Namespace) -> int:
    """Write a backup, consistent while serving."""
    number = backup.save(settings, given.file)
    print(f"{given.file}: the database and {objects_in_words(number)}.")
    return 0


def load(settings: Settings, given: argparse.Namespace) -> int:
    """Bring a backup back into an empty data directory."""
    number = backup.load(settings, given.file)
    print(f"{settings.data_dir}: the database and {objects_in_words(number)}.")
    return 0


def check(settings: Settings, _given: argparse.Namespace) -> int:
    """Print a line a part, and return 1 when one does not work."""
    parts: dict[str, Callable[[Settings], str]] = {
        "settings": _settings,
        "database": _database,
        "objects": _objects,
        "packages": packages_state,
        "http": lambda given: _port(given, "http"),
        "mllp": lambda given: _port(given, "mllp"),
        "dimse": lambda given: _port(given, "dicom"),
        "smtp": _smtp,
    }
    faults: dict[str, str] = {}
    for name, part in parts.items():
        try:
            if name == "packages" and "database" in faults:
                faults[name] = "needs the database"
            else:
                print(f"{name:<9} ok    {part(settings)}")
                continue
        except OSError as fault:
            faults[name] = in_words(fault)
        except (GatewayError, SettingsError) as fault:
            faults[name] = str(fault)
        print(f"{name:<9} FAILS {faults[name]}")
    return 1 if faults else 0


def _settings(settings: Settings) -> str:
    make_data_directory(settings)
    return str(settings.data_dir)


def _database(settings: Settings) -> str:
    migrate(settings.database_url)
    store = open_store(settings.database_url)
    store.ping()
    store.close()
    return urlsplit(settings.database_url).scheme


def _objects(settings: Settings) -> str:
    open_objects(settings.objects_url, settings.data_dir).check()
    return urlsplit(settings.objects_url).scheme


def _port(settings: Settings, prefix: str) -> str:
    if prefix in _TLS:
        certificates_of(settings, prefix)
    host, port = getattr(settings, f"{prefix}_host"), getattr(settings, f"{prefix}_port")
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.settimeout(1)
        if probe.connect_ex((host, port)) == 0:
            return f"{host}:{port} answers"
        probe.close()
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, port))
    return f"{host}:{port} is free"


def _smtp(settings: Settings) -> str:
    if not settings.smtp_url:
        return "not configured: mail waits in the outbox"
    open_courier(settings)
    server = Server.of(settings.smtp_url)
    with socket.create_connection((server.host, server.port), timeout=5):
        return f"{server.host}:{server.port} answers"
