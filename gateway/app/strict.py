"""Strict channels: what a message is refused for, by the profile that it follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.errors import Issue
from gateway.hl7v2.profiles import profile_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.hl7v2.message import Message


class Strictness:
    """Asks for the errors of messages whose sender is strict."""

    def __init__(self, is_strict: Callable[[str], bool], countries: Mapping[str, str]) -> None:
        """Take who is strict, and the countries of senders that do not say theirs."""
        self._is_strict = is_strict
        self._countries = countries

    def breaches(self, message: Message) -> tuple[Issue, ...]:
        """Return why a message is refused; () when its sender is not strict.

        A message that follows no profile is held against the standard.
        """
        if not self._is_strict(message.sender):
            return ()
        profile = profile_of(message, self._countries.get(message.sender, ""))
        if profile is None:
            # hl7apy takes a second to load: only for channels that ask for it.
            from gateway.hl7v2.conformance import standard_findings  # noqa: PLC0415 - see above

            found = tuple(standard_findings(message))
        else:
            found = profile.check(message)
        return tuple(
            Issue(one.text, None, one.location, "invalid", err_code=one.err_code)
            for one in found
            if one.severity == "error"
        )
