"""For how long the journal keeps what, as `[[journal_retention]]` in `gateway.toml` lists it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_STATES: Final = frozenset(
    {"processed", "superseded", "duplicate", "refused", "unreadable", "failed"}
)
# Longer than anybody keeps anything: 200 years.
_FOR_EVER: Final = 73_000


@dataclass(frozen=True, slots=True)
class Retention:
    """One rule: the first that an entry matches decides; what is left empty matches all.

    `types` are message types (`ADT`, `ADT^A08`), `senders` MSH-3.1 or `MSH-3.1|MSH-4.1`. The
    original goes after `original_days`, the whole entry after `entry_days`. What was refused or
    failed goes only once somebody has seen to it, whatever the rule says.
    """

    types: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    original_days: int = _FOR_EVER
    entry_days: int = _FOR_EVER

    def __post_init__(self) -> None:
        """Refuse a state that does not exist, with `ValueError`."""
        if wrong := set(self.states) - _STATES:
            message = (
                f"states: {', '.join(sorted(wrong))} is not one of {', '.join(sorted(_STATES))}"
            )
            raise ValueError(message)
