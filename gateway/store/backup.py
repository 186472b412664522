"""The embedded database and its objects, as one tar file."""

from __future__ import annotations

import os
import sqlite3
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from sqlalchemy.engine import make_url

from gateway.errors import Conflict, Malformed, NotFound, Unsupported

if TYPE_CHECKING:
    from gateway.settings import Settings

_DATABASE: Final = "gateway.db"
_OBJECTS: Final = "objects"


def save(settings: Settings, target: Path) -> int:
    """Write the backup and return its number of objects.

    The database is copied first: objects are durable before a row names them, so every object
    that the copy names is there when its turn comes. Raises `Unsupported` for PostgreSQL and S3,
    which have their own tools.
    """
    database, objects = _places(settings)
    if not database.exists():
        message = f"{database} does not exist: there is nothing to save."
        raise NotFound(message)
    with tempfile.TemporaryDirectory(
        dir=settings.run_dir if settings.run_dir.exists() else None
    ) as place:
        copy = Path(place) / _DATABASE
        _copy_database(database, copy)
        draft = target.with_name(f"{target.name}.part")
        try:
            number = _write(draft, copy, objects)
            draft.replace(target)
        except OSError:
            # Half a backup is none, and the disk may be full of it.
            draft.unlink(missing_ok=True)
            raise
    return number


def _write(draft: Path, copy: Path, objects: Path) -> int:
    number = 0
    with tarfile.open(draft, "w") as tar:
        tar.add(copy, _DATABASE)
        for path in sorted(objects.glob("??/*")):
            if path.parent.name != "spool" and path.is_file():
                tar.add(path, f"{_OBJECTS}/{path.parent.name}/{path.name}")
                number += 1
    return number


def load(settings: Settings, source: Path) -> int:
    """Bring a backup back and return its number of objects.

    Raises `Conflict` when there is a database already, `Malformed` when the file is no backup.
    """
    database, objects = _places(settings)
    if database.exists():
        message = f"{database} exists: a backup is brought back into an empty data directory."
        raise Conflict(message)
    try:
        with tarfile.open(source) as tar:
            names = tar.getnames()
            if _DATABASE not in names:
                message = f"{source} is not a backup of the gateway."
                raise Malformed(message)
            database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # The database last: a restore that did not end can be begun again.
            for member in sorted(tar.getmembers(), key=lambda one: one.name == _DATABASE):
                _extract(tar, member, database, objects)
    except tarfile.TarError as fault:
        message = f"{source} is not a backup of the gateway: {fault}"
        raise Malformed(message) from fault
    os.sync()
    return len(names) - 1


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, database: Path, objects: Path) -> None:
    content = tar.extractfile(member)
    if content is None:
        return
    # Names are ours or nobody's: nothing is written outside the two places.
    name = Path(member.name)
    target = database if member.name == _DATABASE else objects / name.parent.name / name.name
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with content, target.open("wb") as file:
        while chunk := content.read(1 << 20):
            file.write(chunk)


def _copy_database(source: Path, target: Path) -> None:
    reading = sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)
    writing = sqlite3.connect(target)
    try:
        reading.backup(writing)
    finally:
        writing.close()
        reading.close()


def _places(settings: Settings) -> tuple[Path, Path]:
    url, objects = make_url(settings.database_url), urlsplit(settings.objects_url)
    if url.get_backend_name() != "sqlite" or url.database is None or objects.scheme != "file":
        message = (
            "Backup and restore are for the embedded database and local objects: "
            "use pg_dump for PostgreSQL and the tools of your object storage."
        )
        raise Unsupported(message)
    return Path(url.database), Path(unquote(objects.path))
