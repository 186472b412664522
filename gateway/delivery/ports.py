"""What delivery asks of the outside: channels, and the couriers that carry for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from gateway.delivery.failures import CourierFailure
    from gateway.delivery.letter import Letter
    from gateway.delivery.retry import Policy
    from gateway.store.api import Transaction
    from gateway.store.records import Delivery, JournalEntry


class Courier(Protocol):
    """Carries letters over one channel; may be used from several threads at once."""

    def send(self, letter: Letter) -> None:
        """Hand over one letter; raises `Unreachable`, `Unknown` or `Refused`."""

    def close(self) -> None:
        """Let go of open connections."""


class Keep(Protocol):
    """Where messages are kept before they go out."""

    def put(self, content: bytes, /) -> str:
        """Keep `content` durably and return its name; raises `Unavailable`."""

    def read(self, sha256: str, /) -> bytes:
        """Return an object's bytes; raises `NotFound` or `Unavailable`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver said to a message: MSA-1 (empty when nothing was asked for), and all of it.

    `temporary` says that the same message may be taken later.
    """

    code: str
    raw: bytes = b""
    temporary: bool = False


class MessageCourier(Protocol):
    """Carries messages to one receiving system, one after the other."""

    @property
    def peer(self) -> str:
        """Where it sends, for the operator."""

    def send(self, message: bytes, control_id: str) -> Answer:
        """Send one message and return its answer; raises `Unreachable` or `Unknown`."""

    def close(self) -> None:
        """Hang up."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What became of an attempt: `fault` when it failed, what the receiver said, a journal line."""

    fault: CourierFailure | None = None
    receipt: str = ""
    entry: JournalEntry | None = None


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a channel has claimed: the delivery as it is meanwhile, and how to send it.

    `send` raises `CourierFailure` or `Unavailable`.
    """

    delivery: Delivery
    send: Callable[[], Carried]


class Channel(Protocol):
    """One way out: `name` is what the deliveries that it takes say.

    `parallel` is how many recipients are served at once, `policy` when what failed is tried again.
    """

    name: str
    policy: Policy
    parallel: int

    def warm(self) -> None:
        """Load what the first delivery would have to wait for."""

    def refresh(self, now: datetime) -> None:
        """Look at what may have changed since: addresses, pauses. Raises `Unavailable`."""

    def serves(self, delivery: Delivery) -> bool:
        """Say whether the delivery may go now."""

    def claim(self, delivery_id: str) -> Parcel | None:
        """Mark a waiting delivery as being sent; None when it is not, or cannot be, sent now."""

    def settled(self, tx: Transaction, delivery: Delivery) -> None:
        """Write what follows from an attempt, in the commit that notes what became of it."""

    def close(self) -> None:
        """Let go of open connections."""
