"""What the operator hears when the settings cannot be taken."""

from __future__ import annotations


class SettingsError(Exception):
    """A setting is unknown, unreadable or refused; the text is for the operator."""
