"""Every setting of the gateway, read once into one frozen object."""

from __future__ import annotations

from gateway.settings.callers import Caller
from gateway.settings.destinations import Destination, Route
from gateway.settings.dicom_destinations import DicomDestination
from gateway.settings.environment import PREFIX, Settings, is_loopback, read_settings
from gateway.settings.fault import SettingsError
from gateway.settings.peers import Peers
from gateway.settings.retention import Retention
from gateway.settings.senders import Sender

__all__ = [
    "PREFIX",
    "Caller",
    "Destination",
    "DicomDestination",
    "Peers",
    "Retention",
    "Route",
    "Sender",
    "Settings",
    "SettingsError",
    "is_loopback",
    "read_settings",
]
