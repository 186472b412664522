"""Log lines: events by name, with control ids and resource ids, never with patient data."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import Final

import orjson
from typing_extensions import override

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


def start_logging(style: str, door: str) -> None:
    """Write to standard error, as text or as one JSON object a line (`json`)."""
    style = style or ("text" if sys.stderr.isatty() else "json")
    handler = logging.StreamHandler()
    handler.setFormatter(_Json(door) if style == "json" else _Text(door))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("gateway").setLevel(logging.INFO)


def _extras(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


class _Json(logging.Formatter):
    def __init__(self, door: str) -> None:
        super().__init__()
        self._door = door

    @override
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "door": self._door,
            "event": record.getMessage(),
            **_extras(record),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = record.exc_info[0].__name__
        return orjson.dumps(line, default=str).decode()


class _Text(logging.Formatter):
    def __init__(self, door: str) -> None:
        super().__init__()
        self._door = door

    @override
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        extras = " ".join(f"{name}={value}" for name, value in _extras(record).items())
        level = "" if record.levelno < logging.WARNING else f"{record.levelname} "
        return f"{at} {self._door:<8} {level}{record.getMessage()} {extras}".rstrip()
