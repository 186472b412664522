"""Who may send HL7 v2 messages, as `[[mllp_senders]]` in `gateway.toml` lists them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_MODES: Final = ("", "original", "enhanced")


@dataclass(frozen=True, slots=True)
class Sender:
    """One sender: what is left empty is not asked.

    `application` and `facility` are MSH-3.1 and MSH-4.1; `addresses` networks such as
    `10.1.2.0/24`; `certificates` names (common name or DNS name) of the client certificate.
    `acknowledgement` sets the mode for a sender whose MSH-15 and MSH-16 do not mean it. `strict`
    refuses the messages that break their profile, with all that is wrong.
    """

    application: str = ""
    facility: str = ""
    addresses: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    acknowledgement: str = ""
    strict: bool = False

    def __post_init__(self) -> None:
        """Refuse a mode that does not exist, with `ValueError`."""
        if self.acknowledgement not in _MODES:
            message = "acknowledgement must be original or enhanced"
            raise ValueError(message)
