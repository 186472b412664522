"""The three ways in which a letter does not arrive.

CourierFailure
├── Unreachable   it certainly did not arrive, and may next time
├── Unknown       it may have arrived: the connection broke before the answer
└── Refused       it will never arrive like this: a person must look
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar


class Failure(StrEnum):
    """The class of a failure, as a delivery row holds it."""

    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"
    REFUSED = "refused"


class CourierFailure(Exception):
    """A letter was not handed over; the text is for the operator, without patient data."""

    failure: ClassVar[Failure]

    def __init__(self, text: str) -> None:
        """Keep the sentence."""
        super().__init__(text)
        self.text = text


class Unreachable(CourierFailure):
    """Nobody took it: no connection, a temporary refusal, an authentication to be repaired.

    `everyone` says that the channel itself is down, not one recipient.
    """

    failure = Failure.UNREACHABLE

    def __init__(self, text: str, *, everyone: bool = False) -> None:
        """Keep the sentence and its reach."""
        super().__init__(text)
        self.everyone = everyone


class Unknown(CourierFailure):
    """The connection was lost after the content had gone out."""

    failure = Failure.UNKNOWN


class Refused(CourierFailure):
    """The other side said no for good."""

    failure = Failure.REFUSED
