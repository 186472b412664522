"""Every setting of the gateway, read once into one frozen object.

Names are those of `docs/settings.md`. An unknown `GATEWAY_*` name stops the start, so that a
spelling mistake is never a silent default.
"""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gateway.settings.callers import is_ae_title
from gateway.settings.fault import SettingsError
from gateway.settings.peers import Peers, read_peers

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX: Final = "GATEWAY_"
# Read by tests and tools, not by the gateway itself.
_FOREIGN: Final = frozenset({"GATEWAY_SHARED"})


@dataclass(frozen=True, slots=True)
class Settings:
    """The installation, as `GATEWAY_*` variables and `gateway.toml` describe it."""

    data_dir: Path = Path("var")
    database_url: str = ""
    objects_url: str = ""
    base_url: str = "http://127.0.0.1:8080"
    http_host: str = "127.0.0.1"
    http_port: int = 8080
    http_workers: int = 1
    mllp_host: str = "127.0.0.1"
    mllp_port: int = 2575
    mllp_tls_cert: str = ""
    mllp_tls_key: str = ""
    mllp_tls_client_ca: str = ""
    dicom_host: str = "127.0.0.1"
    dicom_port: int = 11112
    dicom_ae_title: str = "GATEWAY"
    dicom_peers: tuple[str, ...] = ()
    dicom_quiet_seconds: float = 5.0
    dicom_workers: int = 1
    dicom_tls_cert: str = ""
    dicom_tls_key: str = ""
    dicom_tls_client_ca: str = ""
    pacs_dicomweb_url: str = ""
    smtp_url: str = ""
    mail_from: str = ""
    auth: str = "none"
    validation: str = "profiles"
    log: str = ""
    lang: str = "fr"
    peers: Peers = field(default_factory=Peers)

    @property
    def run_dir(self) -> Path:
        """Where the running processes leave their state."""
        return self.data_dir / "run"

    @property
    def dicomweb_url(self) -> str:
        """The DICOMweb root, without a slash at the end."""
        return f"{self.base_url.rstrip('/')}/dicom-web"

    @property
    def fhir_url(self) -> str:
        """The FHIR base, without a slash at the end."""
        return f"{self.base_url.rstrip('/')}/fhir"


def read_settings(
    environ: Mapping[str, str] | None = None, dotenv: Path | None = Path(".env")
) -> Settings:
    """Read the environment, a `.env` file below it and `gateway.toml`; raises `SettingsError`."""
    given = dict(_dotenv(dotenv)) if dotenv is not None else {}
    given.update(os.environ if environ is None else environ)
    known = {PREFIX + item.name.upper(): item for item in fields(Settings) if item.name != "peers"}
    values: dict[str, Any] = {}
    for name in sorted(given):
        if not name.startswith(PREFIX) or name in _FOREIGN:
            continue
        if name not in known:
            message = f"{name} is not a setting of the gateway; see docs/settings.md."
            raise SettingsError(message)
        if given[name] != "":
            values[known[name].name] = _typed(name, str(known[name].type), given[name])
    settings = Settings(**_with_places(values))
    _refuse(settings)
    return settings


def _with_places(values: dict[str, Any]) -> dict[str, Any]:
    data = values.setdefault("data_dir", Path("var")).absolute()
    values["data_dir"] = data
    values.setdefault("database_url", f"sqlite:///{data / 'gateway.db'}")
    values.setdefault("objects_url", (data / "objects").as_uri())
    if "base_url" not in values and "http_port" in values:
        values["base_url"] = f"http://127.0.0.1:{values['http_port']}"
    values["peers"] = read_peers(data / "gateway.toml")
    return values


def _typed(name: str, kind: str, text: str) -> object:
    try:
        if kind == "int":
            return int(text)
        if kind == "float":
            return float(text)
    except ValueError:
        message = f"{name} must be a number, not {text!r}."
        raise SettingsError(message) from None
    if kind == "Path":
        return Path(text)
    if kind.startswith("tuple"):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    return text


def _dotenv(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    lines = (line.strip() for line in path.read_text("utf-8").splitlines())
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip().strip("\"'") for name, value in pairs}


_CHOICES: Final = {
    "validation": ("profiles", "base", "off"),
    "log": ("", "text", "json"),
    "lang": ("fr", "en"),
}
_HOSTS: Final = ("http_host", "mllp_host", "dicom_host")


_SCHEMES: Final = {
    "objects_url": ("file://", "s3://"),
    "database_url": ("sqlite:///", "postgresql+psycopg://"),
    "pacs_dicomweb_url": ("http://", "https://"),
    "smtp_url": ("smtp://", "smtps://", "smtp+starttls://"),
}
_LAST_PORT: Final = 65535


def _refuse(settings: Settings) -> None:
    _refuse_values(settings)
    _refuse_numbers(settings)
    _refuse_shared_ports(settings)
    _refuse_certificates(settings)
    _refuse_reachable(settings)


def _refuse_values(settings: Settings) -> None:
    for name, choices in _CHOICES.items():
        if getattr(settings, name) not in choices:
            wanted = ", ".join(choice for choice in choices if choice)
            message = f"{PREFIX}{name.upper()} must be one of {wanted}."
            raise SettingsError(message)
    if not is_ae_title(settings.dicom_ae_title):
        message = f"{PREFIX}DICOM_AE_TITLE must be 1 to 16 characters of ASCII."
        raise SettingsError(message)
    for name, schemes in _SCHEMES.items():
        url = getattr(settings, name)
        if url and not url.startswith(schemes):
            message = f"{PREFIX}{name.upper()} must start with {' or '.join(schemes)}."
            raise SettingsError(message)


def _refuse_numbers(settings: Settings) -> None:
    for name in ("http_port", "mllp_port", "dicom_port"):
        if not 1 <= getattr(settings, name) <= _LAST_PORT:
            message = f"{PREFIX}{name.upper()} must be between 1 and {_LAST_PORT}."
            raise SettingsError(message)
    for name in ("http_workers", "dicom_workers"):
        if getattr(settings, name) < 1:
            message = f"{PREFIX}{name.upper()} must be at least 1."
            raise SettingsError(message)
    if settings.dicom_quiet_seconds < 0:
        message = f"{PREFIX}DICOM_QUIET_SECONDS must not be negative."
        raise SettingsError(message)


def _refuse_shared_ports(settings: Settings) -> None:
    taken: dict[tuple[str, int], str] = {}
    for door in ("http", "mllp", "dicom"):
        name = f"{PREFIX}{door.upper()}_PORT"
        place = (getattr(settings, f"{door}_host"), getattr(settings, f"{door}_port"))
        if (other := taken.setdefault(place, name)) != name:
            message = f"{other} and {name} are both {place[1]}: each door needs a port of its own."
            raise SettingsError(message)


def _refuse_certificates(settings: Settings) -> None:
    for door in ("mllp", "dicom"):
        name = f"{PREFIX}{door.upper()}_TLS"
        certificate, key = (getattr(settings, f"{door}_tls_{one}") for one in ("cert", "key"))
        if bool(certificate) != bool(key):
            message = f"{name}_CERT and {name}_KEY belong together: set both."
            raise SettingsError(message)
        if getattr(settings, f"{door}_tls_client_ca") and not certificate:
            message = f"{name}_CLIENT_CA needs {name}_CERT and ..._TLS_KEY."
            raise SettingsError(message)


def _refuse_reachable(settings: Settings) -> None:
    if settings.auth != "none":
        message = (
            f"{PREFIX}AUTH={settings.auth} is not available in this version: access control is "
            "not there yet, so the only value is none, with every door on this machine alone."
        )
        raise SettingsError(message)
    for name in _HOSTS:
        if not is_loopback(getattr(settings, name)):
            message = (
                f"{PREFIX}{name.upper()}={getattr(settings, name)} is refused: with "
                f"{PREFIX}AUTH=none anyone who reaches a door may read and write everything, so "
                "every door listens on a loopback address (127.0.0.1, ::1 or localhost)."
            )
            raise SettingsError(message)


def is_loopback(host: str) -> bool:
    """Whether `host` can only be reached from this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
