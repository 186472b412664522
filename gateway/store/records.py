"""What the store takes and gives, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from gateway.fhir.wire import loads

if TYPE_CHECKING:
    from gateway.errors import Issue
    from gateway.fhir.wire import Resource

Method = Literal["POST", "PUT", "DELETE"]
Outcome = Literal["created", "updated", "unchanged", "deleted"]


def to_micros(moment: datetime) -> int:
    """Return microseconds since the epoch; `moment` has a time zone."""
    delta = moment - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def from_micros(micros: int) -> datetime:
    """Return the instant in UTC."""
    return datetime.fromtimestamp(micros / 1_000_000, UTC)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Stored:
    """One version of a resource; `content` is its JSON, empty when this version deleted it."""

    type: str
    id: str
    version: int
    seq: int
    last_updated: datetime
    method: Method
    content: bytes
    rid: int
    # Of the current content without versionId and lastUpdated.
    digest: bytes = b""

    @property
    def deleted(self) -> bool:
        """Whether this version says that the resource is gone."""
        return self.method == "DELETE"

    @property
    def resource(self) -> Resource:
        """The resource, read anew at each call."""
        found: Resource = loads(self.content)
        return found

    @property
    def reference(self) -> str:
        """The relative reference, `Type/id`."""
        return f"{self.type}/{self.id}"


@dataclass(frozen=True, slots=True)
class Written:
    """What a write did; `before` is what was current until then."""

    stored: Stored
    outcome: Outcome
    before: Stored | None = None
    resource: Resource = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a search; `next` continues it, `total` is known when it was asked for.

    `estimated` says that the total is not exact, `incomplete` that an index which the search needs
    is still being filled, `truncated` that there was more to include.
    """

    matches: tuple[Stored, ...]
    included: tuple[Stored, ...] = ()
    next: str | None = None
    total: int | None = None
    estimated: bool = False
    incomplete: bool = False
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the index rows of one type are filled; type "" stands for the words of all types.

    `state` is `filling`, or `waiting` for its turn.
    """

    type: str
    done: int
    total: int
    state: Literal["filling", "waiting"]


class JournalState(StrEnum):
    """What became of a thing that came in."""

    PROCESSED = "processed"
    # Accepted and understood, and older than what is held: nothing changed.
    SUPERSEDED = "superseded"
    # The very same message again: it got the same answer again, and nothing else happened.
    DUPLICATE = "duplicate"
    REFUSED = "refused"
    UNREADABLE = "unreadable"
    FAILED = "failed"


class Acknowledged(StrEnum):
    """What became of the answer to what came in."""

    # Made, and not known to have left: a moment later it has, or its process has died.
    PENDING = "not yet"
    SENT = "sent"
    # The sender was gone.
    LOST = "lost"
    # Nobody waits for one: the sender wants none, or an operator has replayed the message.
    NONE = "none"


# What nobody may forget before somebody has seen to it.
UNSETTLED: Final = (JournalState.REFUSED, JournalState.UNREADABLE, JournalState.FAILED)
# Where messages go out: the outbox makes an attempt that failed there again by itself.
DOOR_OUT: Final = "mllp-out"


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One line of the journal, with the original.

    `sender` and `control_id` identify a message for its sender; `digest` is the SHA-256 of the
    original; `object` names it in the object store when it is too large for `raw`; `reply` is the
    acknowledgement as sent; `mapped` and `took` are microseconds from its reception to the end of
    the mapping and to this entry. `acknowledged`, `committed` and `answered` become known later.
    """

    received: datetime
    door: str
    peer: str
    kind: str
    state: JournalState
    digest: bytes
    size: int
    sender: str = ""
    control_id: str = ""
    answer: str = ""
    took: int = 0
    replay_of: int | None = None
    issues: tuple[Issue, ...] = ()
    resources: tuple[str, ...] = ()
    reply: bytes = b""
    object: str | None = None
    raw: bytes | None = None
    id: int = 0
    mapped: int = 0
    acknowledged: Acknowledged = Acknowledged.PENDING
    committed: datetime | None = None
    answered: datetime | None = None
    # Who has seen to what was refused or failed.
    seen_by: str = ""


class AnswerNote(NamedTuple):
    """What became of the answer to the journal entry `number`; instants in microseconds."""

    number: int
    state: Acknowledged
    committed: int
    answered: int


@dataclass(frozen=True, slots=True)
class SeenCode:
    """A code of a sender's own without a standard one, how often and when it came."""

    sender: str
    field: str
    system: str
    code: str
    display: str
    count: int
    first_seen: datetime
    last_seen: datetime


class DeliveryState(StrEnum):
    """What we did with a delivery."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"
    UNADDRESSED = "unaddressed"


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """Something to carry to somebody; `id` is stable, so asking twice sends once.

    `recipient` and `subject` are relative references, empty when nobody is known; `focus` and
    `focus_version` name what is carried.
    """

    id: str
    recipient: str
    subject: str
    focus: str
    focus_version: int
    channel: str
    reason: str
    created: datetime
    state: DeliveryState = DeliveryState.WAITING
    last_error: str = ""


@dataclass(frozen=True, slots=True)
class Delivery(NewDelivery):
    """A delivery as it stands; `seq` is the order in which deliveries were accepted."""

    receipt: str = "none"
    attempts: int = 0
    next_attempt: datetime = _EPOCH
    failure: str = ""
    message_id: str = ""
    sent: datetime | None = None
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Instance:
    """One DICOM object as held; `header` is its DICOM JSON, `object` its name in the objects."""

    sop_uid: str
    study_uid: str
    series_uid: str
    sop_class: str
    transfer_syntax: str
    object: str
    size: int
    received: datetime
    calling_ae: str
    header: bytes
    aside: bool = False
